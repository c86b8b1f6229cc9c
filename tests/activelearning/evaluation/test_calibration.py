"""Calibration and confusion by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activelearning.evaluation.calibration import calibration, confusion, likeliest


def test_bins_error_and_brier_by_hand() -> None:
    """Two bins: 0.2 and 0.4 with one good of two; 0.6, 0.8 and 1.0 with two good of three."""
    found = calibration([0.2, 0.4, 0.6, 0.8, 1.0], [False, True, True, False, True], bins=2)
    low, high = found.bins
    assert (low.low, low.high, low.steps, low.observed) == (0.0, 0.5, 2, 0.5)
    assert low.predicted == pytest.approx(0.3)
    assert (high.steps, high.observed, high.predicted) == (3, pytest.approx(2 / 3), pytest.approx(0.8))
    assert found.error == pytest.approx((2 * 0.2 + 3 * (0.8 - 2 / 3)) / 5)
    assert found.brier == pytest.approx((0.04 + 0.36 + 0.16 + 0.64 + 0.0) / 5)


def test_a_model_that_means_what_it_says_has_no_error() -> None:
    assert calibration([0.25] * 4 + [1.0], [True, False, False, False, True]).error == pytest.approx(0.0)


def test_bins_close_below_and_the_last_on_both_sides() -> None:
    found = calibration([k / 10 for k in range(11)], [True] * 11)
    assert [one.steps for one in found.bins] == [1] * 9 + [2]
    assert calibration([1.0 + 1e-9], [True]).bins[-1].steps == 1  # three probabilities add up to nearly one


def test_nothing_has_no_error_and_no_step() -> None:
    found = calibration([], [])
    assert (found.error, found.brier, found.steps) == (None, None, 0)
    assert all(one.predicted is None and one.observed is None for one in found.bins)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_every_step_is_in_one_bin_and_the_error_is_a_share(steps: list[tuple[float, bool]]) -> None:
    found = calibration([good for good, _ in steps], [true for _, true in steps])
    assert sum(one.steps for one in found.bins) == len(steps)
    assert found.error is not None
    assert 0.0 <= found.error <= 1.0
    for one in found.bins:
        assert one.predicted is None or one.low - 1e-12 <= one.predicted <= one.high + 1e-12


@pytest.mark.parametrize("wrong", [1.5, -0.1, float("nan")])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        calibration([wrong], [True])


def test_as_many_labels_as_probabilities() -> None:
    with pytest.raises(ValueError, match="2 probabilities and 1 labels"):
        calibration([0.1, 0.2], [True])


def test_confusion_counts_the_labellers_rating_then_the_models() -> None:
    found = confusion(labelled=[1, 1, 0, -1, -1], predicted=[1, 0, 1, -1, 1])
    assert found == {-1: {-1: 1, 0: 0, 1: 1}, 0: {-1: 0, 0: 0, 1: 1}, 1: {-1: 0, 0: 1, 1: 1}}


def test_of_equal_probabilities_the_lower_rating_is_said() -> None:
    assert [likeliest(p) for p in ((0.1, 0.2, 0.7), (0.4, 0.4, 0.2), (0.2, 0.4, 0.4))] == [1, -1, 0]
