"""The outermost rules for every answer: what proxies may keep, how a rule's "no" looks on a page, what a refused form says."""

from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext

from annotation.errors import DomainError, TooManyRequests

RETRY_AFTER_SECONDS = "5"
A_MINUTE = "60"  # what the sign-in package's own limits count over

log = structlog.get_logger(__name__)


class EdgeMiddleware:
    """Answers to signed-in people are never cached (a shared proxy, the back button after signing out)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "Cache-Control" not in response.headers:
            response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["Cookie", "Authorization"])
        if response.status_code == 429:
            response.headers.setdefault("Retry-After", A_MINUTE)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            said = {"status": exception.status, "message": exception.message}
            page = render(request, "error.html", said, status=exception.status)
            if isinstance(exception, TooManyRequests):
                page["Retry-After"] = str(exception.retry_after)
            return page
        if isinstance(exception, OperationalError | InterfaceError):
            note_unavailable(exception)
            return unavailable(request)
        return None


def note_unavailable(error: Exception) -> None:
    """Away, locked and out of time look alike from outside; the log tells them apart. The first line names no values."""
    log.warning("database_unavailable", error=type(error).__name__, reason=str(error).partition("\n")[0][:200])


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database is away or busy: say so in words that a client's retry understands."""
    headers = {"Retry-After": RETRY_AFTER_SECONDS}
    message = gettext("The database cannot be reached right now. Nothing was lost; try again in a moment.")
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "unavailable", "message": message, "errors": []}, status=503, headers=headers)
    return HttpResponse(message, status=503, content_type="text/plain; charset=utf-8", headers=headers)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    message = gettext("This form was opened before you last signed in. Reload the page and send it again.")
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "csrf", "message": message, "errors": []}, status=403)
    return render(request, "error.html", {"status": 403, "message": message}, status=403)
