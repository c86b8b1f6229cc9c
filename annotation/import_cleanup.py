"""What an import that died leaves behind: a row that says it is running, and rows that never counted. Both are put right here."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now

from annotation import jobs
from annotation.models import (
    Annotation,
    Batch,
    Import,
    JobState,
    Labeller,
    Problem,
    Score,
    Solution,
    StepRating,
    StepTree,
    WorkItem,
)

CHUNK = 1000


def bring_back_dead() -> None:
    """An import whose process is gone waits for the next worker; one of the command line has failed, as nobody else can read its files."""
    jobs.bring_back_gone(kind=Import)
    silent = models.Q(heartbeat_at__lt=Now() - timedelta(seconds=settings.JOB_DEAD_AFTER))
    Import.objects.filter(silent, state=JobState.RUNNING, path="").update(
        state=JobState.FAILED, finished_at=Now(), error="The command was killed. Nothing was imported; run it again."
    )
    jobs.reap(kind=Import)


def remove_rows_of_failed() -> None:
    """Rows of imports that have failed or were cancelled; those that wait for another attempt remove their own when it starts."""
    over = Import.objects.filter(state__in=[JobState.FAILED, JobState.CANCELLED])
    remove_rows_of(over.values_list("pk", flat=True))


def remove_rows_of(imports: Iterable[int]) -> None:
    """Delete all that these imports inserted, a thousand rows at a time, so that nobody waits long. None may be running elsewhere."""
    mine = models.Q(imported_by__in=imports)
    removed = _remove(Annotation.objects.filter(mine), first=_ratings_of)
    removed += _remove(WorkItem.objects.filter(batch__in=Batch.objects.filter(mine)))
    removed += _remove(Batch.objects.filter(mine))
    removed += _remove(Solution.objects.filter(mine), first=_scores_of)
    removed += _remove(StepTree.objects.filter(mine))
    removed += _remove(Problem.objects.filter(mine))
    if removed:
        projects = Import.objects.filter(pk__in=imports).values("project")
        nobody = Labeller.objects.filter(
            project__in=projects, user__isnull=True, annotations__isnull=True, handouts__isnull=True
        )
        _remove(nobody)


def _ratings_of(annotations: list[int]) -> None:
    StepRating.objects.filter(annotation__in=annotations).delete()


def _scores_of(solutions: list[int]) -> None:
    Score.objects.filter(solution__in=solutions).delete()


def _remove(rows: models.QuerySet[Any], *, first: Callable[[list[int]], None] | None = None) -> int:
    """Chunk by chunk, what hangs on a row before the row."""
    removed = 0
    while chunk := list(rows.values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            if first is not None:
                first(chunk)
            rows.model._default_manager.filter(pk__in=chunk).delete()
        removed += len(chunk)
    return removed
