"""The live supplier: next steps made while a labeller works, by a function that the setting `STEP_SUPPLIER` names.

    def next_steps(*, problem: str, steps: Sequence[str], count: int, seed: int) -> list[str]

It is never called in the web process. What is wanted is a row; a worker takes it like any other job, and whatever comes of it (steps,
an error, a silence) ends in an open turn: a labeller never waits for longer than `STEP_SUPPLIER_SECONDS`. Where the setting says `scorer`,
the process that holds models open takes the rows instead (`run_next`), and no worker is told of them.
"""

from collections.abc import Callable, Sequence
from functools import partial
from random import SystemRandom
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from annotation import jobs
from annotation.fingerprints import json_sha256
from annotation.models import Handout, JobState, StepSupply, Turn, TurnState, WorkState
from annotation.models.conversations import is_overdue
from annotation.near_identical import merged
from annotation.step_rules import can_be_offered

SCORER = "scorer"
COUNT = 5  # next steps that are asked for and the most that are offered: each of them is to be rated
MOST_LOOKED_AT = 100
WAITING = (JobState.PENDING, JobState.RUNNING)
TOO_LATE = "No next steps came in time."

Make = Callable[..., Any]  # `next_steps`, above

log = structlog.get_logger(__name__)


def ask(*, handout: Handout, steps: Sequence[str]) -> StepSupply | None:
    """The supply behind these steps, asked for now if it was not before; None where no supplier is named. Call it in a transaction.

    The row is locked until that ends, so that a worker who finishes it meanwhile sees the turn that waits for it. One that failed before is
    asked for once more: the labeller came back to it.
    """
    if not settings.STEP_SUPPLIER:
        return None
    supply, made = StepSupply.objects.select_for_update().get_or_create(
        handout=handout, steps_sha256=json_sha256(list(steps)), defaults={"steps": list(steps)}
    )
    if supply.state in (JobState.FAILED, JobState.CANCELLED):
        supply.state, made = JobState.PENDING, True
        StepSupply.objects.filter(pk=supply.pk).update(state=JobState.PENDING, requested_at=Now(), error="")
    if made:
        nudge(supply.pk)
    return supply


def nudge(pk: int) -> None:
    """Tell a worker once this is committed. Robust: where the broker is away the reaper finds the row."""
    if settings.STEP_SUPPLIER == SCORER:
        return
    transaction.on_commit(partial(current_app.send_task, "annotation.tasks.supply_steps", [pk]), robust=True)


def run(*, pk: int) -> None:
    """Have the supplier make the steps, if the row still waits for a worker and its conversation goes on."""
    if settings.STEP_SUPPLIER == SCORER:
        return  # a message of before the setting was changed
    supply = jobs.take(kind=StepSupply, pk=pk, worker=jobs.this_process())
    if supply is not None:
        _carry_out(supply, _named)


def run_next(*, make: Make) -> bool:
    """The row that has waited longest, by a function that stands open. False where none waits."""
    due = jobs.due(kind=StepSupply).order_by("pk").values_list("pk", flat=True).first()
    if due is None:
        return False
    supply = jobs.take(kind=StepSupply, pk=due, worker=jobs.this_process())
    if supply is not None:
        _carry_out(supply, make)
    return True


def _carry_out(supply: StepSupply, make: Make) -> None:
    if _is_over(supply):
        jobs.cancel(kind=StepSupply, pk=supply.pk)
        return
    try:
        with jobs.heartbeat(supply):
            made = _made(supply, make)
    # The function is not ours: whatever it raises (Celery's time limit too) is told on the row, and the labeller goes on.
    except Exception as error:
        log.warning("the step supplier failed", supply=supply.pk, exc_info=True)
        _settle(supply, [], error=f"The supplier failed ({type(error).__name__}).")
        return
    _settle(supply, made, error="The supplier brought nothing that can be offered.")


def _is_over(supply: StepSupply) -> bool:
    """Nobody waits any more: the item was submitted, given back, or went to somebody else."""
    held = supply.handout.work_item
    return held.state != WorkState.OPEN or held.claimed_by_id != supply.handout.labeller_id


def _named(**asked: Any) -> Any:
    next_steps: Make = import_string(settings.STEP_SUPPLIER)
    return next_steps(**asked)


def _made(supply: StepSupply, make: Make) -> list[str]:
    problem = supply.handout.work_item.problem.text
    made = make(problem=problem, steps=tuple(supply.steps), count=COUNT, seed=supply.pk)
    if not isinstance(made, list | tuple):
        raise TypeError(f"it returned {type(made).__name__}, not a list of texts")
    return merged(text for text in made[:MOST_LOOKED_AT] if can_be_offered(text))[:COUNT]


def _settle(supply: StepSupply, made: list[str], *, error: str) -> None:
    """The steps, or why there are none, and the turn that waits for them: in one transaction. A stale attempt changes nothing."""
    with transaction.atomic():
        done = jobs.mine(supply)
        if made:
            ended = done.update(state=JobState.DONE, finished_at=Now(), alternatives=made)
        else:
            ended = done.update(state=JobState.FAILED, finished_at=Now(), error=error)
        if ended:
            _open_turn(supply.pk, made)


def _open_turn(supply: int, made: list[str]) -> None:
    Turn.objects.filter(supply=supply, state=TurnState.MAKING).update(
        state=TurnState.OPEN, alternatives=made, order=drawn(len(made)), failed=not made
    )


def drawn(count: int) -> list[int]:
    """A random order of so many alternatives; nobody can know it beforehand."""
    return SystemRandom().sample(range(count), count)


def give_up_overdue(supplies: "models.QuerySet[StepSupply]") -> None:
    """End what kept a labeller waiting for too long, or is over without any steps: their turn opens without alternatives."""
    waited_for = Turn.objects.filter(state=TurnState.MAKING).values("supply")
    overdue = models.Q(is_overdue(), state__in=WAITING)
    without = models.Q(state__in=(JobState.FAILED, JobState.CANCELLED), pk__in=waited_for)
    for pk in supplies.filter(overdue | without).values_list("pk", flat=True):
        with transaction.atomic():
            row = StepSupply.objects.filter(pk=pk)
            row.filter(state__in=WAITING).update(state=JobState.FAILED, finished_at=Now(), error=TOO_LATE)
            if row.exclude(state=JobState.DONE).exists():
                _open_turn(pk, [])


def reap() -> list[int]:
    """Bring back what died with its worker, end what is overdue, and return the supplies that a worker is to be told of."""
    jobs.bring_back_gone(kind=StepSupply)
    jobs.reap(kind=StepSupply)
    give_up_overdue(StepSupply.objects.all())
    if settings.STEP_SUPPLIER == SCORER:
        return []
    return list(jobs.due(kind=StepSupply).order_by("pk").values_list("pk", flat=True))
