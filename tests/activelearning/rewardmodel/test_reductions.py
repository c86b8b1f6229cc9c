"""Golden values on probabilities made by hand."""

import pytest

from activelearning.rewardmodel.reductions import solution_score, step_scores

STEPS = [(0.1, 0.3, 0.6), (0.5, 0.25, 0.25), (0.0, 0.5, 0.5)]


@pytest.mark.parametrize(
    ("reduction", "neutral", "expected"),
    [
        ("product", "good", 0.9 * 0.5 * 1.0),
        ("product", "bad", 0.6 * 0.25 * 0.5),
        ("minimum", "good", 0.5),
        ("minimum", "bad", 0.25),
        ("last", "good", 1.0),
        ("last", "bad", 0.5),
        ("mean", "good", 0.8),
        ("mean", "bad", 0.45),
    ],
)
def test_each_reduction_with_each_neutral_rule(reduction: str, neutral: str, expected: float) -> None:
    assert solution_score(STEPS, reduction=reduction, neutral=neutral) == pytest.approx(expected, abs=1e-12)


def test_the_default_is_the_product_with_neutral_as_good() -> None:
    assert solution_score(STEPS) == pytest.approx(0.45, abs=1e-12)
    assert step_scores(STEPS) == pytest.approx([0.9, 0.5, 1.0])


def test_what_cannot_be_reduced_is_refused() -> None:
    with pytest.raises(ValueError, match="without steps"):
        solution_score([])
    with pytest.raises(ValueError, match="reduction must be"):
        solution_score(STEPS, reduction="sum")
    with pytest.raises(ValueError, match="neutral must be"):
        solution_score(STEPS, neutral="so-so")
