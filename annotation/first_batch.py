"""A batch before any model exists: solutions from the pool, uniformly at random. Later batches are chosen by rounds.

Where solutions are built step by step it is problems that are drawn, of those that nobody was asked about yet.
"""

import random

from django.db import transaction
from django.utils.translation import gettext

from annotation import queue
from annotation.errors import Conflict, FieldError, InvalidInput
from annotation.models import Batch, Problem, Project, Protocol, Solution, User
from annotation.queue import QueueEntry


def draw(
    *, project: Project, count: int, seed: int, name: str = "", labels_each: int = 1, actor: User | None = None
) -> Batch:
    """Queue what this project's protocol labels: `queue_from_pool` or `queue_problems`."""
    verb = queue_problems if project.protocol == Protocol.STEP_BY_STEP else queue_from_pool
    return verb(project=project, count=count, seed=seed, name=name, labels_each=labels_each, actor=actor)


@transaction.atomic
def queue_from_pool(
    *, project: Project, count: int, seed: int, name: str = "", labels_each: int = 1, actor: User | None = None
) -> Batch:
    """Queue `count` solutions of the pool (all of it where it holds fewer); the same pool and seed give the same batch.

    Raises `InvalidInput` for a count below 1, `Conflict("empty_pool")` where there is nothing to choose from.
    """
    _require_some(count)
    pool = list(Solution.objects.pool(project).order_by("pk").values_list("pk", flat=True))
    if not pool:
        raise Conflict("empty_pool", gettext("The pool is empty. Import solutions into it first."))
    chosen = random.Random(seed).sample(pool, min(count, len(pool)))  # noqa: S311 (a reproducible sample, no secret)
    return queue.enqueue(
        project=project,
        entries=[QueueEntry(solution_id=pk) for pk in chosen],
        name=name or f"{len(chosen)} from the pool, uniform, seed {seed}",
        generation=0,
        labels_each=labels_each,
        actor=actor,
    )


@transaction.atomic
def queue_problems(
    *, project: Project, count: int, seed: int, name: str = "", labels_each: int = 1, actor: User | None = None
) -> Batch:
    """Queue `count` problems that nobody was asked about yet, to be solved step by step; the same problems and seed give the same batch.

    Raises `InvalidInput` for a count below 1, `Conflict("empty_pool")` where every problem is queued.
    """
    _require_some(count)
    waiting = list(Problem.objects.never_queued(project).order_by("pk").values_list("pk", flat=True))
    if not waiting:
        raise Conflict("empty_pool", gettext("Every problem is queued. Import more of them first."))
    chosen = random.Random(seed).sample(waiting, min(count, len(waiting)))  # noqa: S311 (reproducible, no secret)
    return queue.enqueue_problems(
        project=project,
        problems=chosen,
        name=name or f"{len(chosen)} problems, uniform, seed {seed}",
        labels_each=labels_each,
        actor=actor,
    )


def _require_some(count: int) -> None:
    if count < 1:
        raise InvalidInput(
            gettext("A batch holds one item or more."), errors=[FieldError("count", gettext("must be 1 or more"))]
        )
