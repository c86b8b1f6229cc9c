"""A stage's work in shards, each a job of its own that any worker may carry out, once.

The worker that has the stage plans them, works on them itself and waits for the rest; a worker elsewhere takes one at a nudge. What a
worker stored before it died stays, and its shard goes on from there. All workers see the same data folder.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from celery import current_app
from django.db import models
from kombu.exceptions import OperationalError as BrokerAway

from activelearning.attempt import Attempt
from activelearning.child import ChildFailed, ChildRefused
from activelearning.models import GenerateShard, GradeShard, ScoreShard, Shard, Stage
from annotation import jobs
from annotation.errors import Conflict
from annotation.jobs import JobLost
from annotation.models import JobState

KINDS: tuple[type[Shard], ...] = (ScoreShard, GradeShard, GenerateShard)
WAITING = (JobState.PENDING, JobState.RUNNING)
PATIENCE = 1.0  # seconds between two looks at what other workers do
BEAT_EVERY = 1.0  # seconds

AnyShard = TypeVar("AnyShard", bound=Shard)
Meanwhile = Callable[[], None]
log = structlog.get_logger(__name__)


def nothing() -> None:
    """What is to be done meanwhile where nobody says."""


def rows(kind: type[AnyShard], stage: Stage) -> "models.QuerySet[AnyShard]":
    return kind._default_manager.filter(stage=stage)


def waiting(kind: type[AnyShard], stage: Stage) -> "models.QuerySet[AnyShard]":
    return rows(kind, stage).filter(state__in=WAITING)


def may_plan(kind: type[AnyShard], stage: Stage) -> bool:
    """Whether nobody works on shards of this stage: then those that failed or were cancelled are away, to be planned anew.

    Call it in the transaction that plans: it locks the stage.
    """
    Stage.objects.select_for_update().get(pk=stage.pk)
    rows(kind, stage).filter(state__in=(JobState.FAILED, JobState.CANCELLED)).delete()
    return not waiting(kind, stage).exists()


def take(kind: type[AnyShard], *, stage_pk: int, worker: str) -> AnyShard | None:
    """The next shard that waits, now this worker's; None where none does."""
    found = kind._default_manager.filter(stage=stage_pk, state=JobState.PENDING).order_by("pk")
    for pk in found.values_list("pk", flat=True):
        if (taken := jobs.take(kind=kind, pk=pk, worker=worker)) is not None:
            return taken
    return None


def work_through(
    attempt: Attempt,
    kind: type[AnyShard],
    carry_out: Callable[..., None],
    *,
    task: str,
    queue: str,
    report: Meanwhile,
) -> None:
    """Until no shard waits; other workers are told, and `report` is called every second. Raises `Conflict` with a shard's reason where
    one failed for good."""
    nudge(kind, attempt.stage, task=task, queue=queue)
    while waiting(kind, attempt.stage).exists():
        report()
        taken = take(kind, stage_pk=attempt.stage.pk, worker=jobs.this_process())
        if taken is not None:
            carry_out(taken, meanwhile=report)
        else:
            time.sleep(PATIENCE)
            jobs.reap(kind=kind)
        if failed := failure_of(kind, attempt.stage):
            raise Conflict("shard_failed", failed)


def guarded(shard: Shard, work: Meanwhile) -> None:
    """Do the shard's work under its heartbeat and let its row say what came of it.

    A refusal is for good; what broke otherwise is tried again by whoever takes it next. A shard that is not ours any more is left alone.
    """
    try:
        with jobs.heartbeat(shard):
            work()
        jobs.finish(shard, progress={"done": shard.size}, error="")
    except JobLost:
        return  # cancelled, or another's by now
    except (ChildRefused, Conflict) as refusal:
        jobs.fail(shard, error=refusal.message)
    except (ChildFailed, OSError) as error:
        jobs.give_up_attempt(shard, error=str(error))


class Ticker:
    """Called often, it lets the shard's row beat once a second and say how much is done; a cancelled round so ends its shards wherever
    they are worked on."""

    def __init__(self, shard: Shard, meanwhile: Meanwhile) -> None:
        self.shard, self.meanwhile = shard, meanwhile
        self.done = 0
        self.spoken = 0.0

    def __call__(self, done: int | None = None) -> None:
        self.done = self.done if done is None else done
        if time.monotonic() - self.spoken > BEAT_EVERY:
            self.spoken = time.monotonic()
            jobs.beat(self.shard, progress={"done": self.done})
            self.meanwhile()


def done_of(kind: type[AnyShard], stage: Stage) -> int:
    """How much of what was planned is done, as far as anybody has said."""
    whole = rows(kind, stage).filter(state=JobState.DONE).aggregate(sum=models.Sum("size"))["sum"] or 0
    running = rows(kind, stage).filter(state=JobState.RUNNING).values_list("progress", flat=True)
    return int(whole) + sum(int(progress.get("done", 0)) for progress in running)


def planned_of(kind: type[AnyShard], stage: Stage) -> int:
    return int(rows(kind, stage).aggregate(sum=models.Sum("size"))["sum"] or 0)


def failure_of(kind: type[AnyShard], stage: Stage) -> str:
    """Why a shard failed for good; empty where none has."""
    return rows(kind, stage).filter(state=JobState.FAILED).values_list("error", flat=True).first() or ""


def nudge(kind: type[AnyShard], stage: Stage, *, task: str, queue: str) -> None:
    """Tell the other workers, a message a shard that waits. Where the broker is away, this worker does them all."""
    count = rows(kind, stage).filter(state=JobState.PENDING).count()
    try:
        for _ in range(count):
            current_app.send_task(task, [stage.pk], queue=queue)
    except BrokerAway as error:
        log.warning("the broker is away", stage=stage.pk, reason=str(error))


def reap() -> None:
    """Bring back the shards whose worker fell silent."""
    for kind in KINDS:
        jobs.reap(kind=kind)
