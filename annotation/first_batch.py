"""A batch before any model exists: solutions from the pool, uniformly at random. Later batches are chosen by rounds."""

import random

from django.db import transaction
from django.utils.translation import gettext

from annotation import queue
from annotation.errors import Conflict, FieldError, InvalidInput
from annotation.models import Batch, Project, Solution, User
from annotation.queue import QueueEntry


@transaction.atomic
def queue_from_pool(
    *, project: Project, count: int, seed: int, name: str = "", labels_each: int = 1, actor: User | None = None
) -> Batch:
    """Queue `count` solutions of the pool (all of it where it holds fewer); the same pool and seed give the same batch.

    Raises `InvalidInput` for a count below 1, `Conflict("empty_pool")` where there is nothing to choose from.
    """
    if count < 1:
        raise InvalidInput(
            gettext("A batch holds one solution or more."),
            errors=[FieldError("count", gettext("must be 1 or more"))],
        )
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
