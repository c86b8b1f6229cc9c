"""The addresses of the loop's API."""

from activelearning.api import approval, jobs, lineage, model_files, rounds, scorings

urlpatterns = [
    *rounds.urlpatterns,
    *approval.urlpatterns,
    *model_files.urlpatterns,
    *scorings.urlpatterns,
    *lineage.urlpatterns,
    *jobs.urlpatterns,
]
