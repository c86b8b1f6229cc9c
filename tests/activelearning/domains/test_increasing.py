"""Numbers that rise: a step is right when larger than the one before."""

import pytest

from activelearning.domains import increasing
from activelearning.domains.increasing import is_right, oracle

PROBLEM = "list 123456 from 20"


def test_a_step_is_right_when_larger_than_the_one_before() -> None:
    assert oracle(PROBLEM, ["21", "25", "25", "30"]) == (1, 1, -1)
    assert oracle(PROBLEM, ["20"]) == (-1,)
    assert oracle(PROBLEM, ["21", "twenty-two"]) == (1, -1)
    with pytest.raises(ValueError, match="not a problem"):
        oracle("count to three", ["21"])


def test_the_outcome_is_that_all_are_there_and_all_rise() -> None:
    rising = [str(number) for number in range(21, 29)]
    assert is_right(PROBLEM, rising)
    assert not is_right(PROBLEM, rising[:-1])
    assert not is_right(PROBLEM, [*rising[:-1], "27"])


def test_it_is_seeded_and_every_number_has_two_digits() -> None:
    some = increasing.problems(40, seed=3)
    assert increasing.problems(60, seed=3)[:40] == some
    assert len({problem.text for problem in some}) == 40
    drawn = [solution for problem in some for solution in increasing.solutions(problem, 20, seed=1)]
    assert increasing.solutions(some[0], 20, seed=1) == drawn[:20]
    assert all(len(step) == 2 for solution in drawn for step in solution.steps)
    right = sum(is_right(problem, s) for problem in some for s in increasing.solutions(problem, 20, seed=1))
    assert 0.02 < right / 800 < 0.3
