"""Rounds: started, carried on stage by stage, cancelled, retried. The rows say what is due; any worker may do it, once.

    freeze → train → evaluate → generate → grade → score → select → queue

A stage waits until all before it are done. It is taken by a conditional update, runs under an attempt number that fences its
writes, and is brought back by `reap` when its worker dies. What the round is follows from its stages (`settle`).
"""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from activelearning import (
    approval,
    device,
    evaluating,
    generating,
    grading,
    pipeline,
    round_config,
    selecting,
    sharing,
    warm_start,
)
from activelearning.attempt import Attempt, log_of
from activelearning.child import tail
from activelearning.code_version import code_version
from activelearning.models import RewardModel, Round, RoundState, Stage, StageName
from annotation import audit, jobs
from annotation.errors import Conflict, DomainError
from annotation.jobs import JobLost
from annotation.models import Job, JobState, Project, Protocol, User

DEFAULT_QUEUE, TRAIN_QUEUE = "default", "train"

# What a round may become. It goes on from `failed` and `cancelled` by a retry alone, and nothing follows `done`.
MOVES: dict[RoundState, frozenset[RoundState]] = {
    RoundState.RUNNING: frozenset({RoundState.DONE, RoundState.FAILED, RoundState.CANCELLED}),
    RoundState.FAILED: frozenset({RoundState.RUNNING}),
    RoundState.CANCELLED: frozenset({RoundState.RUNNING}),
    RoundState.DONE: frozenset(),
}


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A row of the table: which stage, on which queue, carried out by which function; and whether a person must let it through first."""

    name: StageName
    queue: str
    carry_out: Callable[[Attempt], dict[str, Any]]
    withheld: Callable[[Round], bool] = lambda round_: False
    # Whether a round's configuration puts it on the other queue, where the devices are.
    on_device: Callable[[Round], bool] = lambda round_: False


STAGES = (
    StageSpec(StageName.FREEZE, DEFAULT_QUEUE, pipeline.freeze),
    StageSpec(StageName.TRAIN, TRAIN_QUEUE, pipeline.train),
    StageSpec(StageName.EVALUATE, TRAIN_QUEUE, evaluating.evaluate),
    StageSpec(StageName.GENERATE, DEFAULT_QUEUE, generating.generate, on_device=generating.on_device),
    StageSpec(StageName.GRADE, DEFAULT_QUEUE, grading.grade),
    StageSpec(StageName.SCORE, TRAIN_QUEUE, pipeline.score),
    StageSpec(StageName.SELECT, DEFAULT_QUEUE, selecting.select, on_device=selecting.on_device),
    StageSpec(StageName.QUEUE, DEFAULT_QUEUE, selecting.queue, withheld=approval.withheld),
)
SPECS: dict[str, StageSpec] = {spec.name: spec for spec in STAGES}


def queue_of(stage: Stage) -> str:
    """The queue whose workers carry the stage out."""
    spec = SPECS[stage.name]
    return TRAIN_QUEUE if spec.on_device(stage.round) else spec.queue


def _devices(stage: Stage) -> int:
    """How many devices the stage computes on: a training in several processes has one for each."""
    training = stage.round.config.get("training", {}) if stage.name == StageName.TRAIN else {}
    return int(training.get("processes", 1))


def start_round(*, project: Project, config: object, actor: User | None = None, automatically: bool = False) -> Round:
    """A new round, its first stage due; `automatically` is written down.

    Raises `InvalidInput`, or `Conflict` `round_active` (`round`, `number`) or `wrong_protocol`.
    """
    if project.protocol != Protocol.WHOLE_SOLUTION:
        message = gettext(
            "A round chooses whole solutions to grade; in this project people build solutions step by step."
        )
        raise Conflict("wrong_protocol", message)
    parsed = round_config.parse({} if config is None else config)
    try:
        with transaction.atomic():
            Project.objects.select_for_update().get(
                pk=project.pk
            )  # two starts at once: the second waits, then sees the first
            _refuse_second(project)
            before = RewardModel.objects.filter(project=project, is_current=True).select_related("round").first()
            warm_start.refuse_impossible(parsed, before)
            last = Round.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0
            started = Round.objects.create(
                project=project,
                number=last + 1,
                config=parsed.as_dict(),
                created_by=actor,
                before=before,
                code=code_version(),
            )
            Stage.objects.bulk_create(
                Stage(round=started, name=spec.name, order=order) for order, spec in enumerate(STAGES)
            )
            by = {"automatically": True} if automatically else {}
            audit.record(actor=actor, action="round.started", project=project, round=started.number, **by)
    except IntegrityError:  # where rows cannot be locked, the constraint decides
        _refuse_second(project)
        raise
    return started


def _refuse_second(project: Project) -> None:
    active = Round.objects.filter(project=project, state=RoundState.RUNNING).first()
    if active is not None:
        raise Conflict(
            "round_active",
            gettext("Round %(number)d is running; one at a time.") % {"number": active.number},
            round=active.pk,
            number=active.number,
        )


def next_due(*, round_pk: int) -> Stage | None:
    """The stage that waits for a worker: the first unfinished one of a running round, unless somebody is at it or has to let it through."""
    rows = Stage.objects.filter(round=round_pk, round__state=RoundState.RUNNING).exclude(state=JobState.DONE)
    stage = rows.select_related("round__project").order_by("order").first()
    if stage is None or stage.state != JobState.PENDING or SPECS[stage.name].withheld(stage.round):
        return None
    return stage


def advance(*, round_pk: int, queue: str | None = None, worker: str = "") -> bool:
    """Carry out the stage that is due, if it belongs to `queue` (None: any). True where this call did one, whatever came of it."""
    stage = next_due(round_pk=round_pk)
    if stage is None or (queue is not None and queue_of(stage) != queue):
        settle(round_pk=round_pk)
        return False
    with device.ours(wanted=queue_of(stage) == TRAIN_QUEUE, count=_devices(stage)) as free:
        taken = jobs.take(kind=Stage, pk=stage.pk, worker=worker or worker_name()) if free else None
        if taken is None:
            return False
        _carry_out(taken)
    return True


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _carry_out(stage: Stage) -> None:
    log = log_of(stage)
    try:
        attempt = Attempt(stage)
        with jobs.heartbeat(stage):
            result = SPECS[stage.name].carry_out(attempt)
        attempt.finish(result)
    except JobLost:
        return  # cancelled, or somebody else's by now: what is written is theirs to judge
    except DomainError as refusal:
        jobs.fail(stage, error=refusal.message, log_tail=tail(log))
    except BaseException as error:
        _another_attempt(jobs.mine(stage), error=str(error) or type(error).__name__, log_tail=tail(log))
        raise
    finally:
        settle(round_pk=stage.round_id)


def _another_attempt(rows: models.QuerySet[Stage], *, error: str, **changes: Any) -> None:
    """Back to waiting, or failed for good after `JOB_MAX_ATTEMPTS` that count; `error` is kept either way."""
    limit = settings.JOB_MAX_ATTEMPTS
    rows.filter(attempt__gte=F("forgiven") + limit).update(
        state=JobState.FAILED, finished_at=Now(), error=f"{error} (given up after {limit} attempts)", **changes
    )
    rows.update(state=JobState.PENDING, error=error, nudged_at=None, **changes)


def settle(*, round_pk: int) -> None:
    """Let the round be what its stages say: failed with the first failure's reason, or done when all are."""
    stages = list(Stage.objects.filter(round=round_pk).order_by("order"))
    failed = next((stage for stage in stages if stage.state == JobState.FAILED), None)
    if failed is not None:
        _move(round_pk, RoundState.FAILED, error=failed.error, finished_at=Now())
    elif stages and all(stage.state == JobState.DONE for stage in stages):
        _move(round_pk, RoundState.DONE, error="", finished_at=Now())


