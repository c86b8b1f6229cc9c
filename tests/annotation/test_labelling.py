"""Submitting, repeating, amending, coming late: nothing is lost, nothing counts twice."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation import accounts, labelling, queue
from annotation.errors import Conflict, InvalidInput
from annotation.formats import prm800k
from annotation.labelling import Receipt, Submission
from annotation.models import (
    Annotation,
    Batch,
    BatchState,
    Handout,
    Labeller,
    Project,
    Role,
    StepRating,
    User,
    WorkItem,
    WorkState,
)
from annotation.queue import QueueEntry
from tests.factories import label, make_problem, make_queue, make_solution

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(project: Project, member: Callable[..., User]) -> Labeller:
    return accounts.labeller_of(project=project, user=member(Role.LABELLER, name="ada"))


@pytest.fixture
def ben(project: Project, member: Callable[..., User]) -> Labeller:
    return accounts.labeller_of(project=project, user=member(Role.LABELLER, name="ben"))


@pytest.fixture
def claim(project: Project, ada: Labeller) -> Handout:
    make_queue(project, verifier_score=0.25)
    return queue.claim(labeller=ada)[0]


def send(claim: Handout, given: Any = None, *, key: UUID | None = None, **fields: Any) -> Receipt:
    submission = Submission(client_key=key or uuid4(), label=label(1, 0, 1) if given is None else given, **fields)
    return labelling.submit(claim=claim, submission=submission)


def test_a_submission_closes_its_item_and_stores_every_rating(claim: Handout) -> None:
    receipt = send(claim)
    item = WorkItem.objects.get(pk=claim.work_item_id)
    assert (item.state, item.claimed_by_id, item.draft) == (WorkState.CLOSED, None, None)
    stored = StepRating.objects.filter(annotation=receipt.annotation).order_by("step").values_list("rating", flat=True)
    assert list(stored) == [1, 0, 1]


def test_the_receipt_is_the_hash_of_the_line_that_an_export_shows(claim: Handout) -> None:
    receipt = send(claim)
    stored = Annotation.objects.get(pk=receipt.annotation)
    line = prm800k.write_record(
        labeller=str(stored.labeller.uuid),
        submitted_at=stored.submitted_at,
        generation=stored.work_item.generation,
        is_quality_control=False,
        is_initial_screening=False,
        question=json.loads(stored.question),
        label=json.loads(stored.label),
    )
    assert receipt.sha256 == hashlib.sha256(line.encode()).hexdigest()
    assert json.loads(stored.question)["pre_generated_verifier_score"] == 0.25


def test_the_same_key_again_brings_the_same_receipt_and_no_second_label(claim: Handout) -> None:
    key = uuid4()
    first, second = send(claim, key=key), send(claim, key=key)
    assert (first.annotation, first.sha256) == (second.annotation, second.sha256)
    assert (first.repeated, second.repeated) == (False, True)
    assert Annotation.objects.count() == 1


def test_the_same_key_with_another_body_is_refused_and_changes_nothing(claim: Handout) -> None:
    key = uuid4()
    first = send(claim, key=key)
    with pytest.raises(Conflict) as refused:
        send(claim, label(1, -1), key=key)
    assert refused.value.code == "key_reused"
    assert Annotation.objects.get().sha256 == first.sha256


def test_another_persons_key_is_refused(project: Project, claim: Handout, ben: Labeller) -> None:
    key = uuid4()
    send(claim, key=key)
    make_second = make_queue_for(project, ben)
    with pytest.raises(Conflict) as refused:
        send(make_second, key=key)
    assert refused.value.code == "key_reused"
    assert Annotation.objects.count() == 1


def make_queue_for(project: Project, labeller: Labeller) -> Handout:
    solution = make_solution(make_problem(project, text="another"))
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=solution.pk)], name="second")
    return queue.claim(labeller=labeller)[0]


def test_a_second_label_of_the_same_solution_by_the_same_person_is_refused(claim: Handout) -> None:
    send(claim)
    with pytest.raises(Conflict) as refused:
        send(claim, label(1, -1))
    assert refused.value.code == "already_labelled"
    assert Annotation.objects.count() == 1


def test_a_label_that_the_rules_refuse_changes_nothing(claim: Handout) -> None:
    with pytest.raises(InvalidInput):
        send(claim, label(1, 1))
    assert Annotation.objects.count() == 0
    assert WorkItem.objects.get().state == WorkState.OPEN


def test_a_lease_that_ran_out_does_not_cost_the_work_where_nobody_took_the_item(claim: Handout) -> None:
    WorkItem.objects.update(claimed_until=timezone.now() - timedelta(hours=1))
    assert not send(claim).late
    assert WorkItem.objects.get().state == WorkState.CLOSED


def test_a_submission_takes_the_next_item_in_the_same_step_and_counts_itself(
    project: Project, claim: Handout, ada: Labeller
) -> None:
    make_queue_for(project, ada)
    make_queue_more(project)
    submission = Submission(client_key=uuid4(), label=label(1, 0, 1, total_time=700))
    receipt, work = labelling.submit_and_claim(user=user_of(ada), claim_id=claim.pk, submission=submission)
    assert [found.work_item_id for found in work.claims] == held_by(ada)
    assert len(work.claims) == 2
    assert work.progress == {"today": 1, "active_ms_today": 700} == Annotation.objects.done_today(ada)
    again, held = labelling.submit_and_claim(user=user_of(ada), claim_id=claim.pk, submission=submission)
    assert (again.annotation, again.repeated) == (receipt.annotation, True)
    assert (held.progress, [found.pk for found in held.claims]) == (work.progress, [found.pk for found in work.claims])


def test_where_the_project_was_paused_meanwhile_the_label_is_stored_and_nothing_is_handed_out(
    project: Project, claim: Handout, ada: Labeller
) -> None:
    make_queue_more(project)
    Project.objects.update(paused=True)
    submission = Submission(client_key=uuid4(), label=label(1, 0, 1))
    receipt, work = labelling.submit_and_claim(user=user_of(ada), claim_id=claim.pk, submission=submission)
    assert (work.claims, work.progress["today"]) == ([], 1)
    assert Annotation.objects.get().pk == receipt.annotation
    assert WorkItem.objects.get(pk=claim.work_item_id).state == WorkState.CLOSED


def test_work_on_an_old_claim_closes_the_item_that_is_held_under_a_new_one(
    claim: Handout, ada: Labeller, ben: Labeller
) -> None:
    WorkItem.objects.update(claimed_until=timezone.now() - timedelta(hours=1))
    (theirs,) = queue.claim(labeller=ben)
    queue.release(handout=theirs)
    (anew,) = queue.claim(labeller=ada)
    assert (anew.work_item_id, anew.pk == claim.pk) == (claim.work_item_id, False)
    submission = Submission(client_key=uuid4(), label=label(1, 0, 1))
    receipt, work = labelling.submit_and_claim(user=user_of(ada), claim_id=claim.pk, submission=submission)
    assert (receipt.late, work.claims, held_by(ada)) == (False, [], [])


def user_of(labeller: Labeller) -> User:
    assert labeller.user is not None
    return labeller.user


def held_by(labeller: Labeller) -> list[int]:
    held = WorkItem.objects.filter(claimed_by=labeller, claimed_until__gt=timezone.now()).order_by("handouts__pk")
    return list(held.values_list("pk", flat=True))


def make_queue_more(project: Project) -> None:
    solutions = [make_solution(make_problem(project, text=f"more {number}")) for number in range(3)]
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=s.pk) for s in solutions], name="more")


def test_late_work_is_kept_beside_the_others_and_the_wanted_label_stays_theirs(claim: Handout, ben: Labeller) -> None:
    WorkItem.objects.update(claimed_until=timezone.now() - timedelta(hours=1))
    (theirs,) = queue.claim(labeller=ben)
    receipt = send(claim)
    assert receipt.late
    assert WorkItem.objects.get(pk=claim.work_item_id).claimed_by == ben
    assert not send(theirs, label(1, -1)).late
    assert Annotation.objects.live().count() == 2
    assert WorkItem.objects.filter(state=WorkState.OPEN).count() == 0


def test_a_closed_batch_takes_no_more_labels(claim: Handout) -> None:
    Batch.objects.update(state=BatchState.CLOSED)
    with pytest.raises(Conflict) as refused:
        send(claim)
    assert refused.value.code == "batch_closed"
    assert Annotation.objects.count() == 0


def test_giving_up_asks_for_a_reason(claim: Handout) -> None:
    with pytest.raises(InvalidInput) as refused:
        send(claim, label(1, finish_reason="give_up"))
    assert refused.value.errors[0].field == "reason"
    assert Annotation.objects.count() == 0
    send(claim, label(1, finish_reason="give_up"), reason="too long")
    assert Annotation.objects.get().reason == "too long"


def test_an_amendment_supersedes_and_the_first_word_stays_on_record(claim: Handout) -> None:
    first = Annotation.objects.get(pk=send(claim).annotation)
    receipt = labelling.amend(annotation=first, submission=Submission(client_key=uuid4(), label=label(1, -1)))
    assert [a.pk for a in Annotation.objects.live()] == [receipt.annotation]
    first.refresh_from_db()
    assert first.finish_reason == "solution"
    with pytest.raises(Conflict) as refused:
        labelling.amend(annotation=first, submission=Submission(client_key=uuid4(), label=label(1, 1, 1)))
    assert refused.value.code == "superseded"
    assert refused.value.data == {"annotation": receipt.annotation}


def test_a_repeated_amendment_brings_the_same_receipt(claim: Handout) -> None:
    first = Annotation.objects.get(pk=send(claim).annotation)
    change = Submission(client_key=uuid4(), label=label(1, -1))
    once, twice = (labelling.amend(annotation=first, submission=change) for _ in range(2))
    assert once.sha256 == twice.sha256
    assert Annotation.objects.count() == 2


def test_a_draft_is_versioned_and_a_stale_one_is_told_what_is_stored(claim: Handout) -> None:
    version, _ = labelling.save_draft(claim=claim, version=0, draft={"ratings": [1]})
    assert version == 1
    with pytest.raises(Conflict) as refused:
        labelling.save_draft(claim=claim, version=0, draft={"ratings": [-1]})
    assert refused.value.code == "stale_draft"
    assert refused.value.data == {"version": 1, "draft": {"ratings": [1]}}


def test_the_same_draft_sent_again_after_a_lost_answer_is_no_conflict(claim: Handout) -> None:
    labelling.save_draft(claim=claim, version=0, draft={"ratings": [1]})
    assert labelling.save_draft(claim=claim, version=0, draft={"ratings": [1]})[0] == 1


def test_a_draft_renews_the_lease(claim: Handout) -> None:
    WorkItem.objects.update(claimed_until=timezone.now() - timedelta(hours=1))
    _, end = labelling.save_draft(claim=claim, version=0, draft={})
    assert end > timezone.now()


def test_a_draft_of_an_item_that_went_to_another_is_told_so(claim: Handout, ben: Labeller) -> None:
    WorkItem.objects.update(claimed_until=timezone.now() - timedelta(hours=1))
    queue.claim(labeller=ben)
    with pytest.raises(Conflict) as refused:
        labelling.save_draft(claim=claim, version=0, draft={})
    assert refused.value.code == "lease_lost"


def test_the_database_itself_refuses_a_rating_out_of_range_and_a_second_live_revision(claim: Handout) -> None:
    receipt = send(claim)
    with pytest.raises(IntegrityError), transaction.atomic():
        StepRating.objects.create(annotation_id=receipt.annotation, step=9, completion=0, rating=2)
    stored = Annotation.objects.get(pk=receipt.annotation)
    stored.pk, stored.client_key = None, uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        stored.save()
