"""What can go wrong, each a class of its own: what the server said in `{code, message, errors}`, and what the client found itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labelapp_client.answers import Import, Round, Scoring


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused field: where (a path such as `training.epochs`) and why."""

    field: str
    message: str


class LabelappError(Exception):
    """Everything that this package raises by itself."""


class ApiError(LabelappError):
    """The server refused. `code` is for programs, `message` for people; `data` is all else that it said."""

    def __init__(self, status: int, body: Mapping[str, Any], *, retry_after: float | None = None) -> None:
        self.status = status
        self.code = str(body.get("code", "unknown"))
        self.message = str(body.get("message", f"The server answered {status} and gave no reason."))
        given = body.get("errors")
        self.errors = [
            FieldError(str(one.get("field", "")), str(one.get("message", "")))
            for one in (given if isinstance(given, list) else [])
            if isinstance(one, Mapping)
        ]
        self.data = {name: value for name, value in body.items() if name not in ("code", "message", "errors")}
        self.retry_after = retry_after  # seconds, where the server named a time
        fields = "".join(f"\n  {error.field}: {error.message}" for error in self.errors)
        super().__init__(f"{self.message} ({status} {self.code}){fields}")


class Invalid(ApiError):
    """400: a field is refused; `errors` names it."""


class NotSignedIn(ApiError):
    """401: no token, or one that has expired or was revoked."""


class Forbidden(ApiError):
    """403: the token's scope or its owner's role does not reach."""


class NotFound(ApiError):
    """404: absent, or not yours to see."""


class Conflict(ApiError):
    """409: the row is in another state; `code` says which, `round_active` say."""


class TooLarge(ApiError):
    """413."""


class TooManyRequests(ApiError):
    """429, still so after the last try."""


class Unavailable(ApiError):
    """502, 503 or 504, still so after the last try."""


BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid,
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    429: TooManyRequests,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


class Unreachable(LabelappError):
    """No answer came: no connection, a time-out, or a connection cut in the middle. What was asked for may have been done or not."""


class Damaged(LabelappError):
    """A file came with another length or SHA-256 than the server named. Nothing of it was kept."""


class WaitedTooLong(LabelappError):
    """The time that the caller gave is over; the server goes on. `last` is how it stood."""

    def __init__(self, what: str, last: Round | Import | Scoring) -> None:
        self.last = last
        super().__init__(f"{what} is still {last.state}; the server goes on with it.")


class RoundFailed(LabelappError):
    """The round failed or was cancelled; `round` says why."""

    def __init__(self, found: Round) -> None:
        self.round = found
        super().__init__(f"Round {found.number} is {found.state}{f': {found.error}' if found.error else '.'}")


class ImportFailed(LabelappError):
    """Nothing was imported; `job.refused` has the first hundred refused lines."""

    def __init__(self, job: Import) -> None:
        self.job = job
        lines = "".join(f"\n  {one['file']}:{one['line']}: {one['field']}: {one['reason']}" for one in job.refused[:5])
        super().__init__(f"The import of {job.file_name} is {job.state}{f': {job.error}' if job.error else '.'}{lines}")


class ScoringFailed(LabelappError):
    """There will be no score; `scoring.error` says why."""

    def __init__(self, scoring: Scoring) -> None:
        self.scoring = scoring
        super().__init__(f"The solution was not scored: {scoring.error}")
