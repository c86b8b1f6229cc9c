"""A batch held until somebody has looked at it: a round told to wait stops between select and queue, for as long as it takes.

That it waits follows from its rows, so no worker, message or restart can lose it. Labellers meet nothing of it: no work item is there yet.
"""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext

from activelearning.models import Round, RoundState, Selected, StageName
from annotation import audit
from annotation.errors import Conflict, FieldError, InvalidInput
from annotation.models import JobState, User


def withheld(round_: Round) -> bool:
    """Whether its choices may not be queued yet."""
    return bool(round_.config.get("approve")) and round_.approved_at is None


def awaited(round_: Round) -> bool:
    """Whether it has chosen and now waits for somebody's word."""
    if round_.state != RoundState.RUNNING or not withheld(round_):
        return False
    return round_.stages.filter(name=StageName.SELECT, state=JobState.DONE).exists()


@transaction.atomic
def mark(
    *, round_: Round, dropped: Collection[int] = (), kept: Collection[int] = (), actor: User | None = None
) -> None:
    """Take these solutions out of the batch that waits, and these back into it. What nobody names stays as it is.

    Raises `Conflict("not_awaited")`, `InvalidInput` for a solution that the round did not choose or that is named twice.
    """
    _locked(round_)
    if both := set(dropped) & set(kept):
        raise _refused("kept", gettext("names what is dropped too: %(named)s"), both)
    rows = Selected.objects.filter(round=round_)
    for field, named in (("dropped", set(dropped)), ("kept", set(kept))):
        there = set(rows.filter(solution__in=named).values_list("solution", flat=True))
        if unknown := named - there:
            raise _refused(field, gettext("names what this round did not choose: %(named)s"), unknown)
    rows.filter(solution__in=dropped, dropped_at__isnull=True).update(dropped_at=Now())
    rows.filter(solution__in=kept).update(dropped_at=None)
    audit.record(
        actor=actor,
        action="round.choices_marked",
        project=round_.project,
        round=round_.number,
        dropped=len(set(dropped)),
        kept=len(set(kept)),
    )


@transaction.atomic
def approve(*, round_: Round, actor: User | None = None) -> None:
    """Let through what was not dropped; the queue stage is due from here on.

    Raises `Conflict("not_awaited")`, `Conflict("nothing_left")` where everything was dropped: then cancel the round.
    """
    _locked(round_)
    left = Selected.objects.filter(round=round_, dropped_at__isnull=True).count()
    if not left:
        raise Conflict("nothing_left", gettext("Everything was dropped. Take something back, or cancel the round."))
    Round.objects.filter(pk=round_.pk).update(approved_at=Now())
    audit.record(actor=actor, action="round.approved", project=round_.project, round=round_.number, items=left)


def _locked(round_: Round) -> None:
    """The round's row is locked till the transaction ends: who cancels, approves or drops meanwhile comes before or after."""
    if not awaited(Round.objects.select_for_update().get(pk=round_.pk)):
        raise Conflict(
            "not_awaited", gettext("Round %(number)d is not waiting for approval.") % {"number": round_.number}
        )


def _refused(field: str, said: str, named: Collection[int]) -> InvalidInput:
    listed: dict[str, Any] = {"named": ", ".join(str(pk) for pk in sorted(named)[:10])}
    return InvalidInput(gettext("Some fields were refused."), errors=[FieldError(field, said % listed)])
