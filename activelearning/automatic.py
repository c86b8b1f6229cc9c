"""Rounds that start by themselves: after so many new labels, with the configuration of the last round.

Only a round that was finished is followed by another: where the last one failed or was cancelled, somebody has to look first. That one
round a project runs at a time is the constraint's business, so two clocks at once start one round.
"""

from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction

from activelearning import rounds
from activelearning.models import Loop, Round, RoundState
from annotation import audit, snapshots
from annotation.errors import DomainError, FieldError, InvalidInput
from annotation.models import Annotation, AuditEntry, Project, User

MOST = 1_000_000  # labels

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`after`: labels that start a round, None where none does.

    `waits_for`: labels, a_first_round, the_running_round, somebody; empty where nothing is missing.
    """

    after: int | None
    new_labels: int
    waits_for: str

    def as_dict(self) -> dict[str, Any]:
        return {"auto_round_after": self.after, "new_labels": self.new_labels, "waits_for": self.waits_for}


def standing(project: Project) -> Standing:
    """How far the next round is."""
    after = Loop.objects.filter(project=project).values_list("auto_round_after", flat=True).first()
    last = _last(project)
    new = new_labels(project, last) if last else 0
    if last is None:
        waits = "a_first_round"
    elif last.state == RoundState.RUNNING:
        waits = "the_running_round"
    elif last.state != RoundState.DONE:
        waits = "somebody"
    else:
        waits = "labels" if after is not None and new < after else ""
    return Standing(after=after, new_labels=new, waits_for=waits)


def was_started(round_: Round) -> bool:
    """Whether this round started by itself."""
    said = {"data__round": round_.number, "data__automatically": True}
    return AuditEntry.objects.filter(project=round_.project_id, action="round.started", **said).exists()


def set_after(*, project: Project, after: object, actor: User | None) -> None:
    """Start rounds after so many new labels, or (None) never by themselves. Raises `InvalidInput` for what is no such number."""
    if after is not None and (isinstance(after, bool) or not isinstance(after, int) or not 1 <= after <= MOST):
        message = f"must be null or a whole number from 1 to {MOST}"
        raise InvalidInput(message, errors=[FieldError("auto_round_after", message)])
    with transaction.atomic():
        Loop.objects.update_or_create(project=project, defaults={"auto_round_after": after})
        audit.record(actor=actor, action="loop.changed", project=project, auto_round_after=after)


def start_due() -> list[Round]:
    """Start the round of every project that is due; the rounds that this call started."""
    projects = Project.objects.filter(loop__auto_round_after__isnull=False)
    return [started for project in projects if (started := _start_if_due(project)) is not None]


def _start_if_due(project: Project) -> Round | None:
    found = standing(project)
    last = _last(project)
    if found.after is None or found.waits_for or last is None:
        return None
    try:
        return rounds.start_round(project=project, config=last.config, automatically=True)
    except DomainError as refusal:  # another clock was first, or its configuration cannot be any more
        log.info("no round was started", project=project.slug, reason=refusal.message)
        return None


def new_labels(project: Project, last: Round) -> int:
    """Labels that came in since the last round froze its own; what corrects an earlier label is none."""
    rows = Annotation.objects.landed().filter(project=project, revision=0)
    if last.snapshot is not None:
        rows = rows.filter(pk__gt=snapshots.last_annotation(last.snapshot))
    return rows.count()


def _last(project: Project) -> Round | None:
    return Round.objects.filter(project=project).select_related("snapshot").order_by("-number").first()
