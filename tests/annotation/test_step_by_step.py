"""A conversation: what is offered, how it goes on, what a correction keeps, what is refused; nothing is done twice."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest

from annotation import labelling, queue, step_by_step
from annotation.errors import Conflict, InvalidInput
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
    join,
    label,
    make_project,
    marks,
    node,
    queue_problem,
    step,
    steps_of,
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


def in_order(turn: Turn, *order: int) -> None:
    """Have this turn's random order be another one."""
    Turn.objects.filter(pk=turn.pk).update(order=list(order))


def send(claim: Handout, given: Any, **fields: Any) -> Receipt:
    return labelling.submit(claim=claim, submission=Submission(client_key=uuid4(), label=given, **fields))


def refused(claim: Handout, given: Any, **fields: Any) -> str:
    """The field for which this label is refused; nothing is stored."""
    with pytest.raises(InvalidInput) as error:
        send(claim, given, **fields)
    assert not Annotation.objects.exists()
    return error.value.errors[0].field


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


def test_the_order_is_drawn_anew_for_each_turn_and_all_orders_come_up(steps: Project, ada: Labeller) -> None:
    orders = set()
    for number in range(24):
        queue_problem(steps, TREE[:2], text=f"p{number}")
        (claim,) = queue.claim(labeller=ada)[-1:]
        orders.add(tuple(conversation(claim)[0].order))
        WorkItem.objects.update(state="closed", claimed_by=None, claimed_until=None)
    assert orders == {(0, 1), (1, 0)}


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


# --- the label ------------------------------------------------------------------------------------------------------


def solved(claim: Handout) -> list[dict[str, Any]]:
    """The conversation up to the open turn, and its last step answered in the label alone."""
    turns = answer(claim, 0, 1, -1)
    in_order(turns[1], 0, 1, 2, 3)
    return [*steps_of(turns), step(SECOND, marks(1, -1, 0, 0), 0)]


def test_a_solution_is_stored_as_it_was_pressed_and_closes_its_item(claim: Handout) -> None:
    given = label(solved(claim))
    receipt = send(claim, given)
    stored = Annotation.objects.get(pk=receipt.annotation)
    assert json.loads(stored.label) == given
    assert json.loads(stored.question) == {"problem": "What is $2 + 3$?", "ground_truth_answer": "5"}
    assert (stored.solution, stored.work_item.generation, stored.finish_reason) == (None, None, "solution")
    ratings = StepRating.objects.order_by("step", "completion").values_list("step", "completion", "rating")
    assert list(ratings) == [(0, 0, 1), (0, 1, -1), (1, 0, 1), (1, 1, -1), (1, 2, 0), (1, 3, 0)]
    assert WorkItem.objects.get().state == "closed"


def test_written_steps_and_flags_are_kept_in_the_records_own_shape(claim: Handout) -> None:
    given = TurnGiven(client_key=uuid4(), turn=0, ratings=marks(-1, None), written={"text": END, "flagged": True})
    step_by_step.answer(claim=claim, given=given)
    own = step(FIRST, marks(-1, None), None, END)
    own["human_completion"]["flagged"] = True
    send(claim, label([own]))
    line = Annotation.objects.get().label
    assert json.loads(line) == label([own])
    assert '"human_completion": {"text": ' in line
    assert '"rating": null, "source": "human", "flagged": true}, "chosen_completion": null}' in line


@pytest.mark.parametrize("finish_reason", ["give_up", "bad_problem"])
@pytest.mark.parametrize("unfinished", [[], [UNFINISHED]])
@pytest.mark.parametrize("answered", [0, 1])
def test_what_is_given_up_says_why_and_may_leave_its_last_turn_unfinished(
    claim: Handout, finish_reason: str, unfinished: list[Any], answered: int
) -> None:
    done = steps_of(answer(claim, 0, 1, -1)) if answered else []
    given = label([*done, *unfinished], finish_reason)
    assert refused(claim, given) == "reason"
    send(claim, given, reason="too long")
    assert json.loads(Annotation.objects.get().label) == given


def test_a_conversation_that_ended_may_still_be_given_up(claim: Handout) -> None:
    done = solved(claim)
    send(claim, label(done, "bad_problem"), reason="It asks nothing.")
    assert Annotation.objects.get().finish_reason == "bad_problem"


