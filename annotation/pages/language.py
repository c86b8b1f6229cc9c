"""The language switch: a cookie for this browser, and for whoever is signed in a preference that follows them to the next one."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from annotation import preferences
from annotation.models import User

A_YEAR = 31_536_000


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Open to everybody: the sign-in page is read too. Goes back to the page whose form was sent."""
    language = preferences.require_language(request.POST.get("language", ""))
    if isinstance(request.user, User):
        preferences.set_language(user=request.user, language=language)
    back = request.POST.get("next", "")
    response = redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "home")
    remember(response, language)
    return response


def remember(response: HttpResponse, language: str) -> None:
    """Let this browser's next requests, those of signed-out pages included, be answered in `language`."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=A_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


urlpatterns = [path("language/", switch, name="language")]
