"""Fifths by pass rate, and the parts of a report."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from activelearning.evaluation.strata import parts, quintiles


def test_ten_problems_with_different_pass_rates_make_five_pairs() -> None:
    rates = {str(number): number / 10 for number in range(10)}
    assert quintiles(rates) == {str(number): str(number // 2 + 1) for number in range(10)}


def test_problems_with_one_pass_rate_stand_together() -> None:
    """Six that nobody solves are the hardest three fifths: they stand in the middle of these."""
    rates = {**{f"hard {n}": 0.0 for n in range(6)}, "a": 0.5, "b": 0.6, "c": 0.7, "d": 0.8}
    found = quintiles(rates)
    assert {found[f"hard {n}"] for n in range(6)} == {"2"}
    assert [found[name] for name in "abcd"] == ["4", "4", "5", "5"]


def test_one_problem_is_in_the_middle_fifth() -> None:
    assert quintiles({"only": 0.9}) == {"only": "3"}
    assert quintiles({}) == {}


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1))
def test_an_easier_problem_is_never_in_a_harder_fifth(rates: dict[str, float]) -> None:
    found = quintiles(rates)
    assert set(found.values()) <= set("12345")
    ordered = sorted(rates, key=rates.__getitem__)
    assert all(found[one] <= found[other] for one, other in pairwise(ordered))


def test_parts_are_in_order_and_what_is_not_said_is_in_none() -> None:
    assert parts(["10", "2", "", "10"]) == {"2": [1], "10": [0, 3]}
    assert list(parts(["Level 2", "Algebra", "3"])) == ["3", "Algebra", "Level 2"]
