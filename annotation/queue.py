"""The queue: which work item goes to whom, and when. One wanted label is one row, and its lease sits on that row.

Two people never hold one item: a free row is locked with SKIP LOCKED (PostgreSQL) or inside an IMMEDIATE transaction (SQLite)
and taken in the same transaction. An expired lease needs no sweeper: it is free to take in the same query, by database time.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from annotation import audit, turns
from annotation.errors import Conflict, InvalidInput
from annotation.models import (
    Annotation,
    Batch,
    BatchState,
    Handout,
    Labeller,
    Problem,
    Project,
    Protocol,
    Purpose,
    Solution,
    Split,
    User,
    WorkItem,
    WorkState,
)

CHUNK = 1000
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """One solution to be labelled. `priority`: higher is served first. `verifier_score` is recorded, never shown to labellers."""

    solution_id: int
    priority: float = 0.0
    verifier_score: float | None = None
    is_quality_control: bool = False
    is_initial_screening: bool = False


def enqueue(
    *,
    project: Project,
    entries: Iterable[QueueEntry],
    name: str,
    generation: int | None = None,
    labels_each: int = 1,
    actor: User | None = None,
) -> Batch:
    """Queue solutions for `labels_each` labels each, as one batch that opens when all of it is there.

    Raises `InvalidInput` for a solution of another project, or of an evaluation problem: those are never labelled;
    `Conflict("wrong_protocol")` in a project that builds solutions step by step.
    """
    if project.protocol != Protocol.WHOLE_SOLUTION:
        raise Conflict("wrong_protocol", "Here solutions are built step by step: queue problems, not solutions.")
    with _batch(project, name, generation, labels_each, actor) as batch:
        for chunk in _chunks(entries):
            _add(project=project, batch=batch, entries=chunk, labels_each=labels_each)
    return batch


def enqueue_problems(
    *,
    project: Project,
    problems: Iterable[int],
    name: str,
    labels_each: int = 1,
    priority: float = 0.0,
    actor: User | None = None,
) -> Batch:
    """Queue problems (by their ids) whose solutions are to be built step by step, `labels_each` times each.

    Raises `InvalidInput` for a problem of another project or one kept for evaluation, `Conflict("wrong_protocol")`.
    """
    if project.protocol != Protocol.STEP_BY_STEP:
        raise Conflict("wrong_protocol", "Here whole solutions are graded: queue solutions, not problems.")
    with _batch(project, name, None, labels_each, actor) as batch:
        for chunk in _chunks(problems):
            found = Problem.objects.landed().filter(project=project, split=Split.LABEL, pk__in=chunk)
            if refused := sorted(set(chunk) - set(found.values_list("pk", flat=True))):
                raise InvalidInput(
                    f"These problems are not in this project or are kept for evaluation: {refused[:10]}."
                )
            WorkItem.objects.bulk_create(
                WorkItem(project=project, batch=batch, problem_id=pk, priority=priority)
                for pk in chunk
                for _ in range(labels_each)
            )
    return batch


@contextmanager
def _batch(
    project: Project, name: str, generation: int | None, labels_each: int, actor: User | None
) -> Iterator[Batch]:
    """A batch that opens, in one transaction with all that is queued into it."""
    if labels_each < 1:
        raise InvalidInput("labels_each must be 1 or more.")
    with transaction.atomic():
        batch = Batch.objects.create(project=project, name=name, generation=generation)
        yield batch
        Batch.objects.filter(pk=batch.pk).update(state=BatchState.OPEN)
        batch.state = BatchState.OPEN
        queued = batch.work_items.count()
        audit.record(actor=actor, action="batch.queued", project=project, batch=batch.pk, items=queued)


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    iterator = iter(entries)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def _add(*, project: Project, batch: Batch, entries: list[QueueEntry], labels_each: int) -> None:
    wanted = {entry.solution_id for entry in entries}
    problems = dict(
        Solution.objects.landed()
        .filter(project=project, pk__in=wanted, problem__split=Split.LABEL)
        .exclude(purpose=Purpose.EVALUATION)
        .values_list("pk", "problem_id")
    )
    if refused := sorted(wanted - problems.keys()):
        raise InvalidInput(f"These solutions are not in this project or are kept for evaluation: {refused[:10]}.")
    items = [
        WorkItem(
            project=project,
            batch=batch,
            problem_id=problems[entry.solution_id],
            solution_id=entry.solution_id,
            generation=batch.generation,
            priority=entry.priority,
            verifier_score=entry.verifier_score,
            is_quality_control=entry.is_quality_control,
            is_initial_screening=entry.is_initial_screening,
        )
        for entry in entries
        for _ in range(labels_each)
    ]
    WorkItem.objects.bulk_create(items)
    Solution.objects.filter(pk__in=wanted).update(purpose=Purpose.LABEL)


@transaction.atomic
def claim(*, labeller: Labeller) -> list[Handout]:
    """Top up what this labeller holds to `CLAIMS_HELD` and return all of it, oldest first; every lease in it is renewed.

    An item whose lease ran out but that nobody else took is still theirs, draft and all. Raises `Conflict("paused")`.
    """
    # One labeller's requests wait for each other here, so that two tabs cannot hold four items or one solution twice.
    owner = Labeller.objects.select_for_update(of=("self",)).select_related("project").get(pk=labeller.pk)
    if owner.project.paused:
        raise Conflict("paused", "This project is paused. What you have done is saved.")
    renew(labeller=owner)
    held = list(_still_mine(owner))
    fresh = set()
    while len(held) < settings.CLAIMS_HELD and (item := _take_one(owner)):
        held.append(item)
        fresh.add(item.pk)
    claims = _handouts(owner, held)
    turns.open_conversations(claim for claim in claims if claim.work_item_id in fresh)
    return claims


def lock(*, work_item_id: int, labeller: Labeller) -> tuple[WorkItem, datetime]:
    """The work item, locked until the transaction ends, and the database's time.

    The labeller is locked first: one person's writes wait for each other, so a repeat sees what the first one stored.
    """
    Labeller.objects.select_for_update().get(pk=labeller.pk)
    item = (
        WorkItem.objects.select_for_update(of=("self",))
        .select_related("problem", "solution", "batch")
        .annotate(database_now=Now())
        .get(pk=work_item_id)
    )
    return item, item.database_now  # type: ignore[attr-defined]  # the annotation above


def require_open(*, item: WorkItem, labeller: Labeller) -> None:
    """Raises `Conflict` with `already_labelled` where this labeller did this solution (or built this problem) before, or `batch_closed`."""
    if done := Annotation.objects.of(item, labeller).order_by("-pk").first():
        message = "You labelled this already; open it in your history to change it."
        raise Conflict("already_labelled", message, annotation=done.pk)
    if item.batch.state != BatchState.OPEN or item.state == WorkState.WITHDRAWN:
        raise Conflict("batch_closed", "This batch was closed; its items take no more labels.")


def renew(*, labeller: Labeller) -> None:
    """Give every item that is still this labeller's a fresh lease."""
    WorkItem.objects.filter(state=WorkState.OPEN, claimed_by=labeller).update(claimed_until=_lease_end())


