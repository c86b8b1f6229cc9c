"""Two connections at once: an answer sent twice, two answers, a worker that ends while the labeller goes on, two claims of a problem."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import close_old_connections, connection

from annotation import queue, step_by_step, step_supply
from annotation.errors import Conflict
from annotation.models import Handout, Labeller, Role, StepSupply, Turn, TurnAnswer, User
from annotation.step_by_step import TurnGiven
from tests.annotation import suppliers
from tests.annotation.conversations import TREE, conversation, join, make_project, marks, queue_problem

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


@pytest.fixture
def cast(member: Callable[..., User]) -> list[Labeller]:
    steps = make_project()
    return [join(steps, member(Role.LABELLER, name=name, in_project=steps)) for name in ("ada", "ben")]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call brought (its conflict's code, where it was refused), all of them begun together."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except Conflict as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        found = list(pool.map(run, calls))
    close_old_connections()
    return found


def claim_of(labeller: Labeller, number: int) -> Handout:
    queue_problem(labeller.project, TREE, text=f"p{number}")
    return queue.claim(labeller=labeller)[-1]


def test_one_answer_sent_twice_at_once_is_one_answer(cast: list[Labeller]) -> None:
    for number in range(ROUNDS):
        claim = claim_of(cast[0], number)
        given = TurnGiven(client_key=uuid4(), turn=0, ratings=marks(1, -1))
        assert at_once(*[lambda: step_by_step.answer(claim=claim, given=given)] * 4) == [None] * 4  # noqa: B023
        assert [turn.state for turn in conversation(claim)] == ["answered", "open"]
        assert TurnAnswer.objects.filter(handout=claim).count() == 1
        queue.release(handout=claim)
        claim.work_item.delete()


def test_two_answers_at_once_leave_one_conversation_of_one_of_them(cast: list[Labeller]) -> None:
    for number in range(ROUNDS):
        claim = claim_of(cast[0], number)
        given = [TurnGiven(client_key=uuid4(), turn=0, ratings=marks(*pair)) for pair in ((1, -1), (-1, 1))]
        calls = [lambda one=one: step_by_step.answer(claim=claim, given=one) for one in given]  # noqa: B023
        assert at_once(*calls) == [None, None]
        first, second = conversation(claim)
        assert (first.ratings, first.chosen) in ((marks(1, -1), 0), (marks(-1, 1), 1))
        assert bool(second.alternatives) == (first.chosen == 0)
        queue.release(handout=claim)
        claim.work_item.delete()


def test_one_key_at_two_conversations_at_once_counts_at_one(cast: list[Labeller]) -> None:
    for number in range(ROUNDS):
        claims = [claim_of(labeller, 2 * number + place) for place, labeller in enumerate(cast)]
        key = uuid4()
        given = TurnGiven(client_key=key, turn=0, ratings=marks(1, -1))
        calls = [lambda claim=claim: step_by_step.answer(claim=claim, given=given) for claim in claims]  # noqa: B023
        assert sorted(at_once(*calls), key=str) == [None, "key_reused"]
        assert TurnAnswer.objects.filter(client_key=key).count() == 1
        for claim in claims:
            queue.release(handout=claim)
            claim.work_item.delete()


def test_a_worker_that_ends_while_the_labeller_goes_on_leaves_no_turn_waiting(
    cast: list[Labeller], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guess is being made; it ends at the very moment when the labeller's answer asks for it."""
    settings.STEP_SUPPLIER = "tests.annotation.suppliers.good"
    good, answered = suppliers.good, threading.Barrier(2)
    for number in range(ROUNDS):
        queue_problem(cast[0].project, text=f"p{number}")
        claim = queue.claim(labeller=cast[0])[-1]
        step_supply.run(pk=StepSupply.objects.get(handout=claim).pk)
        step_by_step.prepare(claim=claim, turn=0, chosen=0)
        supply = StepSupply.objects.filter(handout=claim).latest("pk").pk

        def meet(**asked: Any) -> list[str]:
            answered.wait()
            return good(**asked)

        def go_on(claim: Handout = claim) -> None:
            answered.wait()
            given = TurnGiven(client_key=uuid4(), turn=0, ratings=marks(1, -1))
            step_by_step.answer(claim=claim, given=given)

        monkeypatch.setattr(suppliers, "good", meet)
        at_once(lambda supply=supply: step_supply.run(pk=supply), go_on)
        monkeypatch.setattr(suppliers, "good", good)
        second = conversation(claim)[1]
        assert (second.state, second.alternatives) == ("open", ["One after 1.", "Two after 1."])
        queue.release(handout=claim)
        claim.work_item.delete()
    assert not Turn.objects.filter(state="making").exists()


def test_two_tabs_claim_one_problem_once_and_two_people_one_item_each(cast: list[Labeller]) -> None:
    ada, ben = cast
    for number in range(ROUNDS):
        queue_problem(ada.project, TREE, text=f"p{number}", labels_each=2)
        found = at_once(*[lambda labeller=who: queue.claim(labeller=labeller) for who in (ada, ada, ben)])
        held = {(claim.labeller_id, claim.pk) for claims in found for claim in claims}
        assert len(held) == 2
        assert {labeller for labeller, _ in held} == {ada.pk, ben.pk}
        assert Turn.objects.count() == 2
        for claims in found[1:]:
            for claim in claims:
                queue.release(handout=claim)
                claim.work_item.delete()
