"""What a round measures of its model on the labels held out."""

import pytest

from activelearning import measures
from activelearning.hold_out import Labelled


def said(good: float) -> dict[str, float]:
    return {"-1": 1 - good, "0": 0.0, "1": good}


def test_probabilities_are_measured_beside_what_they_tell_apart() -> None:
    rows = [
        Labelled(problem="a", steps=("one", "two", "three"), ratings=(1, 0, -1)),
        Labelled(problem="b", steps=("one", "two"), ratings=(1, 1)),
    ]
    found = measures.of_steps(rows, [[said(0.95), said(0.95), said(0.25)], [said(0.95)]])
    assert (found["step_auc"], found["solutions"], found["right_steps"], found["wrong_steps"]) == (1.0, 2, 3, 1)
    assert found["calibration_error"] == pytest.approx((3 * 0.05 + 0.25) / 4)
    assert found["brier_score"] == pytest.approx((3 * 0.05**2 + 0.25**2) / 4)


def test_what_was_not_held_out_is_not_measured() -> None:
    found = measures.of_steps([], [])
    assert (found["step_auc"], found["calibration_error"], found["brier_score"]) == (None, None, None)
