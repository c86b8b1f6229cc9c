"""The grade stage: every solution of the pool has a verdict, found by as many workers as there are, in shards (`sharing.py`)."""

from typing import Any

from django.db import transaction

from activelearning import pool, sharing
from activelearning.attempt import LOST, Attempt
from activelearning.models import GradeShard, Stage
from activelearning.sharing import Meanwhile, Ticker
from annotation import jobs
from annotation.grading import Grader
from annotation.jobs import JobLost
from annotation.models import Solution

TASK = "activelearning.tasks.grade_shard"
SHARD = 2_000  # solutions


def grade(attempt: Attempt) -> dict[str, Any]:
    """Every solution of the pool has a verdict, as far as its problem has an answer to compare with.

    Verdicts of an earlier attempt stay; what came into the pool meanwhile is graded too.
    """

    def report() -> None:
        planned = sharing.planned_of(GradeShard, attempt.stage)
        done = sharing.done_of(GradeShard, attempt.stage)
        attempt.report(done=done, total=planned, message=f"{done:,} of {planned:,} answers graded")

    while plan(stage=attempt.stage) or sharing.waiting(GradeShard, attempt.stage).exists():
        sharing.work_through(attempt, GradeShard, carry_out, task=TASK, queue="default", report=report)
    graded = sharing.planned_of(GradeShard, attempt.stage)
    attempt.report(done=graded, total=graded, message="")
    return {"summary": _verdicts_in_words(attempt, graded), "graded": graded}


def _verdicts_in_words(attempt: Attempt, graded: int) -> str:
    found = Solution.objects.pool(attempt.project)
    right, wrong = (found.filter(verdict=verdict).count() for verdict in ("right", "wrong"))
    return f"{graded:,} answers graded now; in the pool {right:,} are right and {wrong:,} wrong."


def plan(*, stage: Stage, size: int = SHARD) -> int:
    """Shards for what has no verdict yet and is in none that waits. Returns how many are new."""
    with transaction.atomic():
        if not sharing.may_plan(GradeShard, stage):
            return 0
        made: list[GradeShard] = []
        for pk in pool.ungraded(stage.round.project).values_list("pk", flat=True).iterator(chunk_size=10_000):
            if not made or made[-1].size >= size:
                made.append(GradeShard(stage=stage, first_solution=pk, size=0))
            made[-1].last_solution = pk
            made[-1].size += 1
        GradeShard.objects.bulk_create(made, batch_size=1000)
    return len(made)


def carry_out(shard: GradeShard, *, meanwhile: Meanwhile = sharing.nothing) -> None:
    """Grade what the shard has ungraded, a chunk at a time; `meanwhile` is called after every answer and stops it by raising."""
    stage = Stage.objects.select_related("round__project").get(pk=shard.stage_id)
    sharing.guarded(shard, lambda: _grade(shard, stage, Ticker(shard, meanwhile)))


def _grade(shard: GradeShard, stage: Stage, tell: Ticker) -> None:
    rows = pool.ungraded(stage.round.project).filter(pk__gte=shard.first_solution, pk__lte=shard.last_solution)
    done = 0
    with Grader() as grader:
        for chunk in pool.chunks_of(rows):
            for solution in chunk:
                tell()
                pool.graded(solution, grader=grader)
            with transaction.atomic():
                if jobs.mine(shard).select_for_update().first() is None:
                    raise JobLost(LOST)
                pool.store_verdicts(chunk)
            done += len(chunk)
            tell(done)
