"""Hand-made pools whose right choice is plain."""

from typing import Any

import pytest

from activelearning.choice import WORDS, choose
from activelearning.pages.forms import STRATEGY_WORDS
from activelearning.round_config import STRATEGIES, RoundConfig
from activelearning.strategies.choose import STRATEGIES as BUILT

# (solution, problem, verdict, score): two problems, four solutions each.
POOL = [
    (1, 1, "wrong", 0.9),
    (2, 1, "wrong", 0.8),
    (3, 1, "right", 0.99),
    (4, 1, "undecided", 0.95),
    (5, 2, "wrong", 0.85),
    (6, 2, "wrong", 0.1),
    (7, 2, "", 0.97),
    (8, 2, "right", 0.5),
]


def chosen(pool: list[tuple[int, int, str, float]] = POOL, **config: Any) -> list[int]:
    given = {"per_problem": None, "uniform_share": 0.0, **config}
    return [c.solution for c in choose(pool, config=RoundConfig(**given))]


def test_over_the_pool_the_best_scored_wrong_ones_come_first_and_nothing_else_ever() -> None:
    assert chosen(budget=3) == [1, 5, 2]
    assert chosen(budget=100) == [1, 5, 2, 6]


def test_per_problem_no_problem_gives_more_than_its_share() -> None:
    assert chosen(budget=3, per_problem=1) == [1, 5]


def test_the_mix_is_four_fifths_wrong_and_then_the_best_of_the_rest() -> None:
    pool = [(n, n, "wrong" if n % 2 else "right", n / 100) for n in range(1, 41)]
    found = chosen(pool, strategy="mixed", budget=10)
    assert found == [39, 37, 35, 33, 31, 29, 27, 25, 40, 38]


def test_the_cap_of_a_problem_binds_every_part_together() -> None:
    assert chosen(strategy="mixed", budget=5, per_problem=1) == [1, 5]


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.2, 4), (0.25, 5), (1.0, 20)])
def test_the_uniform_share_is_exact_and_says_so(share: float, expected: int) -> None:
    pool = [(n, n, "wrong", n / 100) for n in range(1, 101)]
    found = choose(pool, config=RoundConfig(budget=20, uniform_share=share))
    assert len(found) == len({c.solution for c in found}) == 20
    by_chance = [c for c in found if c.strategy == "uniform"]
    assert len(by_chance) == expected
    assert all("chance" in c.reason for c in by_chance)


def test_the_uniform_share_is_drawn_from_the_whole_pool_whatever_the_verdict() -> None:
    seen = set()
    for seed in range(40):
        found = choose(POOL, config=RoundConfig(strategy="uniform", budget=2, seed=seed))
        assert len(found) == 2
        seen |= {c.solution for c in found}
    assert seen == set(range(1, 9))


def test_the_same_seed_chooses_the_same_and_another_seed_another() -> None:
    pool = [(n, n, "wrong", n / 100) for n in range(1, 101)]
    assert chosen(pool, strategy="uniform", budget=10, seed=1) == chosen(pool, strategy="uniform", budget=10, seed=1)
    assert chosen(pool, strategy="uniform", budget=10, seed=1) != chosen(pool, strategy="uniform", budget=10, seed=2)


def test_an_empty_pool_gives_nothing() -> None:
    assert chosen([], budget=5) == []


def test_a_round_may_be_told_every_strategy_that_is_built_and_no_other() -> None:
    assert set(STRATEGIES) <= set(BUILT)
    assert set(STRATEGY_WORDS) == set(WORDS) == set(STRATEGIES)
