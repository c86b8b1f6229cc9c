"""The addresses of annotation's pages; each module keeps its own beside its views."""

from annotation.pages import datasets, desk, language, people, projects

urlpatterns = [
    *projects.urlpatterns,
    *people.urlpatterns,
    *datasets.urlpatterns,
    *desk.urlpatterns,
    *language.urlpatterns,
]
