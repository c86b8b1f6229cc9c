"""The addresses of the loop's pages."""

from activelearning.pages import jobs, lineage, models, pool, rounds, solutions

urlpatterns = [
    *jobs.urlpatterns,
    *rounds.urlpatterns,
    *models.urlpatterns,
    *solutions.urlpatterns,
    *lineage.urlpatterns,
    *pool.urlpatterns,
]
