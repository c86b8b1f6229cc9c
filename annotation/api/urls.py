"""The addresses of annotation's API; each module keeps its own beside its views."""

from annotation.api import datasets, labelling, people

urlpatterns = [*labelling.urlpatterns, *datasets.urlpatterns, *people.urlpatterns]
