"""Labelling: drafts, submissions, amendments, of either protocol. What a labeller sent is never lost and never counted twice.

A submission is one transaction, and its success is told only after it is committed. The client's own key names it for ever: the same
key again brings the same receipt, the same key with other content is refused. Work that comes late is kept beside the others' work.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_noop

from annotation import access, label_rules, queue, step_by_step, step_rules
from annotation.errors import Conflict, InvalidInput
from annotation.formats import prm800k
from annotation.label_rules import CheckedLabel
from annotation.models import (
    Annotation,
    Handout,
    Labeller,
    Protocol,
    StepRating,
    TurnState,
    User,
    WorkItem,
    WorkState,
)
from annotation.queue import Work

DRAFT_MAX_BYTES = 64 * 1024
KEY_REUSED = gettext_noop("This key was used before, for another submission. What was stored under it has not changed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a client sends. `client_key` is its own name for this act of submitting."""

    client_key: UUID
    label: Any
    reason: Any = None
    error_kind: Any = None
    error_note: Any = None

    def sha256(self, *, target: str) -> str:
        """Tells a repeat from a reuse of the key: the same content for the same target has the same hash."""
        content = [target, self.label, self.reason, self.error_kind, self.error_note]
        return _sha256(json.dumps(content, sort_keys=True, ensure_ascii=True))


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a stored label: the annotation's id and the SHA-256 of its PRM800K line, as any export will show it."""

    annotation: int
    sha256: str
    late: bool
    repeated: bool

    def as_dict(self) -> dict[str, Any]:
        return {"annotation": self.annotation, "sha256": self.sha256, "late": self.late}


@transaction.atomic
def save_draft(*, claim: Handout, version: int, draft: dict[str, Any]) -> tuple[int, datetime]:
    """Keep work in progress and renew the lease; returns the new version and the lease's end.

    Raises `Conflict("stale_draft")` with what is stored where another tab or machine saved since, `Conflict("lease_lost")`
    where the item went to somebody else (submitting it is still accepted, as late work).
    """
    if len(json.dumps(draft)) > DRAFT_MAX_BYTES:
        raise InvalidInput(f"A draft is at most {DRAFT_MAX_BYTES} bytes.")
    # Before any item: a submission under way holds this labeller and then their items, and both would wait for each other.
    list(Labeller.objects.locked().filter(pk=claim.labeller_id))
    mine = WorkItem.objects.filter(pk=claim.work_item_id, state=WorkState.OPEN, claimed_by=claim.labeller_id)
    saved = mine.filter(draft_version=version).update(draft=draft, draft_version=F("draft_version") + 1)
    stored = mine.values_list("draft_version", "draft").first()
    if stored is None:
        raise Conflict(
            "lease_lost", gettext("This item is no longer yours to hold. Your work is kept: go on and submit it.")
        )
    # The same draft sent again because the answer was lost is not a conflict.
    if not saved and stored != (version + 1, draft):
        raise Conflict(
            "stale_draft", gettext("This item was changed elsewhere since."), version=stored[0], draft=stored[1]
        )
    queue.renew(labeller=claim.labeller)
    end = mine.values_list("claimed_until", flat=True).first()
    if end is None:
        raise Conflict(
            "lease_lost", gettext("This item is no longer yours to hold. Your work is kept: go on and submit it.")
        )
    return stored[0], end


def submit(*, claim: Handout, submission: Submission) -> Receipt:
    """Store the label of a claimed item and close its work item, in one transaction.

    Raises `InvalidInput` for a label that the rules refuse, and `Conflict` with code `key_reused`, `already_labelled` or `batch_closed`.
    """
    with _reuse_told(submission), transaction.atomic():
        owner = Labeller.objects.locked().get(pk=claim.labeller_id)
        done = _submit(owner, claim.pk, submission)
        if done.closes:
            queue.close(done.closes)
        return done.receipt


