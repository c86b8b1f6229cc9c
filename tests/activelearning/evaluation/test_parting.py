"""The first predicted error, and the step on which model and labeller part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activelearning.evaluation.parting import parts_at, predicted_error
from activelearning.evaluation.steps import ScoredLabel, evaluate_steps

GOOD, BAD = 0.9, 0.1


@pytest.mark.parametrize(
    ("good", "expected"), [([], None), ([GOOD, GOOD], None), ([GOOD, BAD, BAD], 1), ([0.5, 0.4999], 1)]
)
def test_the_first_predicted_error_is_the_first_step_under_one_half(good: list[float], expected: int | None) -> None:
    assert predicted_error(good) == expected


@pytest.mark.parametrize(
    ("good", "ratings", "expected"),
    [
        ([GOOD, BAD, GOOD], [1, -1], None),
        ([GOOD, GOOD, GOOD], [1, 0, 1], None),
        ([GOOD, GOOD, BAD], [1, -1], 1),  # what comes after the label's end is judged by nobody
        ([BAD, GOOD, BAD], [1, 0, -1], 0),  # the model blames a step that the labeller passed
        ([GOOD, BAD, GOOD], [1, 1, 1], 1),
        ([GOOD, BAD, GOOD], [1], None),  # given up before the step that the model blames
        ([GOOD], [1, -1], None),  # the model read one step only
        ([BAD, BAD], [None, None], None),
        ([BAD, BAD], [None, -1], 0),  # counted as the measure counts it
        ([], [], None),
    ],
)
def test_they_part_at_the_first_step_that_only_one_of_them_calls_wrong(
    good: list[float], ratings: list[int | None], expected: int | None
) -> None:
    assert parts_at(good, ratings) == expected


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=6),
    st.lists(st.sampled_from([-1, 0, 1, None]), min_size=1, max_size=6),
)
def test_a_solution_is_named_exactly_where_and_only_where_they_do_not_part(
    good: list[float], ratings: list[int | None]
) -> None:
    judged = tuple(ratings[: len(good)])
    report = evaluate_steps([ScoredLabel(problem="p", good=tuple(good), ratings=judged)], resamples=0)
    if report.first_error_accuracy is None:
        assert parts_at(good, ratings) is None
    else:
        assert (parts_at(good, ratings) is None) == (report.first_error_accuracy == 1.0)
