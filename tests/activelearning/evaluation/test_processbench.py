"""ProcessBench's F1 against counts by hand."""

import pytest

from activelearning.evaluation.processbench import average_f1, predicted, report


def test_f1_by_hand() -> None:
    """With an error: 2 of 4 named exactly. Without: 3 of 4 left alone. F1 = 2 · 0.5 · 0.75 / 1.25 = 0.6."""
    found = report(labels=[0, 2, 3, 5, -1, -1, -1, -1], predictions=[0, 2, 2, -1, -1, -1, -1, 4])
    assert (found.error_accuracy, found.correct_accuracy) == (0.5, 0.75)
    assert found.f1 == pytest.approx(0.6)
    assert (found.with_error, found.without_error) == (4, 4)


def test_no_prediction_is_a_wrong_one_on_either_side() -> None:
    found = report(labels=[0, 0, -1, -1], predictions=[0, None, -1, None])
    assert (found.error_accuracy, found.correct_accuracy, found.f1) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    ("good", "first"),
    [([0.9, 0.4, 0.1], 1), ([0.5, 0.5], -1), ([0.5, 0.4999], 1), ([], -1), ([0.1], 0)],
)
def test_the_first_step_under_the_threshold_is_predicted(good: list[float], first: int) -> None:
    assert predicted(good, threshold=0.5) == first


def test_what_cannot_be_said_is_none() -> None:
    only_errors = report(labels=[1], predictions=[1])
    assert (only_errors.error_accuracy, only_errors.correct_accuracy, only_errors.f1) == (1.0, None, None)
    assert report(labels=[1, -1], predictions=[0, 0]).f1 == 0.0
    whole = report(labels=[1, -1], predictions=[1, -1])
    assert average_f1({"a": whole, "b": report(labels=[1, -1], predictions=[0, -1])}) == 0.5
    assert average_f1({"a": whole, "b": only_errors}) is None
    assert average_f1({}) is None
