"""The addresses of annotation's API; each module keeps its own beside its views."""

from annotation.api import datasets, labelling, people, preferences, step_by_step

urlpatterns = [
    *labelling.urlpatterns,
    *step_by_step.urlpatterns,
    *datasets.urlpatterns,
    *people.urlpatterns,
    *preferences.urlpatterns,
]
