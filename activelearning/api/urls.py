"""The addresses of the loop's API."""

from activelearning.api import rounds, scorings

urlpatterns = [*rounds.urlpatterns, *scorings.urlpatterns]
