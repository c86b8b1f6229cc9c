"""The pool, scored by as many workers as there are: shards of it (`sharing.py`), each scored in a child process.

Scores that a worker stored before it died stay, and its shard goes on from there.
"""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from activelearning import child, pool, sharing
from activelearning.attempt import LOST, folder_of
from activelearning.child import ProgressFile
from activelearning.files import replacing
from activelearning.models import RewardModel, ScoreShard, Stage
from activelearning.round_config import RoundConfig
from activelearning.sharing import Meanwhile, Ticker
from annotation import jobs
from annotation.errors import Conflict
from annotation.jobs import JobLost

SCORER = "activelearning.rewardmodel.score"


def plan(*, stage: Stage, model: RewardModel, size: int = pool.SHARD) -> int:
    """Shards for what has no score yet and is in none that waits; a problem's solutions stay together. Returns how many are new."""
    with transaction.atomic():
        if not sharing.may_plan(ScoreShard, stage):
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


def carry_out(shard: ScoreShard, *, meanwhile: Meanwhile = sharing.nothing) -> None:
    """Score what the shard has unscored, in a child process; `meanwhile` is called every second and stops it by raising.

    A broken child gives the shard to the next attempt. One that refuses, or leaves solutions out, has failed for good.
    """
    stage = Stage.objects.select_related("round__project", "round__reward_model").get(pk=shard.stage_id)
    sharing.guarded(shard, lambda: _score(shard, stage, Ticker(shard, meanwhile)))


def _score(shard: ScoreShard, stage: Stage, tell: Ticker) -> None:
    model = stage.round.reward_model
    rows = pool.unscored(stage.round.project, scorer=model.name).filter(
        problem__gte=shard.first_problem, problem__lte=shard.last_problem
    )
    source = folder_of(stage.round) / f"pool.{shard.pk}.jsonl"
    output = source.with_suffix(".scored.jsonl")
    with replacing(source) as file:
        pool.write_shard(rows, file)
    records = ProgressFile(progress_of(source))

    def tick() -> None:
        new = records.new()
        tell(new[-1]["done"] if new else None)

    passes = RoundConfig(**stage.round.config).dropout_passes
    run_scorer(model, source, output, log=source.with_suffix(".log"), tick=tick, passes=passes)
    for chunk in pool.scores_in(output, scorer=model.name):
        with transaction.atomic():
            if jobs.mine(shard).select_for_update().first() is None:
                raise JobLost(LOST)
            pool.store(chunk, project=stage.round.project, scorer=model.name)
    if rows.exists():
        raise Conflict("scores_missing", "The scorer left solutions without a score; see its log.")
    for path in source.parent.glob(f"pool.{shard.pk}.*"):
        path.unlink(missing_ok=True)


def progress_of(source: Path) -> Path:
    """Where the scorer of these lines says how far it is."""
    return source.with_suffix(".progress.jsonl")


def run_scorer(
    model: RewardModel,
    source: Path,
    output: Path,
    *,
    log: Path,
    tick: Callable[[], None],
    passes: int = 0,
    embeddings: bool = False,
) -> None:
    """The model over a file of lines, in a child process that goes on where an earlier one was killed.

    With so many passes of dropout, and each solution's embedding where it is asked for.
    """
    progress = progress_of(source)
    progress.unlink(missing_ok=True)
    folder = Path(settings.DATA_DIR) / model.path
    arguments = ["--model", str(folder), "--manifest-sha256", model.sha256, "--progress", str(progress)]
    arguments += ["--dropout-passes", str(passes), *(["--embeddings"] if embeddings else [])]
    child.run(SCORER, [*arguments, "--input", str(source), "--output", str(output)], log=log, tick=tick)
