"""How a job row is carried out: taken by a conditional update, kept by heartbeats, fenced by its attempt number, reaped when silent.

Every function is one statement (or one short transaction), so a second process sees either before or after. Time is the database's.
A message on the queue is only a nudge; whatever is lost there, `reap` and `due` find again.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection, models
from django.db.models import F, Q
from django.db.models.functions import Now

from annotation.errors import DomainError
from annotation.models import Job, JobState

AnyJob = TypeVar("AnyJob", bound=Job)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class JobLost(DomainError):
    """This worker's attempt is over: cancelled, or given to another after a silence. Stop, write nothing more."""

    code = "job_lost"
    status = 409


def due(*, kind: type[AnyJob]) -> models.QuerySet[AnyJob]:
    """Rows that wait for a worker."""
    return kind._default_manager.filter(state=JobState.PENDING)


def take(*, kind: type[AnyJob], pk: int, worker: str) -> AnyJob | None:
    """The row, now running under a fresh attempt number; None where another took it first or it is not waiting."""
    taken = kind._default_manager.filter(pk=pk, state=JobState.PENDING).update(
        state=JobState.RUNNING, attempt=F("attempt") + 1, heartbeat_at=Now(), started_at=Now(), finished_at=None, worker=worker, error=""
    )  # fmt: skip
    return kind._default_manager.get(pk=pk) if taken else None


def mine(job: AnyJob) -> models.QuerySet[AnyJob]:
    """The row as long as this attempt still holds it; the filter under every write of a worker."""
    return type(job)._default_manager.filter(pk=job.pk, state=JobState.RUNNING, attempt=job.attempt)


def beat(job: Job, *, progress: dict[str, Any] | None = None) -> None:
    """Say that the work goes on. Raises `JobLost` where it must not."""
    changes: dict[str, Any] = {"heartbeat_at": Now()}
    if progress is not None:
        changes["progress"] = progress
    if not mine(job).update(**changes):
        raise JobLost("This job was cancelled or given to another worker.")


def finish(job: Job, **changes: Any) -> None:
    """Done; `changes` are written in the same statement. Raises `JobLost` for a stale writer."""
    if not mine(job).update(state=JobState.DONE, finished_at=Now(), **changes):
        raise JobLost("This job was cancelled or given to another worker.")


def fail(job: Job, *, error: str, **changes: Any) -> bool:
    """Failed for a reason that a retry would not mend. False where the row was no longer this attempt's."""
    return bool(mine(job).update(state=JobState.FAILED, finished_at=Now(), error=error, **changes))


def give_up_attempt(job: Job, *, error: str) -> None:
    """This attempt broke: wait for another one, or fail for good after `JOB_MAX_ATTEMPTS`."""
    exhausted = job.attempt >= settings.JOB_MAX_ATTEMPTS
    mine(job).update(
        state=JobState.FAILED if exhausted else JobState.PENDING, finished_at=Now() if exhausted else None, error=error
    )


def cancel(*, kind: type[Job], pk: int) -> bool:
    """Cancelled now, whoever works on it; the worker's next beat tells it."""
    return bool(
        kind._default_manager.filter(pk=pk, state__in=[JobState.PENDING, JobState.RUNNING]).update(
            state=JobState.CANCELLED, finished_at=Now()
        )
    )


def reap(*, kind: type[Job]) -> int:
    """Bring back what died: silent for `JOB_DEAD_AFTER` seconds. After the last allowed attempt it has failed. Returns how many."""
    silent = Q(state=JobState.RUNNING, heartbeat_at__lt=Now() - timedelta(seconds=settings.JOB_DEAD_AFTER))
    rows = kind._default_manager.filter(silent)
    spent = rows.filter(attempt__gte=settings.JOB_MAX_ATTEMPTS).update(
        state=JobState.FAILED, finished_at=Now(), error="Its worker died or fell silent, for the last time allowed."
    )
    return spent + rows.update(state=JobState.PENDING, error="Its worker died or fell silent; it will be tried again.")


@contextmanager
def heartbeat(job: Job) -> Iterator[threading.Event]:
    """Beats in the background for as long as the block runs; the event is set once the job is lost, so that the work can stop."""
    lost, done = threading.Event(), threading.Event()

    def keep_beating() -> None:
        try:
            while not done.wait(settings.JOB_HEARTBEAT):
                try:
                    beat(job)
                except JobLost:
                    lost.set()
                    return
                except DatabaseError:
                    connection.close()  # the database may be back at the next beat; the reaper judges a long silence
        finally:
            connection.close()

    thread = threading.Thread(target=keep_beating, name=f"heartbeat-{job.pk}", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()


# --- whose process it was ---------------------------------------------------------------------------------------------


def this_process() -> str:
    """A name for this process that no other has had: host, process namespace, id, start time."""
    return "/".join([socket.gethostname()[:100], _namespace(), str(os.getpid()), _start_time(os.getpid())])


def _namespace() -> str:
    try:
        return str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        return "-"  # no Linux: a host is one namespace


def _start_time(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return "-"
    return stat.rsplit(b")", 1)[-1].split()[19].decode()


def _is_gone(worker: str) -> bool:
    """Whether that process was one of this machine and is no more. Of others nothing is known but their heartbeat."""
    host, namespace, pid, started = [*worker.split("/"), "", "", "", ""][:4]
    if (host, namespace) != (socket.gethostname()[:100], _namespace()) or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _start_time(int(pid)) != started


def bring_back_gone(*, kind: type[Job]) -> None:
    """Make what died with a process of this machine due for `reap` at once, without waiting for a long silence."""
    for job in kind._default_manager.filter(state=JobState.RUNNING):
        if _is_gone(job.worker):
            mine(job).update(heartbeat_at=LONG_AGO)
