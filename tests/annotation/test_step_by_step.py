"""A conversation: what is offered, how it goes on, what a correction keeps, what is refused; nothing is done twice."""

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest

from annotation import queue, step_by_step, step_supply
from annotation.errors import Conflict, InvalidInput
from annotation.models import (
    Annotation,
    Batch,
    BatchState,
    Handout,
    Labeller,
    Project,
    Role,
    Turn,
    User,
    WorkItem,
)
from annotation.step_by_step import TurnGiven
from tests.annotation.conversations import (
    END,
    TREE,
    UNFINISHED,
    answer,
    conversation,
    in_order,
    join,
    label,
    make_project,
    marks,
    node,
    queue_problem,
    send,
)

pytestmark = pytest.mark.django_db
FIRST = ["We add.", "We subtract."]
SECOND = [END, "It is 6.", "Hm, 5?", "We count on."]


@pytest.fixture
def steps(db: None) -> Project:
    return make_project()


@pytest.fixture
def ada(steps: Project, member: Callable[..., User]) -> Labeller:
    return join(steps, member(Role.LABELLER, name="ada", in_project=steps))


@pytest.fixture
def ben(steps: Project, member: Callable[..., User]) -> Labeller:
    return join(steps, member(Role.LABELLER, name="ben", in_project=steps))


@pytest.fixture
def claim(steps: Project, ada: Labeller) -> Handout:
    queue_problem(steps, TREE)
    (handout,) = queue.claim(labeller=ada)
    return handout


def texts(turns: Sequence[Turn]) -> list[list[str]]:
    return [turn.alternatives for turn in turns]


def states(turns: Sequence[Turn]) -> list[str]:
    return [turn.state for turn in turns]


# --- what is offered ------------------------------------------------------------------------------------------------


def test_a_conversation_opens_with_the_trees_first_steps_near_identical_ones_merged(claim: Handout) -> None:
    (turn,) = conversation(claim)
    assert (turn.number, turn.state, turn.alternatives) == (0, "open", FIRST)
    assert sorted(turn.order) == [0, 1]


def test_what_follows_a_merged_step_follows_too(claim: Handout) -> None:
    turns = answer(claim, 0, 1, -1)
    assert states(turns) == ["answered", "open"]
    assert texts(turns) == [FIRST, SECOND]


def test_several_trees_of_a_problem_are_offered_together(steps: Project, ada: Labeller) -> None:
    queue_problem(steps, TREE, [node("We draw it."), node("We  subtract")])
    (claim,) = queue.claim(labeller=ada)
    assert texts(conversation(claim)) == [[*FIRST, "We draw it."]]


def test_where_there_is_nothing_to_offer_the_labeller_writes(steps: Project, ada: Labeller) -> None:
    queue_problem(steps)
    (claim,) = queue.claim(labeller=ada)
    (turn,) = conversation(claim)
    assert (turn.state, turn.alternatives, turn.order, turn.failed) == ("open", [], [], False)
    turns = answer(claim, 0, written="We add.")
    assert (turns[0].chosen, turns[0].written) == (None, {"text": "We add.", "flagged": False})
    assert texts(turns) == [[], []]


def test_a_written_step_that_the_tree_knows_leads_on_in_the_tree(claim: Handout) -> None:
    assert texts(answer(claim, 0, -1, -1, written="we  add")) == [FIRST, SECOND]


# --- how it goes on -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratings", "order", "chosen"),
    [
        ((1, 1), (0, 1), 0),
        ((1, 1), (1, 0), 1),
        ((0, 1), (0, 1), 1),
        ((0, 0), (1, 0), 1),
        ((0, -1), (1, 0), 0),
        ((None, 0), (0, 1), 1),
        ((1, None), (1, 0), 0),
    ],
)
def test_it_goes_on_with_the_first_great_one_in_the_drawn_order_else_the_first_okay_one(
    claim: Handout, ratings: tuple[int | None, ...], order: tuple[int, ...], chosen: int
) -> None:
    in_order(conversation(claim)[0], *order)
    turns = answer(claim, 0, *ratings)
    assert (turns[0].chosen, turns[0].written) == (chosen, None)
    assert turns[0].ratings == marks(*ratings)


