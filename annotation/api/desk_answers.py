"""What the desk's API takes and shows. Every answer lists its fields by name.

What a labeller must not see (scores, gold, correctness, the reference solution, others' labels) is in no list here.
"""

import json
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request

from annotation import step_rules
from annotation.errors import FieldError, InvalidInput
from annotation.models import Annotation, Handout, Turn, TurnState, User, WorkItem


class ProblemShown(serializers.Serializer[Any]):
    text = serializers.CharField()
    answer = serializers.CharField(allow_null=True)


class MarkShown(serializers.Serializer[Any]):
    rating = serializers.IntegerField(allow_null=True, min_value=-1, max_value=1)
    flagged = serializers.BooleanField()


class WrittenShown(serializers.Serializer[Any]):
    text = serializers.CharField()
    flagged = serializers.BooleanField()


class TurnShown(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=TurnState.choices)
    alternatives = serializers.ListField(child=serializers.CharField())
    order = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Drawn once: the first Great in it goes on, else the first Okay.",
    )
    ratings = MarkShown(many=True, allow_null=True)
    written = WrittenShown(allow_null=True)
    chosen = serializers.IntegerField(allow_null=True)
    failed = serializers.BooleanField(help_text="The supplier brought nothing: write the step.")


class ClaimShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    problem = ProblemShown()
    steps = serializers.ListField(child=serializers.CharField())
    answer = serializers.CharField(allow_null=True)
    alternatives = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    turns = TurnShown(
        many=True, allow_null=True, help_text="Of an item to be built step by step; null for a whole solution."
    )
    draft = serializers.JSONField(allow_null=True)
    draft_version = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Null once the item is no longer yours to hold.")


class ProgressShown(serializers.Serializer[Any]):
    today = serializers.IntegerField()
    active_ms_today = serializers.IntegerField()


class WorkShown(serializers.Serializer[Any]):
    claims = ClaimShown(many=True)
    progress = ProgressShown()


class DraftGiven(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    draft = serializers.JSONField()


class DraftShown(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class SubmissionGiven(serializers.Serializer[Any]):
    client_key = serializers.UUIDField()
    label = serializers.JSONField(  # type: ignore[assignment]  # named as in the record
        help_text="As in PRM800K: steps, total_time (milliseconds), finish_reason."
    )
    reason = serializers.CharField(required=False)
    error_kind = serializers.CharField(required=False)
    error_note = serializers.CharField(required=False)


class StepGiven(serializers.Serializer[Any]):
    client_key = serializers.UUIDField()
    turn = serializers.IntegerField(min_value=0)
    ratings = MarkShown(many=True)
    written = WrittenShown(required=False, help_text="Where no alternative is Great or Okay.")


class GuessGiven(serializers.Serializer[Any]):
    turn = serializers.IntegerField(min_value=0)
    chosen = serializers.IntegerField(min_value=0)


class TurnsShown(serializers.Serializer[Any]):
    turns = TurnShown(many=True)


class ReceiptShown(serializers.Serializer[Any]):
    annotation = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="SHA-256 of the annotation's PRM800K line, as any export shows it.")
    late = serializers.BooleanField()


class SubmittedShown(WorkShown):
    receipt = ReceiptShown()


class AmendedShown(serializers.Serializer[Any]):
    receipt = ReceiptShown()


class MineShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    submitted_at = serializers.DateTimeField()
    revision = serializers.IntegerField()
    problem = ProblemShown()
    steps = serializers.ListField(child=serializers.CharField())
    answer = serializers.CharField(allow_null=True)
    alternatives = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    turns = TurnShown(many=True, allow_null=True)
    label = serializers.JSONField()  # type: ignore[assignment]  # named as in the record
    reason = serializers.CharField()
    error_kind = serializers.CharField()
    error_note = serializers.CharField()


class MineListShown(serializers.Serializer[Any]):
    results = MineShown(many=True)


class DayShown(serializers.Serializer[Any]):
    date = serializers.DateField()
    items = serializers.IntegerField()
    active_ms = serializers.IntegerField()


class DaysShown(serializers.Serializer[Any]):
    days = DayShown(many=True, help_text="Seven, in your own time zone; today comes last.")
    median_ms = serializers.IntegerField(allow_null=True, help_text="Active time an item today; null before the first.")


def claim_shown(claim: Handout) -> dict[str, Any]:
    """One claim; of step-by-step work its turns are to be there (`step_by_step.shown`)."""
    item = claim.work_item
    mine = item.claimed_by_id == claim.labeller_id  # else the draft is somebody else's
    return {
        "id": claim.pk,
        **_item(item),
        "turns": None if item.solution else [turn_shown(turn) for turn in claim.turns.all()],
        "draft": item.draft if mine else None,
        "draft_version": item.draft_version if mine else 0,
        "expires_at": item.claimed_until if mine else None,
    }


def _item(item: WorkItem) -> dict[str, Any]:
    return {
        "problem": {"text": item.problem.text, "answer": item.problem.answer},
        "steps": item.solution.steps if item.solution else [],
        "answer": item.solution.answer if item.solution else None,
        "alternatives": item.solution.alternatives if item.solution else {},
    }


def turn_shown(turn: Turn) -> dict[str, Any]:
    overdue = bool(getattr(turn, "overdue", False))
    return {
        "number": turn.number,
        "state": TurnState.OPEN if overdue else turn.state,
        "alternatives": turn.alternatives,
        "order": turn.order,
        "ratings": turn.ratings,
        "written": turn.written,
        "chosen": turn.chosen,
        "failed": turn.failed or overdue,
    }


def mine_shown(annotation: Annotation) -> dict[str, Any]:
    item, label = annotation.work_item, json.loads(annotation.label)
    return {
        "id": annotation.pk,
        "submitted_at": annotation.submitted_at,
        "revision": annotation.revision,
        **_item(item),
        "turns": None if item.solution else _turns_of(label),
        "label": label,
        "reason": annotation.reason,
        "error_kind": annotation.error_kind,
        "error_note": annotation.error_note,
    }


def _turns_of(label: dict[str, Any]) -> list[dict[str, Any]]:
    """The turns with the ratings as submitted."""
    return [
        {
            "number": number,
            "state": TurnState.ANSWERED,
            "alternatives": turn.alternatives,
            "order": turn.order,
            "ratings": answered.marks,
            "written": answered.written,
            "chosen": answered.chosen,
            "failed": False,
        }
        for number, (turn, answered) in enumerate(step_rules.turns_of(label))
    ]


def person(request: Request) -> User:
    if not isinstance(request.user, User):  # the permission class has refused everybody else already
        raise TypeError("a request without a person reached a view")
    return request.user


def client_key(data: Any) -> UUID:
    """The client's own name for what it does, unique for ever."""
    try:
        return UUID(data.get("client_key"))
    except (ValueError, TypeError, AttributeError):
        raise InvalidInput("This was refused.", errors=[FieldError("client_key", "must be a UUID")]) from None


def only(data: Any, fields: tuple[str, ...]) -> None:
    """Refuse fields that nobody asked for, so that a typing slip or a try at writing something else is told."""
    unknown = [FieldError(str(key), "is not a known field") for key in data if key not in fields]
    if unknown:
        raise InvalidInput("Some fields are not known.", errors=unknown)
