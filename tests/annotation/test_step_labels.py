"""The label of a conversation: stored as it was pressed, refused where the conversation does not bear it out, amended within its bounds."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from annotation import labelling, queue, step_by_step
from annotation.errors import InvalidInput
from annotation.labelling import Submission
from annotation.models import Annotation, Handout, Labeller, Project, Role, StepRating, User, WorkItem
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
    queue_problem,
    send,
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


def refused(claim: Handout, given: Any, **fields: Any) -> str:
    """The field for which this label is refused; nothing is stored."""
    with pytest.raises(InvalidInput) as error:
        send(claim, given, **fields)
    assert not Annotation.objects.exists()
    return error.value.errors[0].field


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
    assert [turn.state for turn in conversation(theirs)] == ["open"]
    receipt = send(claim, given)
    assert receipt.late
    assert json.loads(Annotation.objects.get(pk=receipt.annotation).label) == given
    assert [turn.state for turn in conversation(theirs)] == ["open"]
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
