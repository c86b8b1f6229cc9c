"""Scored sample lines: what is read, what is refused, and how they become problems."""

import math
from typing import Any

import pytest

from activelearning.evaluation.sample_lines import by_problem, read, scored_by
from annotation.formats.fields import Unreadable

PROBS = [{"-1": 0.1, "0": 0.3, "1": 0.6}, {"-1": 0.5, "0": 0.25, "1": 0.25}]
LINE: dict[str, Any] = {
    "problem": "1 + 1?", "answer": "2", "is_correct": True, "subject": "Algebra", "level": 3, "unique_id": "test/1.json",
    "steps": ["a", "b"], "rating_probs": PROBS, "orm_score": 0.25, "prm_score": 0.7,
}  # fmt: skip


def test_a_line_of_the_released_form_is_read_as_it_is() -> None:
    found = read(LINE)
    assert (found.problem, found.answer, found.correct) == ("1 + 1?", "2", True)
    assert (found.prm, found.orm, found.subject, found.level) == (0.7, 0.25, "Algebra", "3")


@pytest.mark.parametrize(
    ("reduction", "neutral", "expected"),
    [("product", "good", 0.45), ("product", "bad", 0.15), ("minimum", "good", 0.5), ("mean", "bad", 0.425)],
)
def test_with_a_reduction_the_score_is_made_anew_from_the_probabilities(
    reduction: str, neutral: str, expected: float
) -> None:
    assert read(LINE, reduction=reduction, neutral=neutral).prm == pytest.approx(expected)


def test_a_sample_without_an_answer_is_not_correct_and_one_without_a_score_has_none() -> None:
    found = read({"problem": "p", "answer": None, "is_correct": True, "prm_score": None})
    assert (found.answer, found.correct) == (None, False)
    assert math.isnan(found.prm)
    assert math.isnan(found.orm)
    assert read({**LINE, "answer": " "}).answer is None
    assert math.isnan(read({**LINE, "rating_probs": None}, reduction="product").prm)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"problem": ""}, "problem"),
        ({"problem": None}, "problem"),
        ({"answer": 2}, "answer"),
        ({"is_correct": None}, "is_correct"),
        ({"is_correct": "yes"}, "is_correct"),
        ({"prm_score": "0.5"}, "prm_score"),
        ({"orm_score": True}, "orm_score"),
        ({"prm_score": float("inf")}, "prm_score"),
        ({"level": 2.5}, "level"),
    ],
)
def test_what_is_no_sample_is_refused_by_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read({**LINE, **changed})
    assert refused.value.field == field


@pytest.mark.parametrize("missing", ["problem", "answer", "is_correct"])
def test_what_is_missing_is_refused(missing: str) -> None:
    with pytest.raises(Unreadable, match="is missing"):
        read({key: value for key, value in LINE.items() if key != missing})


@pytest.mark.parametrize(
    ("probs", "field"),
    [
        ([], "rating_probs"),
        ({}, "rating_probs"),
        ([{"-1": 0.1, "0": 0.3}], "rating_probs[0].1"),
        ([{**PROBS[0], "-1": 1.5}], "rating_probs[0].-1"),
    ],
)
def test_a_reduction_needs_whole_probabilities(probs: Any, field: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read({**LINE, "rating_probs": probs}, reduction="product")
    assert refused.value.field == field


def test_problems_stand_in_the_order_of_first_sight_with_the_first_subject_that_is_said() -> None:
    lines = [read({**LINE, "subject": None}), read({**LINE, "problem": "other", "is_correct": False}), read(LINE)]
    first, second = by_problem(lines)
    assert (first.text, first.subject, len(first.lines), first.pass_rate) == ("1 + 1?", "Algebra", 2, 1.0)
    assert (second.text, second.pass_rate) == ("other", 0.0)
    samples = first.samples(same=lambda one, other: False)
    assert samples.groups.tolist() == [0, 0]
    assert samples.scores["orm"].tolist() == [0.25, 0.25]


def test_a_scorer_that_no_line_has_is_seen() -> None:
    problems = by_problem([read({**LINE, "orm_score": None})])
    assert scored_by(problems, "prm")
    assert not scored_by(problems, "orm")
