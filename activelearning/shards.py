"""The pool, scored by as many workers as there are: shards of it, each a job of its own that any worker may carry out, once.

The round's score stage plans them, works on them itself, and waits for the rest; a worker elsewhere takes one at a nudge. What a worker
stored before it died stays, and its shard goes on from there. All workers see the same data folder.
"""

import time
from collections.abc import Callable
from pathlib import Path

import structlog
from celery import current_app
from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, Sum
from kombu.exceptions import OperationalError as BrokerAway

from activelearning import child, pool
from activelearning.attempt import LOST, folder_of
from activelearning.child import ChildFailed, ChildRefused, ProgressFile
from activelearning.files import replacing
from activelearning.models import RewardModel, ScoreShard, Stage
from annotation import jobs
from annotation.errors import Conflict
from annotation.jobs import JobLost
from annotation.models import JobState

SCORER = "activelearning.rewardmodel.score"
TASK = "activelearning.tasks.score_shard"
WAITING = (JobState.PENDING, JobState.RUNNING)
BEAT_EVERY = 1.0  # seconds

log = structlog.get_logger(__name__)


def plan(*, stage: Stage, model: RewardModel, size: int = pool.SHARD) -> int:
    """Shards for what has no score yet and is in none that waits; a problem's solutions stay together. Returns how many are new."""
    with transaction.atomic():
        Stage.objects.select_for_update().get(pk=stage.pk)
        stage.shards.exclude(state__in=WAITING).exclude(state=JobState.DONE).delete()
        if stage.shards.filter(state__in=WAITING).exists():
            return 0
        rows = pool.unscored(stage.round.project, scorer=model.name).order_by("problem_id")
        counts = rows.values_list("problem_id").annotate(count=Count("pk"))
        made: list[ScoreShard] = []
        for problem, count in counts.iterator(chunk_size=10_000):
            if not made or made[-1].size >= size:
                made.append(ScoreShard(stage=stage, first_problem=problem, size=0))
            made[-1].last_problem = problem
            made[-1].size += count
        ScoreShard.objects.bulk_create(made, batch_size=1000)
    return len(made)


def take(*, stage_pk: int, worker: str) -> ScoreShard | None:
    """The next shard that waits, now this worker's; None where none does."""
    for pk in (
        ScoreShard.objects.filter(stage=stage_pk, state=JobState.PENDING).order_by("pk").values_list("pk", flat=True)
    ):
        if (taken := jobs.take(kind=ScoreShard, pk=pk, worker=worker)) is not None:
            return taken
    return None


def carry_out(shard: ScoreShard, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Score what the shard has unscored, in a child process; `meanwhile` is called every second and stops it by raising.

    A broken child gives the shard to the next attempt. One that refuses, or leaves solutions out, has failed for good.
    """
    stage = Stage.objects.select_related("round__project", "round__reward_model").get(pk=shard.stage_id)
    try:
        with jobs.heartbeat(shard):
            _score(shard, stage, meanwhile)
        jobs.finish(shard, progress={"done": shard.size}, error="")
    except JobLost:
        return  # cancelled, or another's by now
    except (ChildRefused, Conflict) as refusal:
        jobs.fail(shard, error=refusal.message)
    except (ChildFailed, OSError) as error:
        jobs.give_up_attempt(shard, error=str(error))


def _score(shard: ScoreShard, stage: Stage, meanwhile: Callable[[], None]) -> None:
    model = stage.round.reward_model
    rows = pool.unscored(stage.round.project, scorer=model.name).filter(
        problem__gte=shard.first_problem, problem__lte=shard.last_problem
    )
    source = folder_of(stage.round) / f"pool.{shard.pk}.jsonl"
    output = source.with_suffix(".scored.jsonl")
    with replacing(source) as file:
        pool.write_shard(rows, file)
    run_scorer(model, source, output, log=source.with_suffix(".log"), tick=_ticker(shard, source, meanwhile))
    for chunk in pool.scores_in(output, scorer=model.name):
        with transaction.atomic():
            if jobs.mine(shard).select_for_update().first() is None:
                raise JobLost(LOST)
            pool.store(chunk)
    if rows.exists():
        raise Conflict("scores_missing", "The scorer left solutions without a score; see its log.")
    for path in source.parent.glob(f"pool.{shard.pk}.*"):
        path.unlink(missing_ok=True)


def _ticker(shard: ScoreShard, source: Path, meanwhile: Callable[[], None]) -> Callable[[], None]:
    records = ProgressFile(progress_of(source))
    spoken = 0.0

    def tick() -> None:
        nonlocal spoken
        new = records.new()
        if new or time.monotonic() - spoken > BEAT_EVERY:
            spoken = time.monotonic()
            # Cancelled rounds take their shards with them, wherever those are worked on.
            jobs.beat(shard, progress={"done": new[-1]["done"]} if new else None)
        meanwhile()

    return tick


def progress_of(source: Path) -> Path:
    """Where the scorer of these lines says how far it is."""
    return source.with_suffix(".progress.jsonl")


def run_scorer(model: RewardModel, source: Path, output: Path, *, log: Path, tick: Callable[[], None]) -> None:
    """The model over a file of lines, in a child process that goes on where an earlier one was killed."""
    progress = progress_of(source)
    progress.unlink(missing_ok=True)
    folder = Path(settings.DATA_DIR) / model.path
    arguments = ["--model", str(folder), "--manifest-sha256", model.sha256, "--progress", str(progress)]
    child.run(SCORER, [*arguments, "--input", str(source), "--output", str(output)], log=log, tick=tick)


def done_of(stage: Stage) -> int:
    """How many solutions of the planned ones are scored, as far as anybody has said."""
    whole = stage.shards.filter(state=JobState.DONE).aggregate(sum=Sum("size"))["sum"] or 0
    running = stage.shards.filter(state=JobState.RUNNING).values_list("progress", flat=True)
    return int(whole) + sum(int(progress.get("done", 0)) for progress in running)


def failure_of(stage: Stage) -> str:
    """Why a shard failed for good; empty where none has."""
    return stage.shards.filter(state=JobState.FAILED).values_list("error", flat=True).first() or ""


def waiting(stage: Stage) -> "models.QuerySet[ScoreShard]":
    return stage.shards.filter(state__in=WAITING)


def nudge(stage: Stage) -> None:
    """Tell the other workers, a message a shard that waits. Where the broker is away, this worker does them all."""
    count = stage.shards.filter(state=JobState.PENDING).count()
    try:
        for _ in range(count):
            current_app.send_task(TASK, [stage.pk], queue="train")
    except BrokerAway as error:
        log.warning("the broker is away", stage=stage.pk, reason=str(error))


def reap() -> None:
    """Bring back the shards whose worker fell silent."""
    jobs.reap(kind=ScoreShard)