def submit_and_claim(*, user: User, claim_id: int, submission: Submission) -> tuple[Receipt, Work]:
    """The same for a claim of this person, and the next work taken in the same transaction; none where the project is paused.

    Raises `NotFound` for a claim that was never theirs, and what `submit` raises.
    """
    with _reuse_told(submission), transaction.atomic():
        owner = access.claimant_locked(user=user, claim_id=claim_id)
        done = _submit(owner, claim_id, submission)
        claims = queue.top_up(owner=owner, held=done.others, closed=done.closes)
        return done.receipt, Work(claims, done.progress)


@contextmanager
def _reuse_told(submission: Submission) -> Iterator[None]:
    """Two people's use of one key at the same moment is seen by the constraint alone."""
    try:
        yield
    except IntegrityError as error:
        if Annotation.objects.filter(client_key=submission.client_key).exists():
            raise Conflict("key_reused", gettext(KEY_REUSED)) from error
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A stored submission, the item to be closed with it (none for late work and repeats), and what else its labeller holds."""

    receipt: Receipt
    closes: WorkItem | None
    others: list[Handout]
    progress: dict[str, int]


def _submit(owner: Labeller, claim_id: int, submission: Submission) -> _Done:
    """The labeller is locked already: a repeat finds what the first one stored, by flags that are read together with the item."""
    key_used = Exists(Annotation.objects.filter(client_key=submission.client_key))
    held: list[Any] = queue.held(
        owner=owner, with_claim=claim_id, key_used=key_used, labelled=_labelled(owner), database_now=Now()
    )
    (claim,) = (handout for handout in held if handout.pk == claim_id)
    claim.labeller, item = owner, claim.work_item
    others = [handout for handout in held if handout.work_item_id != item.pk]
    done = {"today": claim.today, "active_ms_today": claim.active_ms_today}
    request_sha256 = submission.sha256(target=f"claim {claim_id}")
    if claim.key_used:
        return _Done(receipt=_repeat(owner, submission, request_sha256), closes=None, others=others, progress=done)
    if claim.labelled:
        queue.refuse_second_label(item=item, labeller=owner)
    queue.require_open_batch(item)
    checked = _check(item, claim, submission)
    late = item.state != WorkState.OPEN or item.claimed_by_id not in (None, owner.pk)
    annotation = _store(
        item=_extra_item(item) if late else item, labeller=owner, submission=submission, checked=checked, now=claim.database_now,
        late=late, request_sha256=request_sha256,
    )  # fmt: skip
    receipt = Receipt(annotation.pk, annotation.sha256, late, repeated=False)
    progress = {"today": done["today"] + 1, "active_ms_today": done["active_ms_today"] + checked.total_time}
    return _Done(receipt=receipt, closes=None if late else item, others=others, progress=progress)


def _labelled(owner: Labeller) -> Exists:
    """Whether this labeller has a record of a handout's solution already; of its problem, where solutions are built step by step."""
    mine = Annotation.objects.filter(labeller=owner)
    if owner.project.protocol == Protocol.STEP_BY_STEP:
        return Exists(mine.filter(solution__isnull=True, work_item__problem=OuterRef("work_item__problem")))
    return Exists(mine.filter(solution=OuterRef("work_item__solution")))


def _repeat(labeller: Labeller, submission: Submission, request_sha256: str) -> Receipt:
    """The receipt of the first time that this key was used. Raises `Conflict("key_reused")` where that was with other content."""
    earlier = Annotation.objects.get(client_key=submission.client_key)
    if earlier.request_sha256 != request_sha256 or earlier.labeller_id != labeller.pk:
        raise Conflict("key_reused", gettext(KEY_REUSED))
    return Receipt(earlier.pk, earlier.sha256, earlier.late, repeated=True)


def _check(item: WorkItem, claim: Handout, submission: Submission) -> CheckedLabel:
    if item.solution is not None:
        return label_rules.whole_solution(
            submission.label, steps=item.solution.steps, alternatives=item.solution.alternatives
        )
    ready = [turn for turn in step_by_step.settled(claim) if turn.state != TurnState.MAKING]
    return step_rules.step_by_step(submission.label, turns=[step_by_step.offered_at(turn) for turn in ready])