def test_every_order_may_be_drawn_and_each_turn_has_one_of_its_own(
    claim: Handout, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {tuple(step_supply.drawn(3)) for _ in range(300)} == set(permutations(range(3)))
    monkeypatch.setattr(step_supply, "drawn", lambda count: list(reversed(range(count))))
    assert answer(claim, 0, 1, -1)[1].order == [3, 2, 1, 0]


def test_it_ends_with_a_step_that_states_the_answer(claim: Handout) -> None:
    answer(claim, 0, 1, -1)
    turns = answer(claim, 1, 1, -1, -1, -1)
    assert states(turns) == ["answered", "answered"]
    with pytest.raises(Conflict) as error:
        answer(claim, 2, written="More.")
    assert error.value.code == "no_such_turn"


def test_a_written_answer_ends_it_too(claim: Handout) -> None:
    assert states(answer(claim, 0, -1, -1, written=END)) == ["answered"]


def test_an_endless_chain_is_stopped(claim: Handout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_by_step, "MOST_TURNS", 2)
    answer(claim, 0, 1, -1)
    with pytest.raises(Conflict) as error:
        answer(claim, 1, -1, 1, -1, -1)
    assert error.value.code == "too_long"
    assert states(conversation(claim)) == ["answered", "open"]
    assert states(answer(claim, 1, 1, -1, -1, -1)) == ["answered", "answered"]


# --- corrections ----------------------------------------------------------------------------------------------------


def test_a_correction_keeps_what_follows_while_the_chosen_one_is_still_among_the_best(claim: Handout) -> None:
    in_order(conversation(claim)[0], 0, 1)
    before = answer(claim, 0, 1, -1)
    after = answer(claim, 0, 1, 1)
    assert after[0].ratings == marks(1, 1)
    assert [turn.pk for turn in after] == [turn.pk for turn in before]


def test_one_that_takes_the_chosen_one_back_drops_what_follows(claim: Handout) -> None:
    answer(claim, 0, 1, -1)
    before = answer(claim, 1, -1, 1, -1, -1)
    after = answer(claim, 0, -1, 1)
    assert (after[0].chosen, states(after), texts(after)) == (1, ["answered", "open"], [FIRST, []])
    assert after[1].pk != before[1].pk


def test_a_better_one_takes_over_from_an_okay_one(claim: Handout) -> None:
    assert answer(claim, 0, 0, -1)[0].chosen == 0
    assert answer(claim, 0, 0, 1)[0].chosen == 1


def test_a_written_step_is_kept_until_its_text_changes(claim: Handout) -> None:
    first = answer(claim, 0, -1, -1, written="We draw it.")
    kept = answer(claim, 0, None, -1, written="We draw it.")
    assert (kept[1].pk, kept[0].ratings) == (first[1].pk, marks(None, -1))
    changed = answer(claim, 0, None, -1, written="We draw it well.")
    assert changed[1].pk != first[1].pk
    assert answer(claim, 0, 1, -1)[0].written is None


def test_the_answer_taken_back_opens_the_next_turn_again(claim: Handout) -> None:
    answer(claim, 0, 1, -1)
    answer(claim, 1, 1, -1, -1, -1)
    turns = answer(claim, 1, -1, -1, -1, 0)
    assert (states(turns), turns[1].chosen, turns[2].alternatives) == (["answered", "answered", "open"], 3, [END])


# --- repeats and refusals -------------------------------------------------------------------------------------------


def test_the_same_key_again_changes_nothing_even_when_the_conversation_has_gone_on(claim: Handout) -> None:
    key = uuid4()
    first = answer(claim, 0, 1, -1, key=key)
    assert [turn.pk for turn in answer(claim, 0, 1, -1, key=key)] == [turn.pk for turn in first]
    answer(claim, 0, -1, 1)
    late = answer(claim, 0, 1, -1, key=key)
    assert (late[0].chosen, late[0].ratings) == (1, marks(-1, 1))


def test_the_same_key_with_another_body_is_refused(steps: Project, claim: Handout, ben: Labeller) -> None:
    key = uuid4()
    answer(claim, 0, 1, -1, key=key)
    queue_problem(steps, TREE, text="another")
    (theirs,) = queue.claim(labeller=ben)
    for other, turn, ratings in ((claim, 0, (1, 0)), (claim, 1, (1, -1)), (theirs, 0, (1, -1))):
        with pytest.raises(Conflict) as error:
            answer(other, turn, *ratings, key=key)
        assert error.value.code == "key_reused"
    assert states(conversation(theirs)) == ["open"]


@pytest.mark.parametrize(
    ("ratings", "written", "field"),
    [
        (marks(1), None, "ratings"),
        (marks(1, 1, 1), None, "ratings"),
        ("11", None, "ratings"),
        ([{"rating": 2, "flagged": False}, *marks(1)], None, "ratings[0].rating"),
        ([*marks(1), {"rating": True, "flagged": False}], None, "ratings[1].rating"),
        ([{"rating": "1", "flagged": False}, *marks(1)], None, "ratings[0].rating"),
        ([{"rating": 1.0, "flagged": False}, *marks(1)], None, "ratings[0].rating"),
        ([{"rating": None, "flagged": False}, *marks(1)], None, "ratings[0].rating"),
        ([{"rating": 1, "flagged": None}, *marks(1)], None, "ratings[0].flagged"),
        ([{"rating": 1}, *marks(1)], None, "ratings[0].flagged"),
        ([{"rating": 1, "flagged": False, "score": 1}, *marks(1)], None, "ratings[0].score"),
        ([1, 1], None, "ratings[0]"),
        (marks(-1, -1), None, "written"),
        (marks(None, -1), None, "written"),
        (marks(-1, -1), {"text": " \n"}, "written.text"),
        (marks(-1, -1), {"text": "x" * 10_001}, "written.text"),
        (marks(-1, -1), {"text": 5}, "written.text"),
        (marks(-1, -1), {"text": "x", "flagged": 1}, "written.flagged"),
        (marks(-1, -1), {"text": "x", "rating": 1}, "written.rating"),
        (marks(-1, -1), {}, "written.text"),
        (marks(-1, -1), "We draw it.", "written"),
        (marks(0, -1), {"text": "x"}, "written"),
    ],
)
def test_what_an_answer_must_not_be_is_refused_by_its_field(
    claim: Handout, ratings: Any, written: Any, field: str
) -> None:
    given = TurnGiven(client_key=uuid4(), turn=0, ratings=ratings, written=written)
    with pytest.raises(InvalidInput) as error:
        step_by_step.answer(claim=claim, given=given)
    assert error.value.errors[0].field == field
    assert states(conversation(claim)) == ["open"]


def test_a_closed_batch_takes_no_more_answers(claim: Handout) -> None:
    Batch.objects.update(state=BatchState.CLOSED)
    with pytest.raises(Conflict) as error:
        answer(claim, 0, 1, -1)
    assert error.value.code == "batch_closed"


def test_an_answer_renews_the_lease(claim: Handout) -> None:
    WorkItem.objects.update(claimed_until="2020-01-01T00:00:00Z")
    answer(claim, 0, 1, -1)
    assert WorkItem.objects.held_by(claim.labeller).exists()


# --- who is handed what ---------------------------------------------------------------------------------------------


def test_nobody_is_handed_a_problem_that_they_built_or_hold(steps: Project, ada: Labeller, ben: Labeller) -> None:
    queue_problem(steps, TREE, labels_each=3)
    (claim,) = queue.claim(labeller=ada)
    send(claim, label([UNFINISHED], "give_up"), reason="x")
    assert queue.claim(labeller=ada) == []
    (theirs,) = queue.claim(labeller=ben)
    assert theirs.work_item_id != claim.work_item_id


def test_other_problems_are_not_kept_from_them(steps: Project, ada: Labeller) -> None:
    for number in range(3):
        queue_problem(steps, TREE, text=f"p{number}")
    claims = queue.claim(labeller=ada)
    assert len(claims) == 2
    send(claims[0], label([UNFINISHED], "give_up"), reason="x")
    assert len(queue.claim(labeller=ada)) == 2


def test_a_second_record_of_a_problem_by_the_same_person_is_refused(claim: Handout) -> None:
    send(claim, label([UNFINISHED], "give_up"), reason="x")
    for again in (
        lambda: send(claim, label([], "give_up"), reason="x"),
        lambda: answer(claim, 0, 1, -1),
    ):
        with pytest.raises(Conflict) as error:
            again()
        assert error.value.code == "already_labelled"
    assert Annotation.objects.count() == 1


def test_a_problem_given_back_begins_anew_at_whoever_is_handed_it_next(
    claim: Handout, ada: Labeller, ben: Labeller
) -> None:
    answer(claim, 0, 1, -1)
    queue.release(handout=claim)
    (theirs,) = queue.claim(labeller=ben)
    assert states(conversation(theirs)) == ["open"]
    queue.release(handout=theirs)
    (mine,) = queue.claim(labeller=ada)
    assert mine.pk != claim.pk
    assert states(conversation(mine)) == ["open"]


def test_an_expired_lease_that_nobody_took_keeps_its_conversation(claim: Handout, ada: Labeller) -> None:
    answer(claim, 0, 1, -1)
    WorkItem.objects.update(claimed_until="2020-01-01T00:00:00Z")
    (again,) = queue.claim(labeller=ada)
    assert again.pk == claim.pk
    assert states(conversation(again)) == ["answered", "open"]
