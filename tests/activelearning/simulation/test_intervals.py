"""Means, intervals and ratios of labels, on numbers that can be checked by hand."""

import pytest

from activelearning.simulation.intervals import difference, line, ratio


def test_the_interval_is_students() -> None:
    found = line([[0.4], [0.5], [0.6]])
    assert found["mean"] == [pytest.approx(0.5)]
    assert found["std"] == [pytest.approx(0.1)]
    # 4.303 for two degrees of freedom, over the root of three
    assert found["low"] == [pytest.approx(0.5 - 4.303 * 0.1 / 3**0.5)]
    assert found["per_seed"] == [[0.4], [0.5], [0.6]]


def test_shares_stay_shares_and_one_seed_has_no_interval() -> None:
    wide = line([[0.0], [1.0]])
    assert (wide["low"], wide["high"]) == ([0.0], [1.0])
    alone = line([[0.3, 0.4]])
    assert (alone["std"], alone["low"], alone["high"]) == ([0.0, 0.0], None, None)


def test_differences_are_paired_by_seed() -> None:
    found = difference(line([[0.5], [0.9]]), line([[0.4], [0.8]]))
    assert found["mean"] == [pytest.approx(0.1)]
    assert found["high"][0] - found["low"][0] == pytest.approx(0.0, abs=1e-9)


BEGUN = line([[0.1]] * 3)


def test_a_strategy_that_reaches_with_half_the_labels_what_uniform_does_has_ratio_two() -> None:
    uniform = line([[0.2, 0.4, 0.6, 0.8]] * 3)
    labels = [50, 100, 200, 400]
    # The last height is one that uniform choice never reached: there it needs 400 at least.
    found = ratio(labels, uniform, line([[0.4, 0.6, 0.8, 0.9]] * 3), first=25, begun=BEGUN)
    assert found["places"] == pytest.approx([2.0, 2.0, 2.0, 1.0])
    assert found["value"] == pytest.approx(2.0**0.75)
    assert found["low"] == pytest.approx(2.0**0.75)
    assert found["beyond"] == 1
    assert ratio(labels, uniform, uniform, first=25, begun=BEGUN)["value"] == pytest.approx(1.0)
    slower = ratio(labels, uniform, line([[0.1, 0.2, 0.4, 0.6]] * 3), first=25, begun=BEGUN)
    assert slower["places"] == pytest.approx([0.5] * 4)
    assert slower["beyond"] == 0


def test_the_bootstrap_says_how_unsure_the_ratio_is() -> None:
    uniform = line([[0.2, 0.4, 0.6], [0.2, 0.4, 0.6]])
    other = line([[0.3, 0.5, 0.6], [0.2, 0.3, 0.5]])
    found, again = (ratio([50, 100, 200], uniform, other, first=25, begun=line([[0.1]] * 2)) for _ in range(2))
    assert found["low"] < 1.0 < found["high"]
    assert found == again