@transaction.atomic
def release(*, handout: Handout) -> None:
    """Give an item back, draft and all; nothing happens where it is no longer this labeller's."""
    WorkItem.objects.filter(pk=handout.work_item_id, state=WorkState.OPEN, claimed_by=handout.labeller).update(
        claimed_by=None, claimed_until=None, draft=None, draft_version=0
    )


def _still_mine(labeller: Labeller) -> Iterable[WorkItem]:
    return (
        WorkItem.objects.select_for_update(of=("self",))
        .filter(state=WorkState.OPEN, claimed_by=labeller, batch__state=BatchState.OPEN)
        .order_by("pk")
    )


def _take_one(labeller: Labeller) -> WorkItem | None:
    """The best free item, now this labeller's. Work that they gave back comes last: a skip means "not now"."""
    free = (
        WorkItem.objects.open_for(labeller)
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("-priority", "pk")
    )
    skipped = Handout.objects.filter(labeller=labeller, work_item__state=WorkState.OPEN).values("work_item")
    item = free.exclude(pk__in=skipped).first() or free.first()
    if item is None:
        return None
    WorkItem.objects.filter(pk=item.pk).update(
        claimed_by=labeller, claimed_until=_lease_end(), draft=None, draft_version=0
    )
    Handout.objects.create(work_item=item, labeller=labeller)
    return item


def _handouts(labeller: Labeller, items: list[WorkItem]) -> list[Handout]:
    """The claim of each item: its newest handout to this labeller."""
    newest: dict[int, Handout] = {}
    found = Handout.objects.filter(labeller=labeller, work_item__in=items).select_related(
        "work_item__problem", "work_item__solution"
    )
    for handout in found.order_by("pk"):
        newest[handout.work_item_id] = handout
    return sorted(newest.values(), key=lambda handout: handout.pk)


def _lease_end() -> object:
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)
