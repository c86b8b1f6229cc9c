"""Every job that runs, waits, or has failed lately: imports, stages, shards, scorings, supplies of next steps. Reads only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from activelearning.models import GenerateShard, GradeShard, RoundState, ScoreShard, Scoring, Shard, Stage
from annotation.models import Import, Job, JobState, Project, StepSupply

MOST = 50  # of each kind and state
FAILED_SINCE = timedelta(days=7)
STATES = (JobState.RUNNING, JobState.PENDING, JobState.FAILED)


@dataclass(frozen=True, slots=True)
class Kind:
    """`project` and `asked_at` are paths from the row; `unread` are columns that may be long and are not shown."""

    name: str
    model: type[Job]
    project: str
    asked_at: str
    unread: tuple[str, ...] = ()


KINDS = (
    Kind("import", Import, "project", "created_at", ("refused",)),
    Kind("stage", Stage, "round__project", "round.created_at", ("result", "log_tail")),
    Kind("shard", ScoreShard, "stage__round__project", "stage.round.created_at", ("stage__result", "stage__log_tail")),
    Kind("grade-shard", GradeShard, "stage__round__project", "stage.round.created_at", ("stage__result", "stage__log_tail")),
    Kind("generate-shard", GenerateShard, "stage__round__project", "stage.round.created_at", ("problems", "stage__result")),
    Kind("scoring", Scoring, "reward_model__project", "created_at", ("problem", "steps", "result")),
    Kind("step-supply", StepSupply, "handout__work_item__project", "requested_at", ("steps", "alternatives", "handout__work_item__draft")),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A job with its project. `asked_at` is when it was wanted (a stage: when its round was), `host` where it runs or last ran."""

    kind: str
    job: Job
    project: Project
    asked_at: datetime
    host: str
    done: int | None
    total: int | None
    message: str
    is_silent: bool  # it runs, and has not been heard of for so long that the reaper brings it back

    @property
    def stage(self) -> Stage | None:
        if isinstance(self.job, Shard):
            return self.job.stage
        return self.job if isinstance(self.job, Stage) else None


def jobs_of(*, project: Project | None = None) -> list[Listed]:
    """Running ones, then waiting ones, the longest first; then those that failed in the last week, the newest first.

    Of one project, or of all. Of each kind and state at most `MOST`; the number of queries does not grow with the jobs.
    """
    found = [_listed(kind, job) for kind in KINDS for state in STATES for job in _rows(kind, state, project)]
    return sorted(found, key=_place)


def trained_on(*, project: Project) -> set[str]:
    """The hosts on which some other project's stage or shard runs: they have no device for this one's meanwhile."""
    stages = Stage.objects.filter(state=JobState.RUNNING).exclude(round__project=project)
    shards = ScoreShard.objects.filter(state=JobState.RUNNING).exclude(stage__round__project=project)
    return {host_of(worker) for rows in (stages, shards) for worker in rows.values_list("worker", flat=True)}


def host_of(worker: str) -> str:
    """A worker's name begins with its host, whichever of the two forms it has."""
    return re.split(r"[/:]", worker, maxsplit=1)[0]


def _rows(kind: Kind, state: JobState, project: Project | None) -> "QuerySet[Any]":
    rows: QuerySet[Any] = kind.model._default_manager.filter(state=state).select_related(kind.project)
    if project is not None:
        rows = rows.filter(**{kind.project: project})
    if state == JobState.FAILED:
        return (
            rows.filter(finished_at__gte=timezone.now() - FAILED_SINCE)
            .order_by("-finished_at")
            .defer(*kind.unread)[:MOST]
        )
    if kind.model is Stage and state == JobState.PENDING:
        rows = _due(rows)
    return rows.order_by("pk").defer(*kind.unread)[:MOST]


def _due(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Of a running round the one stage that a worker may take; those behind it wait for it, not for a worker."""
    before = Stage.objects.filter(round=OuterRef("round"), order__lt=OuterRef("order")).exclude(state=JobState.DONE)
    return rows.filter(round__state=RoundState.RUNNING).exclude(Exists(before))


def _listed(kind: Kind, job: Any) -> Listed:
    done, total = _progress(job)
    limit = timezone.now() - timedelta(seconds=settings.JOB_DEAD_AFTER)
    return Listed(
        kind=kind.name,
        job=job,
        project=_at(job, kind.project.split("__")),
        asked_at=_at(job, kind.asked_at.split(".")),
        host=host_of(job.worker),
        done=done,
        total=total,
        message=str(job.progress.get("message") or ""),
        is_silent=job.state == JobState.RUNNING and (job.heartbeat_at is None or job.heartbeat_at < limit),
    )


def _at(row: Any, path: Sequence[str]) -> Any:
    for name in path:
        row = getattr(row, name)
    return row


def _progress(job: Job) -> tuple[int | None, int | None]:
    """How much of how much, as far as the worker has said: an import counts rows, a shard knows its size."""
    said = job.progress
    done, total = said.get("done", said.get("rows")), said.get("total")
    if isinstance(job, Shard):
        total = job.size
    return (done if isinstance(done, int) else None), (total if isinstance(total, int) else None)


def _place(row: Listed) -> tuple[int, float]:
    state = STATES.index(JobState(row.job.state))
    if row.job.state == JobState.FAILED and row.job.finished_at:
        return state, -row.job.finished_at.timestamp()
    return state, (row.job.started_at or row.asked_at if state == 0 else row.asked_at).timestamp()
