"""How errors leave the API: `{code, message, errors: [{field, message}]}` with the status that fits, whatever raised them."""

from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.response import Response

from annotation.errors import DomainError, TooManyRequests
from labelapp.edge import RETRY_AFTER_SECONDS, note_unavailable

_CODES = {400: "invalid", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large",
          415: "unsupported_media_type", 429: "too_many_requests"}  # fmt: skip


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: turn what a view raised into the one error shape; None lets a real fault become a 500."""
    if isinstance(error, DomainError):
        body = {
            "code": error.code,
            "message": error.message,
            "errors": [e.as_dict() for e in error.errors],
            **error.data,
        }
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyRequests) else None
        return Response(body, status=error.status, headers=headers)
    if isinstance(error, OperationalError | InterfaceError):
        note_unavailable(error)
        return _answer(
            503,
            "unavailable",
            gettext("The database cannot be reached right now. Try again."),
            {"Retry-After": RETRY_AFTER_SECONDS},
        )
    if isinstance(error, Http404):
        return _answer(404, "not_found", gettext("Not found."))
    if isinstance(error, exceptions.ValidationError):
        return Response(
            {
                "code": "invalid",
                "message": gettext("Some fields were refused."),
                "errors": list(_flatten(error.detail, "")),
            },
            status=400,
        )
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    return None


def _from_drf(error: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    code = str(error.get_codes())
    if code in {"error", "not_authenticated", "authentication_failed", "permission_denied", "parse_error", "throttled"}:
        code = _CODES.get(error.status_code, code)
    return _answer(error.status_code, code, str(error.detail), headers)


def _answer(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response({"code": code, "message": message, "errors": []}, status=status, headers=headers)


def _flatten(detail: Any, path: str) -> Any:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _flatten(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flatten(value, f"{path}[{index}]" if nested else path)
    else:
        yield {"field": path, "message": str(detail)}