def _move(round_pk: int, to: RoundState, **changes: Any) -> bool:
    """The one place where a round's state changes: a conditional update along `MOVES`."""
    before = [state for state, following in MOVES.items() if to in following]
    return bool(Round.objects.filter(pk=round_pk, state__in=before).update(state=to, **changes))


def cancel_round(*, round_: Round, actor: User | None = None) -> None:
    """Cancelled now: no stage starts any more, and a worker at one hears of it within a second and kills its child.

    Raises `Conflict("not_running")`.
    """
    with transaction.atomic():
        if not _move(round_.pk, RoundState.CANCELLED, finished_at=Now()):
            raise Conflict("not_running", gettext("Round %(number)d is not running.") % {"number": round_.number})
        whose: list[tuple[type[Job], Q]] = [(Stage, Q(round=round_))]
        whose += [(kind, Q(stage__round=round_)) for kind in sharing.KINDS]
        for kind, rows in whose:
            kind._default_manager.filter(rows, state__in=[JobState.PENDING, JobState.RUNNING]).update(
                state=JobState.CANCELLED, finished_at=Now()
            )
        audit.record(actor=actor, action="round.cancelled", project=round_.project, round=round_.number)


def retry_round(*, round_: Round, actor: User | None = None) -> None:
    """Go on from the stage that failed or was cancelled; what was done stays done.

    Raises `Conflict("nothing_to_retry")`, or `Conflict("round_active")` where another round runs.
    """
    try:
        with transaction.atomic():
            if not _move(round_.pk, RoundState.RUNNING, error="", finished_at=None):
                raise Conflict(
                    "nothing_to_retry",
                    gettext("Round %(number)d has neither failed nor been cancelled.") % {"number": round_.number},
                )
            Stage.objects.filter(round=round_, state__in=[JobState.FAILED, JobState.CANCELLED]).update(
                state=JobState.PENDING, error="", finished_at=None, nudged_at=None, forgiven=F("attempt")
            )
            audit.record(actor=actor, action="round.retried", project=round_.project, round=round_.number)
    except IntegrityError:
        _refuse_second(round_.project)
        raise


def reap() -> int:
    """Bring back the stages (and shards) whose worker fell silent, settle their rounds; returns how many stages there were."""
    sharing.reap()
    silent = Q(state=JobState.RUNNING, heartbeat_at__lt=Now() - timedelta(seconds=settings.JOB_DEAD_AFTER))
    found = list(Stage.objects.filter(silent).values_list("pk", "round_id"))
    _another_attempt(
        Stage.objects.filter(silent, pk__in=[pk for pk, _ in found]), error="Its worker died or fell silent."
    )
    for round_pk in Round.objects.filter(state=RoundState.RUNNING).values_list("pk", flat=True):
        settle(round_pk=round_pk)
    return len(found)


def forgotten() -> list[Stage]:
    """Due stages whose message was never sent, or long enough ago to be taken for lost."""
    long_ago = Now() - timedelta(seconds=3 * settings.REAPER_INTERVAL)
    running = Round.objects.filter(state=RoundState.RUNNING).values_list("pk", flat=True)
    due = [stage for pk in running if (stage := next_due(round_pk=pk)) is not None]
    unsent = Stage.objects.filter(Q(nudged_at__isnull=True) | Q(nudged_at__lt=long_ago), pk__in=[s.pk for s in due])
    return list(unsent.select_related("round"))
