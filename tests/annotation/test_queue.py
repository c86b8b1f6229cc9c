"""Who is handed what: two at a time, never twice, never what one has labelled, by priority, by database time."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation import accounts, labelling, queue
from annotation.errors import Conflict, InvalidInput
from annotation.labelling import Submission
from annotation.models import Handout, Labeller, Project, Purpose, Role, Solution, Split, User, WorkItem
from annotation.queue import QueueEntry
from tests.factories import label, make_problem, make_queue, make_solution

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(project: Project, member: Callable[..., User]) -> Labeller:
    return accounts.labeller_of(project=project, user=member(Role.LABELLER, name="ada"))


@pytest.fixture
def ben(project: Project, member: Callable[..., User]) -> Labeller:
    return accounts.labeller_of(project=project, user=member(Role.LABELLER, name="ben"))


def expire_leases() -> None:
    WorkItem.objects.filter(claimed_until__isnull=False).update(claimed_until=timezone.now() - timedelta(seconds=1))


def items(claims: list[Handout]) -> list[int]:
    return [claim.work_item_id for claim in claims]


def test_a_labeller_holds_two_items_and_asking_again_brings_the_same(project: Project, ada: Labeller) -> None:
    make_queue(project, solutions=5)
    first = queue.claim(labeller=ada)
    assert len(first) == 2
    assert [c.pk for c in queue.claim(labeller=ada)] == [c.pk for c in first]


def test_two_labellers_never_hold_the_same_item(project: Project, ada: Labeller, ben: Labeller) -> None:
    make_queue(project, solutions=3)
    assert len(items(queue.claim(labeller=ada)) + items(queue.claim(labeller=ben))) == 3
    assert Handout.objects.values("work_item").distinct().count() == 3


def test_higher_priority_is_served_first(project: Project, ada: Labeller) -> None:
    make_queue(project, solutions=2)
    late = make_solution(make_problem(project, text="urgent"))
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=late.pk, priority=5)], name="second")
    assert queue.claim(labeller=ada)[0].work_item.solution_id == late.pk


def test_with_two_labels_wanted_they_come_from_two_labellers(project: Project, ada: Labeller, ben: Labeller) -> None:
    make_queue(project, solutions=1, labels_each=2)
    assert len(queue.claim(labeller=ada)) == 1
    assert len(queue.claim(labeller=ben)) == 1
    assert WorkItem.objects.filter(claimed_by__isnull=False).count() == 2


def test_nobody_is_handed_a_solution_they_have_labelled(project: Project, ada: Labeller) -> None:
    make_queue(project, solutions=1, labels_each=2)
    (claim,) = queue.claim(labeller=ada)
    labelling.submit(claim=claim, submission=Submission(client_key=_key(1), label=label(1, 1, 1)))
    assert queue.claim(labeller=ada) == []


def test_an_expired_lease_is_free_for_others_and_its_draft_does_not_travel(
    project: Project, ada: Labeller, ben: Labeller
) -> None:
    make_queue(project)
    (mine,) = queue.claim(labeller=ada)
    labelling.save_draft(claim=mine, version=0, draft={"ratings": [1]})
    assert queue.claim(labeller=ben) == []
    expire_leases()
    (theirs,) = queue.claim(labeller=ben)
    assert theirs.work_item_id == mine.work_item_id
    assert theirs.work_item.draft is None


def test_an_expired_item_that_nobody_took_is_still_mine_with_its_draft(project: Project, ada: Labeller) -> None:
    make_queue(project)
    (mine,) = queue.claim(labeller=ada)
    labelling.save_draft(claim=mine, version=0, draft={"ratings": [1]})
    expire_leases()
    (again,) = queue.claim(labeller=ada)
    assert again.pk == mine.pk
    assert again.work_item.draft == {"ratings": [1]}
    assert again.work_item.claimed_until is not None
    assert again.work_item.claimed_until > timezone.now()


def test_an_item_given_back_goes_to_others_first_and_returns_last(
    project: Project, ada: Labeller, ben: Labeller
) -> None:
    make_queue(project, solutions=3)
    first, second = queue.claim(labeller=ada)
    queue.release(handout=first)
    assert items(queue.claim(labeller=ada)) != items([first, second])
    assert first.work_item_id in items(queue.claim(labeller=ben))


def test_the_last_item_given_back_is_offered_again(project: Project, ada: Labeller) -> None:
    make_queue(project)
    (only,) = queue.claim(labeller=ada)
    queue.release(handout=only)
    assert items(queue.claim(labeller=ada)) == [only.work_item_id]


def test_a_paused_project_hands_out_nothing(project: Project, ada: Labeller) -> None:
    make_queue(project)
    Project.objects.update(paused=True)
    with pytest.raises(Conflict) as refused:
        queue.claim(labeller=ada)
    assert refused.value.code == "paused"


def test_a_solution_of_an_evaluation_problem_is_never_queued(project: Project) -> None:
    solution = make_solution(make_problem(project, split=Split.EVALUATE), purpose=Purpose.EVALUATION)
    with pytest.raises(InvalidInput):
        queue.enqueue(project=project, entries=[QueueEntry(solution_id=solution.pk)], name="no")
    assert WorkItem.objects.count() == 0


def test_queueing_takes_a_solution_out_of_the_pool(project: Project) -> None:
    make_queue(project, solutions=2)
    assert Solution.objects.pool(project).count() == 0


def test_half_a_lease_cannot_be_stored(project: Project, ada: Labeller) -> None:
    make_queue(project)
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkItem.objects.update(claimed_by=ada)


def test_claiming_asks_the_same_number_of_queries_however_long_the_queue(
    project: Project, ada: Labeller, ben: Labeller
) -> None:
    make_queue(project, solutions=4)
    with CaptureQueriesContext(connection) as few:
        queue.claim(labeller=ada)
    many_solutions = [make_solution(make_problem(project, text=f"p{n}")) for n in range(60)]
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=s.pk) for s in many_solutions], name="more")
    with CaptureQueriesContext(connection) as many:
        queue.claim(labeller=ben)
    assert len(many) == len(few)


def _key(number: int) -> UUID:
    return UUID(int=number)
