"""The API's own description: for people and tokens of this installation, not for passers-by."""

from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from annotation.api.authentication import HasScope


class SchemaView(SpectacularAPIView):  # type: ignore[misc]  # the package is untyped
    permission_classes = [HasScope]
    scopes = {"GET": "read"}
    http_method_names = ["get", "head"]


# The split view keeps its script out of the page, as the content security policy wants it.
docs = require_safe(login_required(SpectacularSwaggerSplitView.as_view(url_name="schema")))
