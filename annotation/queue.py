"""The queue: which work item goes to whom, and when. One wanted label is one row, and its lease sits on that row.

Two people never hold one item: a free row is locked with SKIP LOCKED (PostgreSQL) or inside an IMMEDIATE transaction (SQLite)
and taken in the same transaction. An expired lease needs no sweeper: it is free to take in the same query, by database time.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext

from annotation import access, audit, turns
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
        raise Conflict(
            "wrong_protocol", gettext("Here solutions are built step by step: queue problems, not solutions.")
        )
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
        raise Conflict("wrong_protocol", gettext("Here whole solutions are graded: queue solutions, not problems."))
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


# --- claiming: one labeller's requests wait for each other, so that two tabs cannot hold four items or one solution twice -----------


@dataclass(frozen=True, slots=True)
class Work:
    """What a labeller holds, oldest first, and how far they came today: `{today, active_ms_today}`."""

    claims: list[Handout]
    progress: dict[str, int]


@transaction.atomic
def claim(*, labeller: Labeller) -> list[Handout]:
    """Top up what this labeller holds to `CLAIMS_HELD` and return all of it, oldest first; every lease in it is renewed.

    An item whose lease ran out but that nobody else took is still theirs, draft and all. Raises `Conflict("paused")`.
    """
    owner = Labeller.objects.locked().get(pk=labeller.pk)
    require_running(owner)
    return top_up(owner=owner, held=held(owner=owner))


@transaction.atomic
def claim_in(*, user: User, slug: str) -> Work | None:
    """The same for a member of a project, in as few queries as it takes; None where nothing is held and nothing left.

    Raises `NotFound` for others, `Conflict("paused")`.
    """
    owner = access.labeller_locked(user=user, slug=slug)
    require_running(owner)
    claims = top_up(owner=owner, held=held(owner=owner))
    if not claims:
        return None
    counted: Any = claims[0] if hasattr(claims[0], "today") else claims[0].work_item
    return Work(claims, {"today": counted.today, "active_ms_today": counted.active_ms_today})


def require_running(owner: Labeller) -> None:
    if owner.project.paused:
        raise Conflict("paused", gettext("This project is paused. What you have done is saved."))


def held(*, owner: Labeller, with_claim: int | None = None, **more: Any) -> list[Handout]:
    """What is this (locked) labeller's to hold now, their items locked too; and `with_claim`, whoever may have its item by now.

    `more` are further annotations beside the labeller's progress. Whoever waits
    here for another's transaction sees what that did: an item that was just taken from them is theirs no more.
    """
    newer = Handout.objects.filter(labeller=owner, work_item=OuterRef("work_item"), pk__gt=OuterRef("pk"))
    theirs = Q(work_item__claimed_by=owner, work_item__state=WorkState.OPEN, work_item__batch__state=BatchState.OPEN)
    return list(
        Handout.objects.select_for_update(of=("work_item",))
        .select_related("work_item__problem", "work_item__solution", "work_item__batch")
        .filter(Q(pk=with_claim) | (theirs & ~Exists(newer)), labeller=owner)
        .annotate(**Annotation.objects.progress_of(owner), **more)
        .order_by("pk")
    )


def top_up(*, owner: Labeller, held: list[Handout], closed: WorkItem | None = None) -> list[Handout]:
    """Take what is missing to `CLAIMS_HELD` and write all leases at once; `closed` was labelled and is nobody's from here on.

    Returns what is held then. In a paused project that is nothing, but `closed` is closed.
    """
    paused = owner.project.paused
    kept = [] if paused else [handout.work_item for handout in held]
    fresh: list[WorkItem] = []
    known = [*kept, *([closed] if closed else [])]
    while not paused and len(kept) + len(fresh) < settings.CLAIMS_HELD:
        # Whoever holds nothing and submits nothing has not been told yet how far they came today.
        item = _best_free(owner, besides=[*known, *fresh], counted=not held and closed is None)
        if item is None:
            break
        fresh.append(item)
    _write_leases(owner, kept=kept, fresh=fresh, closed=closed)
    taken = Handout.objects.bulk_create([Handout(work_item=item, labeller=owner) for item in fresh])
    turns.open_conversations(taken)
    return [] if paused else [*held, *taken]


def _best_free(owner: Labeller, *, besides: list[WorkItem], counted: bool) -> WorkItem | None:
    """The best free item, locked, that is none of these nor of their solutions. What they gave back comes last: a skip means "not now".

    `counted`: with the labeller's progress beside it.
    """
    free = (
        WorkItem.objects.open_for(owner)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("problem", "solution")
        .order_by("-priority", "pk")
    )
    if owner.project.protocol == Protocol.STEP_BY_STEP:
        free = free.exclude(problem__in=[item.problem_id for item in besides])
    else:
        free = free.exclude(solution__in=[item.solution_id for item in besides])
    if counted:
        free = free.annotate(**Annotation.objects.progress_of(owner))
    skipped = Handout.objects.filter(labeller=owner, work_item__state=WorkState.OPEN).values("work_item")
    return free.exclude(pk__in=skipped).first() or free.first()


def _write_leases(owner: Labeller, *, kept: list[WorkItem], fresh: list[WorkItem], closed: WorkItem | None) -> None:
    """One statement: a fresh lease for what is kept and taken, none for what is closed; a draft goes on where its item is kept alone."""
    if not (kept or fresh or closed):
        return
    now: datetime = owner.database_now  # type: ignore[attr-defined]  # what `locked` annotates
    until = now + timedelta(seconds=settings.LEASE_SECONDS)
    mine, stays = Q(pk__in=[item.pk for item in [*kept, *fresh]]), Q(pk__in=[item.pk for item in kept])
    WorkItem.objects.filter(mine | Q(pk=closed and closed.pk)).update(
        state=Case(When(mine, then=F("state")), default=Value(WorkState.CLOSED)),
        claimed_by=Case(When(mine, then=Value(owner.pk))),
        claimed_until=Case(When(mine, then=Value(until))),
        draft=Case(When(stays, then=F("draft"))),
        draft_version=Case(When(stays, then=F("draft_version")), default=Value(0)),
    )
    for item in fresh:
        item.draft, item.draft_version = None, 0
    for item in [*kept, *fresh]:
        item.claimed_by, item.claimed_until = owner, until


def lock(*, work_item_id: int, labeller: Labeller) -> tuple[WorkItem, datetime]:
    """The work item, locked until the transaction ends, and the database's time.

    The labeller is locked first: one person's writes wait for each other, so a repeat sees what the first one stored.
    """
    Labeller.objects.locked().get(pk=labeller.pk)
    item = (
        WorkItem.objects.select_for_update(of=("self",))
        .select_related("problem", "solution", "batch")
        .annotate(database_now=Now())
        .get(pk=work_item_id)
    )
    return item, item.database_now  # type: ignore[attr-defined]  # the annotation above


def refuse_second_label(*, item: WorkItem, labeller: Labeller) -> None:
    """Raises `Conflict("already_labelled")` where this labeller did this solution (or built this problem) before."""
    if done := Annotation.objects.of(item, labeller).order_by("-pk").first():
        message = gettext("You labelled this already; open it in your history to change it.")
        raise Conflict("already_labelled", message, annotation=done.pk)


def require_open_batch(item: WorkItem) -> None:
    """Raises `Conflict("batch_closed")`."""
    if item.batch.state != BatchState.OPEN or item.state == WorkState.WITHDRAWN:
        raise Conflict("batch_closed", gettext("This batch was closed; its items take no more labels."))


def renew(*, labeller: Labeller) -> None:
    """Give every item that is still this labeller's a fresh lease."""
    WorkItem.objects.filter(state=WorkState.OPEN, claimed_by=labeller).update(claimed_until=_lease_end())


def close(item: WorkItem) -> None:
    """It has its label."""
    WorkItem.objects.filter(pk=item.pk).update(
        state=WorkState.CLOSED, claimed_by=None, claimed_until=None, draft=None, draft_version=0
    )


@transaction.atomic
def release(*, handout: Handout) -> None:
    """Give an item back, draft and all; nothing happens where it is no longer this labeller's."""
    WorkItem.objects.filter(pk=handout.work_item_id, state=WorkState.OPEN, claimed_by=handout.labeller).update(
        claimed_by=None, claimed_until=None, draft=None, draft_version=0
    )


def _lease_end() -> object:
    return Now() + timedelta(seconds=settings.LEASE_SECONDS)
