"""The addresses of the loop's pages."""

from activelearning.pages import lineage, models, rounds, solutions

urlpatterns = [*rounds.urlpatterns, *models.urlpatterns, *solutions.urlpatterns, *lineage.urlpatterns]
