"""One request and what may come of it: an answer, a typed error, or another try where the server asked for one.

Tried again, a bounded number of times: 429 and 503 that say when (`Retry-After`), a connection that could not be made, and a read that
was cut short or timed out. A write whose answer got lost is not repeated: it may have been done.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from labelapp_client.errors import BY_STATUS, ApiError, Unreachable

LONGEST_PAUSE = 60.0  # seconds; who is told to come back later than that is told by an error
FIRST_PAUSE = 0.5  # after a connection that failed; twice as long each time
ASKED_AGAIN = (429, 503)

pause = time.sleep

Send = Callable[[], httpx.Response]


class Transport:
    """An httpx client that knows the token, the retries and the errors."""

    def __init__(self, url: str, *, token: str, timeout: float, tries: int, over: httpx.BaseTransport | None) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("The address must begin with https:// (or http://).")
        if tries < 1:
            raise ValueError("There must be one try at least.")
        self._tries = tries
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "labelapp-client"}
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/api/v1/", headers=headers, timeout=timeout, transport=over
        )

    def close(self) -> None:
        self._http.close()

    def json(self, method: str, path: str, *, body: Any = None) -> dict[str, Any]:
        """The answer's JSON object. Raises `ApiError`, `Unreachable`."""
        given = None if method == "GET" else {} if body is None else body
        return _object(self._answer(lambda: self._http.request(method, path, json=given), is_read=method == "GET"))

    def upload(self, path: str, *, file: Path, fields: dict[str, str]) -> dict[str, Any]:
        """As `json`, for a form with a file, which is read anew at each try."""

        def send() -> httpx.Response:
            with file.open("rb") as opened:
                return self._http.post(path, data=fields, files={"file": (file.name, opened)})

        return _object(self._answer(send, is_read=False))

    @contextmanager
    def stream(self, path: str, *, params: dict[str, str] | None = None) -> Iterator[httpx.Response]:
        """The open answer to a GET, its body still to come. Raises `ApiError`, `Unreachable`."""
        # Compressed on the way, its length would be another one than the server names.
        wanted = self._http.build_request("GET", path, params=params, headers={"Accept-Encoding": "identity"})
        answer = self._answer(lambda: self._http.send(wanted, stream=True), is_read=True)
        try:
            yield answer
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        finally:
            answer.close()

    def _answer(self, send: Send, *, is_read: bool) -> httpx.Response:
        left = self._tries
        while True:
            left -= 1
            try:
                answer = send()
                if answer.is_success:
                    return answer
                answer.read()
            except httpx.TransportError as error:
                self._after_failure(error, is_read, left)
            else:
                self._after_refusal(_refusal(answer), left)

    def _after_failure(self, error: httpx.TransportError, is_read: bool, left: int) -> None:
        not_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        if not left or not (not_sent or is_read):
            raise self._unreachable(error) from error
        pause(FIRST_PAUSE * 2 ** (self._tries - 1 - left))

    def _unreachable(self, error: httpx.TransportError) -> Unreachable:
        return Unreachable(f"No answer from {self._http.base_url.host}: {error or type(error).__name__}")

    def _after_refusal(self, refusal: ApiError, left: int) -> None:
        wait = refusal.retry_after
        if not left or refusal.status not in ASKED_AGAIN or wait is None or wait > LONGEST_PAUSE:
            raise refusal
        pause(wait)


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiError(
            answer.status_code,
            {"code": "no_json", "message": "The answer is no JSON object. Is this labelapp's address?"},
        )
    return found


def _refusal(answer: httpx.Response) -> ApiError:
    try:
        body = answer.json()
    except ValueError:
        body = None
    kind = BY_STATUS.get(answer.status_code, ApiError)
    return kind(answer.status_code, body if isinstance(body, dict) else {}, retry_after=_seconds(answer))


def _seconds(answer: httpx.Response) -> float | None:
    given = answer.headers.get("Retry-After", "")
    return float(given) if given.isascii() and given.isdigit() else None
