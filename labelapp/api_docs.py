"""The API's own description: for people and tokens of this installation, not for passers-by."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from annotation.api.authentication import HasScope


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "annotation.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "annotation.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class SchemaView(SpectacularAPIView):
    permission_classes = [HasScope]
    scopes = {"GET": "read"}
    http_method_names = ["get", "head"]


# The split view keeps its script out of the page, as the content security policy wants it.
docs = require_safe(login_required(SpectacularSwaggerSplitView.as_view(url_name="schema")))
