"""A model's report by hand: the same labelled steps in every figure."""

import json

import pytest

from activelearning.evaluation.model_report import JudgedSolution, Settings, part_of, report
from activelearning.rewardmodel.reductions import Probabilities

GOOD: Probabilities = (0.1, 0.2, 0.7)
MIDDLING: Probabilities = (0.2, 0.5, 0.3)
BAD: Probabilities = (0.8, 0.1, 0.1)
SETTINGS = Settings(resamples=20)

ROWS = [
    JudgedSolution(
        problem="p", steps=(GOOD, MIDDLING, BAD, GOOD), ratings=(1, None, -1, 1)
    ),  # the last is not looked at
    JudgedSolution(problem="q", steps=(GOOD, BAD), ratings=(0, 1)),
    JudgedSolution(problem="r", steps=(MIDDLING,), ratings=(None,)),  # says nothing
]


def test_confusion_and_calibration_are_of_the_steps_up_to_the_first_wrong_one() -> None:
    found = report(ROWS, SETTINGS)
    assert found["confusion"] == {
        "-1": {"-1": 1, "0": 0, "1": 0},
        "0": {"-1": 0, "0": 0, "1": 1},
        "1": {"-1": 1, "0": 0, "1": 1},
    }
    assert (found["right_steps"], found["wrong_steps"], found["calibration"]["steps"]) == (3, 1, 4)
    # Two bins: 0.2 with one good of two, 0.9 with two of two.
    assert found["calibration"]["error"] == pytest.approx((2 * 0.3 + 2 * 0.1) / 4)
    assert (found["solutions"], found["error_accuracy"], found["correct_accuracy"]) == (2, 1.0, 0.0)
    json.dumps(found, allow_nan=False)


def test_a_part_is_the_report_of_its_rows_and_of_two_models_their_difference() -> None:
    theirs = [JudgedSolution(problem=row.problem, steps=(GOOD,) * len(row.steps), ratings=row.ratings) for row in ROWS]
    assert part_of([ROWS], [0], SETTINGS) == report(ROWS[:1], SETTINGS)
    found = part_of([ROWS, theirs], [0, 1], SETTINGS)
    assert found["against"]["f1"] == 0.0
    assert found["difference"]["step_auc"]["difference"] == found["step_auc"] - 0.5
    assert found["difference"]["first_error_accuracy"]["difference"] == pytest.approx(0.5 - 0.5)


def test_a_part_in_which_nothing_can_be_said_says_none() -> None:
    found = report(ROWS[2:], SETTINGS)
    assert (found["step_auc"], found["f1"], found["calibration"]["error"], found["solutions"]) == (None, None, None, 0)
