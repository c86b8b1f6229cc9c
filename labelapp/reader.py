"""Pages as their reader wants them: in the language and the time zone that they chose, on whatever machine they sign in."""

from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from annotation import preferences, zones
from annotation.models import Preferences, User
from annotation.pages.language import remember


class ReaderMiddleware:
    """What is stored for a person comes before this browser's cookie, and the cookie is brought into line for the pages without a
    sign-in. The API is not asked here: what it says in words follows the cookie or `Accept-Language`, for one query less."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = _chosen(request)
        if chosen is None:
            return self.get_response(request)
        if chosen.language:
            translation.activate(chosen.language)
            request.LANGUAGE_CODE = chosen.language
        with timezone.override(zones.zone(chosen.time_zone)):
            response = self.get_response(request)
        cookie = settings.LANGUAGE_COOKIE_NAME
        if chosen.language not in ("", request.COOKIES.get(cookie)) and cookie not in response.cookies:
            remember(response, chosen.language)
        return response


def _chosen(request: HttpRequest) -> Preferences | None:
    if request.path.startswith("/api/") or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    try:
        return preferences.of(user=request.user) if isinstance(request.user, User) else None
    except (OperationalError, InterfaceError):
        return None  # the page itself meets the same trouble, where it is answered in words
