"""Every error that a rule can raise: a class with a code, an HTTP status and data. The edges alone turn them into answers."""

from typing import Any

from django.utils.translation import gettext


class FieldError:
    """One refused field: where (a path such as `label.steps[3].completions[0].rating`) and why."""

    __slots__ = ("field", "message")

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "message": self.message}


class DomainError(Exception):
    """A rule says no. `message` tells a person what happened and what to do; `data` travels to API clients."""

    code = "refused"
    status = 400

    def __init__(self, message: str, *, errors: list[FieldError] | None = None, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors or []
        self.data = data


class InvalidInput(DomainError):
    code = "invalid"


class NotFound(DomainError):
    """Absent and invisible are the same answer."""

    code = "not_found"
    status = 404

    def __init__(self, message: str = "") -> None:
        super().__init__(message or gettext("Not found."))


class Forbidden(DomainError):
    code = "forbidden"
    status = 403


class Conflict(DomainError):
    """The row is in another state than the request expects; `code` says which."""

    status = 409

    def __init__(self, code: str, message: str, **data: Any) -> None:
        super().__init__(message, **data)
        self.code = code


class TooLarge(DomainError):
    code = "too_large"
    status = 413


class TooManyRequests(DomainError):
    """Not now: ask again in `retry_after` seconds, which API clients also read in the header."""

    code = "too_many_requests"
    status = 429

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
