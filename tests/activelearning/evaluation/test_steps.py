"""Step AUC and first-error accuracy on rows whose figures can be counted by hand; what cannot be said is None."""

import json
import random

import pytest

from activelearning.evaluation.steps import ScoredLabel, auc, evaluate_steps


def row(good: list[float], ratings: list[int | None], problem: str = "p") -> ScoredLabel:
    return ScoredLabel(problem=problem, good=tuple(good), ratings=tuple(ratings))


def test_auc_counts_pairs_and_ties_half() -> None:
    assert auc([0.9, 0.5], [0.5, 0.1]) == (1 + 1 + 0.5 + 1) / 4
    assert auc([0.5], [0.5]) == 0.5
    assert auc([0.1], [0.9]) == 0.0
    assert auc([], [0.1]) is None
    assert auc([0.1], []) is None


def test_auc_is_the_share_of_pairs_by_brute_force() -> None:
    dice = random.Random(1)
    high = [dice.randint(0, 9) / 10 for _ in range(70)]
    low = [dice.randint(0, 9) / 10 for _ in range(50)]
    brute = sum((h > w) + 0.5 * (h == w) for h in high for w in low) / (len(high) * len(low))
    assert auc(high, low) == pytest.approx(brute, abs=1e-12)


def test_first_error_accuracy_by_hand() -> None:
    rows = [
        row([0.9, 0.2], [1, -1]),  # found
        row([0.4, 0.2], [1, -1]),  # too early
        row([0.9, 0.8], [1, -1]),  # missed
        row([0.9, 0.5], [1, 0]),  # right: the threshold itself is not under it
        row([0.9, 0.4], [1, 0]),  # a false alarm
    ]
    found = evaluate_steps(rows, resamples=0)
    assert found.error_accuracy == pytest.approx(1 / 3)
    assert found.correct_accuracy == pytest.approx(1 / 2)
    assert found.first_error_accuracy == pytest.approx(2 / 5)
    assert found.f1 == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))
    assert (found.solutions, found.with_error, found.right_steps, found.wrong_steps) == (5, 3, 7, 3)
    assert found.step_auc == pytest.approx(auc([0.9, 0.4, 0.9, 0.9, 0.5, 0.9, 0.4], [0.2, 0.2, 0.8]))


def test_steps_after_the_first_wrong_one_and_unrated_ones_do_not_count() -> None:
    found = evaluate_steps([row([0.9, 0.9, 0.1, 0.0], [1, None, -1, 1])], resamples=0)
    assert (found.right_steps, found.wrong_steps) == (1, 1)
    assert found.first_error_accuracy == 1.0


def test_scores_beyond_the_labels_are_not_judged() -> None:
    assert evaluate_steps([row([0.9, 0.1], [1])], resamples=0).first_error_accuracy == 1.0


@pytest.mark.parametrize(
    "rows", [[], [row([0.5], [None])], [row([0.5, 0.6], [1, 0])], [row([0.5], [-1])], [row([0.5], [0])]]
)
def test_what_cannot_be_said_is_none_and_never_nan(rows: list[ScoredLabel]) -> None:
    found = evaluate_steps(rows, resamples=50)
    assert found.step_auc is None
    assert found.step_auc_interval is None
    assert found.f1 is None
    assert "NaN" not in json.dumps(found.as_dict())


def test_the_interval_holds_the_value_narrows_with_problems_and_repeats() -> None:
    dice = random.Random(3)

    def rows(problems: int) -> list[ScoredLabel]:
        return [
            row([dice.gauss(0.7, 0.2), dice.gauss(0.5, 0.2)], [1, -1], problem=str(i // 2)) for i in range(2 * problems)
        ]

    few, many = evaluate_steps(rows(20)), evaluate_steps(rows(400))
    for found in (few, many):
        assert found.step_auc is not None
        assert found.step_auc_interval is not None
        assert found.step_auc_interval.low < found.step_auc < found.step_auc_interval.high
    width = [f.step_auc_interval.high - f.step_auc_interval.low for f in (few, many) if f.step_auc_interval]
    assert width[1] < width[0] / 2
    same = rows(30)
    assert evaluate_steps(same, seed=4) == evaluate_steps(same, seed=4)


def test_the_bootstrap_draws_problems_and_not_solutions() -> None:
    """All solutions of one problem are copies: many of them say no more than one."""
    base = [row([0.6 + 0.05 * (i % 3), 0.5 + 0.06 * (i % 5)], [1, -1], problem=str(i)) for i in range(15)]
    copies = [one for one in base for _ in range(20)]
    assert evaluate_steps(copies, seed=1).step_auc_interval == evaluate_steps(base, seed=1).step_auc_interval


def test_impossible_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="2 steps are labelled"):
        row([0.5], [1, 1])
    with pytest.raises(ValueError, match="not finite"):
        row([float("nan")], [1])
