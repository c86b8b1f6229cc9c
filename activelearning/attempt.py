"""A worker's hold on a stage: where its files are, how it says that it goes on, and the fence around what it writes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from activelearning import round_config
from activelearning.models import Round, Stage
from annotation import jobs
from annotation.jobs import JobLost
from annotation.models import Project

REPORT_EVERY = 1.0  # seconds
LOST = "This job was cancelled or given to another worker."


def folder_of(round_: Round) -> Path:
    """Where a round's files are: DATA_DIR/rounds/<project>/<number>."""
    return Path(settings.DATA_DIR) / "rounds" / round_.project.slug / str(round_.number)


def log_of(stage: Stage) -> Path:
    """Where the child processes of a stage write."""
    return folder_of(stage.round) / f"{stage.name}.log"


class Attempt:
    """One attempt at one stage. Every write to rows goes through `fenced` (or `finish`), so that a stale worker writes nothing."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.round: Round = stage.round
        self.project: Project = stage.round.project
        self.config = round_config.RoundConfig(**stage.round.config)
        self.folder = folder_of(stage.round)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.progress: dict[str, Any] = dict(stage.progress)
        self.log = log_of(stage)
        self.finished = False
        self._furthest_before: int = self.progress.get("furthest", 0)
        self._reported_at = 0.0
        self._seen_at = time.monotonic()

    def report(self, *, done: int, total: int, message: str, **more: Any) -> None:
        """Show how far it is, at most once a second, and hear whether the attempt still counts: raises `JobLost` where not."""
        self.progress.update(done=done, total=total, message=message, **more)
        self.progress["furthest"] = max(done, self.progress.get("furthest", 0))
        if time.monotonic() - self._reported_at < REPORT_EVERY and done < total:
            return
        self._reported_at = time.monotonic()
        changes: dict[str, Any] = {"progress": self.progress}
        if done > self._furthest_before + max(1, total // 100):
            # It got past where earlier attempts ended, so the stage is not what kills its workers: they count no more.
            changes["forgiven"] = self.stage.attempt - 1
        self._tell(changes)

    def check(self) -> None:
        """Raises `JobLost` once the stage was cancelled or given to another worker."""
        self._tell({})

    def _tell(self, changes: dict[str, Any]) -> None:
        try:
            rows = jobs.mine(self.stage)
            held = bool(rows.update(**changes)) if changes else rows.exists()
        except (OperationalError, InterfaceError):
            connection.close()  # the database is away; the work may outlive that, up to the reaper's own patience
            if time.monotonic() - self._seen_at > settings.JOB_DEAD_AFTER:
                raise
            return
        if not held:
            raise JobLost(LOST)
        self._seen_at = time.monotonic()

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """A transaction in which this attempt surely holds the stage: nobody can take or cancel it before the commit."""
        with transaction.atomic():
            if jobs.mine(self.stage).select_for_update().first() is None:
                raise JobLost(LOST)
            yield

    def finish(self, result: dict[str, Any]) -> None:
        """The stage is done, with what it found; once only, alone or in a `fenced` block."""
        if not self.finished:
            jobs.finish(self.stage, result=result, progress=self.progress, error="")
            self.finished = True
