"""The addresses of the loop's pages."""

from activelearning.pages import choices, jobs, lineage, models, pool, rounds, solutions

urlpatterns = [
    *jobs.urlpatterns,
    *rounds.urlpatterns,
    *choices.urlpatterns,
    *models.urlpatterns,
    *solutions.urlpatterns,
    *lineage.urlpatterns,
    *pool.urlpatterns,
]
