"""The addresses of the loop's pages."""

from activelearning.pages import rounds

urlpatterns = [*rounds.urlpatterns]
