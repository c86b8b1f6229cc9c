"""Two models side by side: differences by hand, intervals that are paired, and what cannot be compared."""

import numpy as np
import pytest

from activelearning.evaluation.best_of_n import Outcome
from activelearning.evaluation.bootstrap import Interval, interval, weights
from activelearning.evaluation.compare import compare_best_of_n, compare_steps
from activelearning.evaluation.steps import ScoredLabel, evaluate_steps


def rows(good: list[list[float]]) -> list[ScoredLabel]:
    """A problem each; the second step is the wrong one in every other."""
    return [
        ScoredLabel(problem=str(number), good=tuple(each), ratings=(1, -1) if number % 2 == 0 else (1, 1))
        for number, each in enumerate(good)
    ]


def test_differences_by_hand() -> None:
    ours = rows([[0.9, 0.1], [0.9, 0.9], [0.8, 0.6], [0.3, 0.7]])
    theirs = rows([[0.9, 0.6], [0.9, 0.9], [0.8, 0.7], [0.9, 0.9]])
    found = compare_steps(ours, theirs, resamples=0)
    # Ours: one of two errors found, one of two others spared; theirs: none, and both.
    assert found["first_error_accuracy"].difference == pytest.approx(2 / 4 - 2 / 4)
    assert found["f1"].difference == pytest.approx(0.5 - 0.0)
    first, second = evaluate_steps(ours, resamples=0), evaluate_steps(theirs, resamples=0)
    assert first.step_auc is not None
    assert second.step_auc is not None
    assert found["step_auc"].difference == pytest.approx(first.step_auc - second.step_auc)
    assert found["step_auc"].interval is None


def noisy(shift: float, seed: int, problems: int = 60) -> list[ScoredLabel]:
    dice = np.random.default_rng(7)
    hardness = dice.normal(0.0, 0.3, problems)  # shared by both models
    own = np.random.default_rng(seed).normal(0.0, 0.02, problems)
    return rows([[0.7 + h, 0.5 + h + o - shift] for h, o in zip(hardness, own, strict=True)])


def test_what_is_hard_for_both_cancels_out() -> None:
    """The models differ by little beside what problems differ by: apart their intervals overlap, paired theirs leaves zero out."""
    better, worse = noisy(0.1, 1), noisy(0.0, 2)
    apart = [evaluate_steps(each).step_auc_interval for each in (better, worse)]
    assert apart[0] is not None
    assert apart[1] is not None
    assert apart[0].low < apart[1].high
    paired = compare_steps(better, worse)["step_auc"]
    assert paired.interval is not None
    assert paired.interval.low > 0.0
    assert paired.interval.high - paired.interval.low < (apart[0].high - apart[0].low) / 2


def test_a_model_against_itself_differs_by_nothing() -> None:
    same = noisy(0.1, 1)
    for found in compare_steps(same, same, resamples=50).values():
        assert (found.difference, found.interval) == (0.0, Interval(low=0.0, high=0.0))


def test_other_solutions_or_labels_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same labelled solutions"):
        compare_steps(noisy(0.0, 1), noisy(0.0, 1, problems=59))
    other = [ScoredLabel(problem=row.problem, good=row.good, ratings=(1, 0)) for row in noisy(0.0, 1)]
    with pytest.raises(ValueError, match="same labelled solutions"):
        compare_steps(noisy(0.0, 1), other)


def outcome(chances: list[list[float]]) -> Outcome:
    p = np.array(chances)
    return Outcome(p, p * (1 - p))


def test_best_of_n_is_compared_problem_by_problem_at_each_n() -> None:
    ours = outcome([[0.5, 1.0], [0.5, 0.8], [0.5, 0.6], [0.5, 0.4]])
    theirs = outcome([[0.5, 0.9], [0.5, 0.7], [0.5, 0.5], [0.5, 0.3]])
    at_one, at_two = compare_best_of_n(ours, theirs, resamples=200)
    assert (at_one.difference, at_one.interval) == (0.0, Interval(low=0.0, high=0.0))
    assert at_two.difference == pytest.approx(0.1)
    assert at_two.interval is not None  # each problem gains the same, so there is no doubt
    assert (at_two.interval.low, at_two.interval.high) == pytest.approx((0.1, 0.1))
    (only, _) = compare_best_of_n(ours, theirs, problems=[2])
    assert (only.difference, only.interval) == (0.0, None)


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    dice = np.random.default_rng(3)
    gained = dice.normal(0.05, 0.2, (400, 1))
    (found,) = compare_best_of_n(Outcome(gained, gained), Outcome(0 * gained, gained), resamples=2000, seed=1)
    error = float(gained.std() / 20)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(float(gained.mean()) - 1.96 * error, abs=0.3 * error)
    assert found.interval.high == pytest.approx(float(gained.mean()) + 1.96 * error, abs=0.3 * error)


def test_other_problems_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same problems"):
        compare_best_of_n(outcome([[0.5]]), outcome([[0.5], [0.5]]))
    with pytest.raises(ValueError, match="no problems"):
        compare_best_of_n(outcome([[0.5]]), outcome([[0.5]]), problems=[])


def test_draws_are_of_whole_problems_and_repeat_with_the_seed() -> None:
    drawn = list(weights(5, resamples=20, seed=4))
    assert all(draw.sum() == 5 for draw in drawn)
    assert any(draw.max() > 1 for draw in drawn)
    assert np.array_equal(drawn, list(weights(5, resamples=20, seed=4)))
    assert list(weights(1, resamples=20, seed=4)) == []


def test_an_interval_of_which_most_draws_cannot_speak_is_none() -> None:
    assert interval([0.5, None, None], resamples=3) is None
    assert interval([], resamples=0) is None
    assert interval([0.5, 0.5, None], resamples=3) == Interval(low=0.5, high=0.5)
