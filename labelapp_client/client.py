"""The client: a method a call of the API. Answers are the records of `answers.py`, refusals the errors of `errors.py`."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx

from labelapp_client.answers import Export, Import, ModelFile, Project, RewardModel, Round, Scoring, Snapshot, made
from labelapp_client.errors import Damaged, ImportFailed, RoundFailed, ScoringFailed, WaitedTooLong
from labelapp_client.transport import Transport

TIMEOUT = 30.0  # seconds until a connection, or the next bytes of an answer, must be there
TRIES = 4
LOOK_EVERY = 2.0  # seconds between two looks at what is waited for

pause = time.sleep


class Client:
    """`with Client("https://labels.example.org", token=TOKEN) as labelapp: …`

    A token is made on the account's page; its scopes say what it may: `read`, `train`, `export`, `admin`. Every method raises `ApiError`
    where the server refuses and `Unreachable` where it does not answer.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str,
        timeout: float = TIMEOUT,
        tries: int = TRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`tries`: how often one request is sent at most. `transport`: httpx's own, for proxies and tests."""
        self._api = Transport(url, token=token, timeout=timeout, tries=tries, over=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._api.close()

    # --- projects and data ------------------------------------------------------------------------------------------

    def projects(self) -> list[Project]:
        """My projects, with my role in each."""
        return [made(Project, one) for one in self._api.json("GET", "projects/")["results"]]

    def import_file(self, project: str, path: Path | str, *, format: str = "auto", kind: str | None = None) -> Import:
        """Upload a dataset (.gz too); a worker then imports it, whole or not at all. `kind`: annotations, queue, pool or evaluation."""
        fields = {"format": format, **({"as": kind} if kind else {})}
        return made(Import, self._api.upload(f"{_project(project)}/imports/", file=Path(path), fields=fields))

    def dataset_import(self, import_id: int) -> Import:
        """How an import goes."""
        return made(Import, self._api.json("GET", f"imports/{import_id:d}/"))

    def wait_for_import(self, import_id: int, *, timeout: float = 3600.0, every: float = LOOK_EVERY) -> Import:
        """The import once it is done. Raises `ImportFailed`, or `WaitedTooLong` after `timeout` seconds."""
        until = time.monotonic() + timeout
        while (found := self.dataset_import(import_id)).state in ("pending", "running"):
            _wait(until, every, f"The import of {found.file_name}", found)
        if found.state != "done":
            raise ImportFailed(found)
        return found

    def freeze(self, project: str) -> Snapshot:
        """The project's live labels as a dataset that never changes; the one that stands where nothing has changed since."""
        return made(Snapshot, self._api.json("POST", f"{_project(project)}/snapshots/"))

    def snapshot(self, snapshot_id: int) -> Snapshot:
        """Lineage, and of each format what a whole download holds."""
        return made(Snapshot, self._api.json("GET", f"snapshots/{snapshot_id:d}/"))

    def export(
        self, snapshot_id: int, path: Path | str, *, format: str = "prm800k", neutral: str | None = None
    ) -> Export:
        """A snapshot in a file, one JSON object a line; written beside and renamed once it is whole. Raises `Damaged` where it is not."""
        params = {"format": format, **({"neutral": neutral} if neutral else {})}
        with self._api.stream(f"snapshots/{snapshot_id:d}/export/", params=params) as answer:
            sha256, rows = answer.headers["X-Dataset-SHA256"], int(answer.headers["X-Dataset-Rows"])
            _save(answer, Path(path), sha256=sha256, size=int(answer.headers["Content-Length"]))
        return Export(path=Path(path), rows=rows, sha256=sha256, snapshot=snapshot_id)

    # --- rounds -----------------------------------------------------------------------------------------------------

    def start_round(self, project: str, **settings: Any) -> Round:
        """`settings` as in docs/rounds.md; what is left out has its default. Raises `Conflict` `round_active` while one runs."""
        return made(Round, self._api.json("POST", f"{_project(project)}/rounds/", body=settings))

    def rounds(self, project: str) -> Iterator[Round]:
        """All rounds, newest first, without their stages; asked for fifty at a time, as they are needed."""
        path: str | None = f"{_project(project)}/rounds/"
        while path:
            answer = self._api.json("GET", path)
            yield from (made(Round, one) for one in answer["results"])
            path = f"{_project(project)}/rounds/?{urlsplit(answer['next']).query}" if answer["next"] else None

    def round(self, round_id: int) -> Round:
        """One round with its stages, progress and metrics."""
        return made(Round, self._api.json("GET", f"rounds/{round_id:d}/"))

    def wait_for_round(self, round_id: int, *, timeout: float = 24 * 3600.0, every: float = LOOK_EVERY) -> Round:
        """The round once it is done. Raises `RoundFailed` where it fails or is cancelled, `WaitedTooLong` after `timeout` seconds."""
        until = time.monotonic() + timeout
        while (found := self.round(round_id)).state == "running":
            _wait(until, every, f"Round {found.number}", found)
        if found.state != "done":
            raise RoundFailed(found)
        return found

    def cancel_round(self, round_id: int) -> Round:
        return made(Round, self._api.json("POST", f"rounds/{round_id:d}/cancel/"))

    def retry_round(self, round_id: int) -> Round:
        """Go on from the stage that failed or was cancelled."""
        return made(Round, self._api.json("POST", f"rounds/{round_id:d}/retry/"))

    # --- reward models ----------------------------------------------------------------------------------------------

    def models(self, project: str) -> list[RewardModel]:
        """The project's reward models, newest first."""
        return [made(RewardModel, one) for one in self._api.json("GET", f"{_project(project)}/models/")["results"]]

    def current_model(self, project: str) -> RewardModel | None:
        return next((one for one in self.models(project) if one.is_current), None)

    def model(self, model_id: int) -> RewardModel:
        return made(RewardModel, self._api.json("GET", f"models/{model_id:d}/"))

    def model_files(self, model_id: int) -> list[ModelFile]:
        return [made(ModelFile, one) for one in self._api.json("GET", f"models/{model_id:d}/files/")["results"]]

    def download_model(self, model_id: int, folder: Path | str) -> Path:
        """The model's folder as it was trained, for transformers or `score_solutions --model`. What is there already and whole stays.

        The manifest, `training.json`, comes last: a folder with it is whole. Raises `Damaged` for a file that came otherwise.
        """
        into = Path(folder)
        manifest, *others = self.model_files(model_id)
        for file in [*others, manifest]:
            path = _inside(into, file.name)
            if not (path.is_file() and path.stat().st_size == file.size and _sha256(path) == file.sha256):
                path.parent.mkdir(parents=True, exist_ok=True)
                with self._api.stream(f"models/{model_id:d}/files/{quote(file.name)}") as answer:
                    _save(answer, path, sha256=file.sha256, size=file.size)
        return into

    def score(
        self, model_id: int, problem: str, steps: Sequence[str], *, timeout: float = 300.0, every: float = LOOK_EVERY
    ) -> Scoring:
        """What the model says of a solution. Raises `Conflict` `cannot_be_scored` or `ScoringFailed`, `WaitedTooLong` after `timeout`."""
        until = time.monotonic() + timeout
        body = {"problem": problem, "steps": list(steps)}
        found = made(Scoring, self._api.json("POST", f"models/{model_id:d}/score/", body=body))
        while found.state in ("waiting", "running"):
            _wait(until, every, "The scoring", found)
            found = made(Scoring, self._api.json("GET", f"scorings/{found.id:d}/"))
        if found.state != "done":
            raise ScoringFailed(found)
        return found


def _project(slug: str) -> str:
    return f"projects/{quote(slug, safe='')}"


def _wait(until: float, every: float, what: str, last: Round | Import | Scoring) -> None:
    left = until - time.monotonic()
    if left <= 0:
        raise WaitedTooLong(what, last)
    pause(min(every, left))


def _inside(folder: Path, name: str) -> Path:
    """Where a file that the server names is kept. Raises `Damaged` for a name that leads elsewhere."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or parts[0] == "/" or "\\" in name or ":" in name:
        raise Damaged(f"The server names a file {name!r}, which is not one of a model's folder.")
    return folder.joinpath(*parts)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _save(answer: httpx.Response, path: Path, *, sha256: str, size: int) -> None:
    """The body in `path`, whole, or nothing there. Raises `Damaged`."""
    beside = path.with_name(f".{path.name}.part")
    digest, length = hashlib.sha256(), 0
    try:
        with beside.open("wb") as file:
            for piece in answer.iter_bytes():
                digest.update(piece)
                length += len(piece)
                file.write(piece)
        if (length, digest.hexdigest()) != (size, sha256):
            raise Damaged(
                f"{path.name} came with {length} bytes of SHA-256 {digest.hexdigest()}, not {size} of {sha256}."
            )
        beside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