def test_a_correction_of_the_last_step_may_cut_off_what_came_after_it(claim: Handout) -> None:
    first = answer(claim, 0, 1, -1)
    in_order(first[1], 0, 1, 2, 3)
    answer(claim, 1, -1, 1, -1, -1)
    send(claim, label([*steps_of(first), step(SECOND, marks(1, -1, -1, -1), 0)]))
    assert len(json.loads(Annotation.objects.get().label)["steps"]) == 2


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda given: given.update(finish_reason="found_error"), "label.finish_reason"),
        (lambda given: given.update(total_time=-1), "label.total_time"),
        (lambda given: given.update(extra=1), "label.extra"),
        (lambda given: given["steps"].pop(), "label.steps"),
        (lambda given: given["steps"].clear(), "label.steps"),
        (lambda given: given["steps"].append(dict(UNFINISHED)), "label.steps[2].completions"),
        (lambda given: given["steps"].append(given["steps"][1]), "label.steps[2]"),
        (lambda given: given["steps"][0]["completions"].pop(), "label.steps[0].completions"),
        (lambda given: given["steps"][0]["completions"].reverse(), "label.steps[0].completions[0].text"),
        (
            lambda given: given["steps"][0]["completions"][0].update(text="We ADD."),
            "label.steps[0].completions[0].text",
        ),
        (lambda given: given["steps"][0]["completions"][0].update(rating="1"), "label.steps[0].completions[0].rating"),
        (lambda given: given["steps"][0]["completions"][0].update(rating=None), "label.steps[0].completions[0].rating"),
        (lambda given: given["steps"][0].update(chosen_completion=1), "label.steps[0].chosen_completion"),
        (lambda given: given["steps"][0].update(chosen_completion=False), "label.steps[0].chosen_completion"),
        (lambda given: given["steps"][0].update(chosen_completion=None), "label.steps[0].chosen_completion"),
        (lambda given: given["steps"][1].update(chosen_completion=2), "label.steps[1].chosen_completion"),
        (lambda given: given["steps"][1]["completions"][0].update(rating=-1), "label.steps[1].chosen_completion"),
        (
            lambda given: given["steps"][0].update(step(FIRST, marks(-1, 1), 1)),
            "label.steps[0]",
        ),
        (
            lambda given: given["steps"][0].update(step(FIRST, marks(-1, -1), None, "We draw it.")),
            "label.steps[0]",
        ),
        (
            lambda given: given["steps"][1].update(step(SECOND, marks(-1, -1, -1, -1), None)),
            "label.steps[1].human_completion",
        ),
        (
            lambda given: given["steps"][1].update(step(SECOND, marks(-1, -1, -1, -1), None, "Not there yet.")),
            "label.steps",
        ),
        (
            lambda given: given["steps"][1].update(step(SECOND, marks(1, -1, -1, -1), 0, END)),
            "label.steps[1].human_completion",
        ),
        (
            lambda given: given["steps"][1].update(
                human_completion={"text": END, "rating": 1, "source": "human", "flagged": False}
            ),
            "label.steps[1].human_completion.rating",
        ),
        (
            lambda given: given["steps"][1].update(
                human_completion={"text": END, "rating": None, "source": "model", "flagged": False}
            ),
            "label.steps[1].human_completion.source",
        ),
    ],
)
def test_a_label_that_the_conversation_does_not_bear_out_is_refused_by_its_field(
    claim: Handout, change: Change, field: str
) -> None:
    given = label(solved(claim))
    change(given)
    assert refused(claim, given) == field
    assert WorkItem.objects.get().state == "open"


def test_giving_up_leaves_out_no_turn_that_was_answered(claim: Handout) -> None:
    answer(claim, 0, 1, -1)
    answer(claim, 1, -1, 1, -1, -1)
    done = steps_of(conversation(claim))
    for given in ([], [UNFINISHED], done[:1], [done[0], UNFINISHED]):
        assert refused(claim, label(given, "give_up"), reason="x") == "label.steps"
    send(claim, label([*done, UNFINISHED], "give_up"), reason="x")


def test_work_that_comes_late_is_checked_against_its_own_conversation(
    steps: Project, claim: Handout, ben: Labeller
) -> None:
    given = label(solved(claim))
    WorkItem.objects.update(claimed_until="2020-01-01T00:00:00Z")
    (theirs,) = queue.claim(labeller=ben)
    assert states(conversation(theirs)) == ["open"]
    receipt = send(claim, given)
    assert receipt.late
    assert json.loads(Annotation.objects.get(pk=receipt.annotation).label) == given
    assert states(conversation(theirs)) == ["open"]
    send(theirs, label([UNFINISHED], "give_up"), reason="x")
    assert Annotation.objects.live().count() == 2


# --- amendments -----------------------------------------------------------------------------------------------------


def test_an_amendment_may_change_ratings_while_each_chosen_one_stays_valid(claim: Handout) -> None:
    given = label(solved(claim))
    first = Annotation.objects.get(pk=send(claim, given).annotation)
    given["steps"][0] = step(FIRST, marks(0, None), 0)
    given["steps"][1] = step(SECOND, marks(1, 1, 1, -1), 0)
    labelling.amend(annotation=first, submission=Submission(client_key=uuid4(), label=given))
    assert [json.loads(live.label) for live in Annotation.objects.live()] == [given]


@pytest.mark.parametrize("first", [step(FIRST, marks(0, 1), 1), step(FIRST, marks(-1, -1), None, "We draw it.")])
def test_an_amendment_that_would_have_gone_another_way_is_refused(claim: Handout, first: dict[str, Any]) -> None:
    given = label(solved(claim))
    stored = Annotation.objects.get(pk=send(claim, given).annotation)
    given["steps"][0] = first
    with pytest.raises(InvalidInput) as error:
        labelling.amend(annotation=stored, submission=Submission(client_key=uuid4(), label=given))
    assert error.value.errors[0].field == "label.steps[0]"
    assert Annotation.objects.count() == 1


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
