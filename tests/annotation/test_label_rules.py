"""The protocol's rules over a label, one sentence a test."""

from typing import Any

import pytest

from annotation import label_rules
from annotation.errors import InvalidInput
from tests.factories import STEPS, completion, label

ALTERNATIVES = {"1": ["That is $6$.", "That is $7$."]}


def check(given: Any, alternatives: dict[str, list[str]] | None = None) -> label_rules.CheckedLabel:
    return label_rules.whole_solution(given, steps=STEPS, alternatives=alternatives or {})


def field_of(given: Any, alternatives: dict[str, list[str]] | None = None) -> str:
    with pytest.raises(InvalidInput) as refused:
        check(given, alternatives)
    return refused.value.errors[0].field


def test_a_solution_with_all_steps_rated_is_kept_as_given() -> None:
    given = label(1, 0, 1)
    checked = check(given)
    assert checked.label == given
    assert list(checked.label) == ["steps", "total_time", "finish_reason"]
    assert [(r.step, r.completion, r.rating) for r in checked.ratings] == [(0, 0, 1), (1, 0, 0), (2, 0, 1)]


def test_labelling_may_stop_at_the_first_bad_step() -> None:
    checked = check(label(1, -1))
    assert checked.finish_reason == "found_error"
    assert checked.label["steps"][-1]["chosen_completion"] is None


def test_all_alternatives_of_the_bad_step_may_be_rated() -> None:
    given = label(1, -1)
    given["steps"][1]["completions"] += [completion(text, 1) for text in ALTERNATIVES["1"]]
    assert len(check(given, ALTERNATIVES).ratings) == 4


def test_rating_only_some_alternatives_is_refused() -> None:
    given = label(1, -1)
    given["steps"][1]["completions"].append(completion(ALTERNATIVES["1"][0], 1))
    assert field_of(given, ALTERNATIVES) == "label.steps[1].completions"


def test_alternatives_of_a_good_step_are_refused() -> None:
    given = label(1, 1, 1)
    given["steps"][1]["completions"].append(completion(ALTERNATIVES["1"][0], 1))
    assert field_of(given, ALTERNATIVES) == "label.steps[1].completions"


def test_an_unsure_step_may_stand_without_a_rating() -> None:
    given = label(1, 1, 1)
    given["steps"][1]["completions"][0] = completion(STEPS[1], None, flagged=True)
    assert check(given).ratings[1].rating is None


@pytest.mark.parametrize("rating", [True, "1", 1.0, 2, -2, "\uff11", [1]])
def test_a_rating_of_another_type_or_range_is_refused(rating: Any) -> None:
    given = label(1, 1, 1)
    given["steps"][2]["completions"][0]["rating"] = rating
    assert field_of(given) == "label.steps[2].completions[0].rating"


def test_a_missing_rating_without_a_flag_is_refused() -> None:
    given = label(1, 1, 1)
    given["steps"][0]["completions"][0]["rating"] = None
    assert field_of(given) == "label.steps[0].completions[0].rating"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (label(1, 1), "label.steps"),  # a step was skipped
        (label(1, 1, 1, 1, steps=[*STEPS, "more"]), "label.steps"),
        (label(1, -1, 1, finish_reason="found_error"), "label.steps[2]"),  # goes on after the error
        (label(1, 1, -1, finish_reason="solution"), "label.finish_reason"),
        (label(1, 1, 1, finish_reason="found_error"), "label.steps"),
        (label(finish_reason="done"), "label.finish_reason"),
        (label(1, 1, 1, total_time=-1), "label.total_time"),
        ({**label(1, 1, 1), "total_time": 1.0}, "label.total_time"),
        ({**label(1, 1, 1), "score": 1}, "label.score"),
        ({"steps": {}, "total_time": 1, "finish_reason": "solution"}, "label.steps"),
        ({"steps": [], "total_time": 1}, "label.finish_reason"),
        ("label", "label"),
        (label(1, 1, 1, steps=["We add 2 and 3.", "other", "x"]), "label.steps[1].completions[0].text"),
    ],
)
def test_what_the_protocol_forbids_is_refused_with_its_field(given: Any, field: str) -> None:
    assert field_of(given) == field


def test_giving_up_keeps_the_ratings_so_far_and_one_unfinished_step() -> None:
    given = label(1, finish_reason="give_up")
    given["steps"].append({"completions": None, "human_completion": None, "chosen_completion": None})
    checked = check(given)
    assert checked.label["steps"][1]["completions"] is None
    assert len(checked.ratings) == 1


def test_a_bad_problem_needs_no_rated_step_but_a_reason() -> None:
    assert check(label(finish_reason="bad_problem")).ratings == ()
    with pytest.raises(InvalidInput) as refused:
        label_rules.reason_text("  ", finish_reason="bad_problem")
    assert refused.value.errors[0].field == "reason"
    assert label_rules.reason_text(None, finish_reason="solution") == ""
