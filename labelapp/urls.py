"""All addresses: pages at the root, the API under /api/v1/, the sign-in under /accounts/."""

from django.urls import include, path

from annotation.pages.people import closed
from labelapp import api_docs, health

# Addresses of the sign-in package that nobody may use: accounts and their e-mail addresses come by invitation.
CLOSED = ("signup/", "email/", "confirm-email/", "confirm-email/<str:key>/", "login/code/confirm/", "password/set/")

urlpatterns = [
    path("health/live/", health.live, name="health-live"),
    path("health/ready/", health.ready, name="health-ready"),
    *(path(f"accounts/{address}", closed) for address in CLOSED),
    path("accounts/", include("allauth.urls")),
    path("api/v1/schema/", api_docs.SchemaView.as_view(), name="schema"),
    path("api/v1/docs/", api_docs.docs, name="api-docs"),
    path("api/v1/", include("annotation.api.urls")),
    path("api/v1/", include("activelearning.api.urls")),
    path("", include("annotation.pages.urls")),
    path("", include("activelearning.pages.urls")),
]
