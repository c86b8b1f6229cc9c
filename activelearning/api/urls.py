"""The addresses of the loop's API."""

from activelearning.api import rounds

urlpatterns = [*rounds.urlpatterns]
