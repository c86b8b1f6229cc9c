"""The one door of every page: who is signed in, and through `annotation/access.py` which project they may open in which role.

Not signed in: to the sign-in page and back. Without a second factor that is required: to the page where it is set up, which is the sign-in
package's. Not a member: 404, as for a project that does not exist. The wrong role: 403.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from annotation import access
from annotation.models import Project, Role, User

View = Callable[..., HttpResponseBase]


def person_page(*methods: str) -> Callable[[View], View]:
    """`view(request, user, …)` for a signed-in person; `methods` are GET (with HEAD) unless named."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
            if access.lacks_second_factor(user=request.user):
                messages.warning(request, gettext("Your role needs a second factor. Set one up to go on."))
                return redirect("mfa_index")
            return view(request, request.user, **kwargs)

        return require_http_methods(_with_head(methods))(guarded)

    return decorate


def project_page(roles: frozenset[Role], *methods: str) -> Callable[[View], View]:
    """`view(request, user, project, …)` for a member in one of `roles`; the URL names the project by `slug`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def entered(request: HttpRequest, user: User, slug: str, **kwargs: Any) -> HttpResponseBase:
            project: Project = access.project(user=user, slug=slug, roles=roles)
            return view(request, user, project, **kwargs)

        return person_page(*methods)(entered)

    return decorate


def _with_head(methods: tuple[str, ...]) -> list[str]:
    named = list(methods or ("GET",))
    return [*named, "HEAD"] if "GET" in named else named