def _check_again(item: WorkItem, annotation: Annotation, submission: Submission) -> CheckedLabel:
    """An amendment rates what was rated; a conversation stays the one that it was."""
    if item.solution is not None:
        return label_rules.whole_solution(
            submission.label, steps=item.solution.steps, alternatives=item.solution.alternatives
        )
    turns = [turn for turn, _ in step_rules.turns_of(json.loads(annotation.label))]
    return step_rules.step_by_step(submission.label, turns=turns)


def _extra_item(item: WorkItem) -> WorkItem:
    """A closed work item of its own for a late label, so that the wanted one keeps its single label."""
    return WorkItem.objects.create(
        project_id=item.project_id,
        batch=item.batch,
        problem=item.problem,
        solution=item.solution,
        state=WorkState.CLOSED,
        generation=item.generation,
        verifier_score=item.verifier_score,
        is_quality_control=item.is_quality_control,
        is_initial_screening=item.is_initial_screening,
    )


def amend(*, annotation: Annotation, submission: Submission) -> Receipt:
    """Correct an earlier label by a further revision; what was said before stays.

    Raises `Conflict("superseded")` with the live revision's id where `annotation` is not the newest.
    """
    with transaction.atomic():
        item, now = queue.lock(work_item_id=annotation.work_item_id, labeller=annotation.labeller)
        request_sha256 = submission.sha256(target=f"annotation {annotation.pk}")
        if Annotation.objects.filter(client_key=submission.client_key).exists():
            return _repeat(annotation.labeller, submission, request_sha256)
        newest = Annotation.objects.filter(work_item=item).order_by("-revision").first()
        if newest is None or newest.pk != annotation.pk:
            raise Conflict(
                "superseded", gettext("This label was amended since."), annotation=newest.pk if newest else None
            )
        stored = _store(
            item=item,
            labeller=annotation.labeller,
            submission=submission,
            checked=_check_again(item, annotation, submission),
            now=now,
            late=annotation.late,
            request_sha256=request_sha256,
            revision=annotation.revision + 1,
        )
        return Receipt(stored.pk, stored.sha256, stored.late, repeated=False)


def _store(
    *,
    item: WorkItem,
    labeller: Labeller,
    submission: Submission,
    checked: CheckedLabel,
    now: datetime,
    late: bool,
    request_sha256: str,
    revision: int = 0,
) -> Annotation:
    question = _question(item)
    line = prm800k.write_record(
        labeller=str(labeller.uuid),
        submitted_at=now,
        generation=item.generation,
        is_quality_control=item.is_quality_control,
        is_initial_screening=item.is_initial_screening,
        question=question,
        label=checked.label,
    )
    annotation = Annotation.objects.create(
        project_id=item.project_id,
        work_item=item,
        solution_id=item.solution_id,
        labeller=labeller,
        revision=revision,
        client_key=submission.client_key,
        request_sha256=request_sha256,
        submitted_at=now,
        total_time=checked.total_time,
        finish_reason=checked.finish_reason,
        question=json.dumps(question, ensure_ascii=False),
        label=json.dumps(checked.label, ensure_ascii=False),
        sha256=_sha256(line),
        late=late,
        reason=label_rules.reason_text(submission.reason, finish_reason=checked.finish_reason),
        error_kind=label_rules.short_text(submission.error_kind, field="error_kind")[:40],
        error_note=label_rules.short_text(submission.error_note, field="error_note"),
    )
    StepRating.objects.bulk_create(
        StepRating(annotation=annotation, step=r.step, completion=r.completion, rating=r.rating, flagged=r.flagged)
        for r in checked.ratings
    )
    return annotation


def _question(item: WorkItem) -> dict[str, Any]:
    """The record's `question`, keys in PRM800K's order; what was built step by step has no solution in it."""
    if item.solution is None:
        return {"problem": item.problem.text, "ground_truth_answer": item.problem.answer}
    return {
        "problem": item.problem.text,
        "ground_truth_solution": item.problem.solution,
        "ground_truth_answer": item.problem.answer,
        "pre_generated_steps": item.solution.steps,
        "pre_generated_answer": item.solution.answer,
        "pre_generated_verifier_score": item.verifier_score,
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
