"""Pools made by hand whose right choice is plain: shares, order, caps, ties, determinism."""

import random
from collections import Counter
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from activelearning.strategies import diversity, shares
from activelearning.strategies.choose import STRATEGIES, Named, UnknownStrategy, select
from activelearning.strategies.pool import Cap, Features, Pick, Pool, chance, share_of

NAN = float("nan")


def pool(*entries: tuple[str, str, float, bool]) -> Pool:
    """(id, problem, score, is wrong) each, the other columns made of these."""
    scores = np.array([entry[2] for entry in entries], dtype=np.float64)
    wrong = np.array([entry[3] for entry in entries], dtype=np.bool_)
    return Pool(
        ids=[entry[0] for entry in entries],
        problems=[entry[1] for entry in entries],
        scores=scores,
        is_wrong=wrong,
        is_right=~wrong,
        doubts=10 * scores,
        disputes=scores / 2,
        strata=[f"stratum {len(entry[1])}" for entry in entries],
        answers=["7" if entry[3] else None if entry[2] < 0.1 else "8" for entry in entries],
        features=diversity.of_texts([entry[0] for entry in entries]),
        says=[entry[0] for entry in entries],
    )


def large(size: int = 400) -> Pool:
    dice = random.Random(1)
    return pool(*((f"id{i}", f"p{i % 40}", round(dice.random(), 2), dice.random() < 0.5) for i in range(size)))


def reordered(given: Pool, order: list[int]) -> Pool:
    def moved(column: Any) -> Any:
        if isinstance(column, Features):
            return Features(rows=column.rows[order], made_of=column.made_of)
        return (
            None if column is None else column[order] if isinstance(column, np.ndarray) else [column[i] for i in order]
        )

    return Pool(**{field.name: moved(getattr(given, field.name)) for field in fields(Pool)})


def ids(given: Pool, picks: list[Pick]) -> list[str]:
    return [given.ids[pick.index] for pick in picks]


HAND = pool(
    ("a", "1", 0.9, True),
    ("b", "1", 0.8, True),
    ("c", "1", 0.95, False),
    ("d", "2", 0.3, True),
    ("e", "2", 0.99, False),
    ("f", "2", NAN, True),
)


def test_convincing_wrong_takes_the_highest_wrong_ones_and_no_other() -> None:
    assert ids(HAND, select(HAND, strategy="convincing_wrong", budget=2)) == ["a", "b"]
    assert ids(HAND, select(HAND, strategy="convincing_wrong", budget=10)) == ["a", "b", "d"]


def test_a_cap_spreads_the_choice_over_problems() -> None:
    assert ids(HAND, select(HAND, strategy="convincing_wrong", budget=2, per_problem=1)) == ["a", "d"]


def test_every_chosen_wrong_one_ranks_above_the_unchosen_of_its_problem() -> None:
    given = large()
    chosen = {pick.index for pick in select(given, strategy="convincing_wrong", budget=60, per_problem=2, seed=3)}
    assert len(chosen) == 60
    for index in chosen:
        assert given.is_wrong[index]
        rivals = [
            i
            for i in range(len(given))
            if given.problems[i] == given.problems[index] and given.is_wrong[i] and i not in chosen
        ]
        assert all(given.scores[i] <= given.scores[index] for i in rivals)
    assert max(Counter(given.problems[i] for i in chosen).values()) == 2


def test_mixed_is_four_fifths_wrong_then_the_best_of_what_remains() -> None:
    given = large()
    picks = select(given, strategy="mixed", budget=50)
    wrong = [i for i in range(len(given)) if given.is_wrong[i]]
    best_wrong = sorted(given.scores[wrong], reverse=True)[:40]
    assert [given.scores[pick.index] for pick in picks[:40]] == best_wrong
    assert all(given.is_wrong[pick.index] for pick in picks[:40])
    left = set(range(len(given))) - {pick.index for pick in picks[:40]}
    best_left = sorted((given.scores[i] for i in left), reverse=True)[:10]
    assert [given.scores[pick.index] for pick in picks[40:]] == best_left
    assert len({pick.index for pick in picks}) == 50


def test_mixed_fills_its_budget_where_wrong_ones_are_few() -> None:
    assert ids(HAND, select(HAND, strategy="mixed", budget=5)) == ["a", "b", "d", "e", "c"]


@pytest.mark.parametrize(("budget", "wrong"), [(1, 1), (2, 2), (3, 2), (5, 4), (7, 6), (8, 6), (10, 8), (100, 80)])
def test_the_wrong_share_is_the_nearest_whole_number(budget: int, wrong: int) -> None:
    assert share_of(budget, 0.8) == wrong


def test_a_uniform_share_stands_beside_the_strategy_and_is_named() -> None:
    given = large()
    picks = select(given, strategy="convincing_wrong", budget=50, uniform_share=0.2, seed=5)
    assert [pick.strategy for pick in picks] == ["convincing_wrong"] * 40 + ["uniform"] * 10
    assert len({pick.index for pick in picks}) == 50
    drawn = {pick.index for pick in picks[40:]}
    alone = select(given, strategy="convincing_wrong", budget=50, seed=5)
    assert [pick.index for pick in picks[:40]] == [pick.index for pick in alone if pick.index not in drawn][:40]


def test_the_uniform_share_is_the_same_sample_of_the_whole_pool_whatever_the_strategy() -> None:
    given = large()
    few = select(given, strategy="convincing_wrong", budget=20, uniform_share=0.5, seed=5)
    many = select(given, strategy="mixed", budget=50, uniform_share=0.2, seed=5)
    assert [pick.index for pick in few[10:]] == [pick.index for pick in many[40:]]


def test_a_cap_holds_over_everything_that_is_chosen() -> None:
    given = large()
    for strategy in ("mixed", {"mixed": 0.5, "uncertainty": 0.25, "uniform": 0.25}):
        picks = select(given, strategy=strategy, budget=60, per_problem=2, uniform_share=0.5, seed=5)
        assert len(picks) == 60
        assert max(Counter(given.problems[pick.index] for pick in picks).values()) == 2


def test_uniform_takes_unscored_ones_too_and_every_one_equally_often() -> None:
    counts = Counter(
        name for seed in range(1200) for name in ids(HAND, select(HAND, strategy="uniform", budget=2, seed=seed))
    )
    assert set(counts) == set("abcdef")
    assert all(abs(count - 400) < 5 * (1200 * (1 / 3) * (2 / 3)) ** 0.5 for count in counts.values())


@pytest.mark.parametrize("strategy", [*sorted(STRATEGIES), {"mixed": 0.5, "uncertainty": 0.3, "uniform": 0.2}])
def test_the_choice_depends_on_seed_and_pool_and_not_on_its_order(strategy: Named) -> None:
    given = large()
    order = list(range(len(given)))
    random.Random(2).shuffle(order)
    shuffled = reordered(given, order)
    first = ids(given, select(given, strategy=strategy, budget=30, uniform_share=0.3, seed=7))
    assert ids(shuffled, select(shuffled, strategy=strategy, budget=30, uniform_share=0.3, seed=7)) == first
    assert ids(given, select(given, strategy=strategy, budget=30, uniform_share=0.3, seed=8)) != first


def test_ties_are_broken_by_the_seed() -> None:
    tied = pool(*((f"t{i}", "1", 0.5, True) for i in range(50)))
    first = ids(tied, select(tied, strategy="convincing_wrong", budget=5, seed=1))
    assert first == ids(tied, select(tied, strategy="convincing_wrong", budget=5, seed=1))
    assert first != ids(tied, select(tied, strategy="convincing_wrong", budget=5, seed=2))
    assert chance(1, "t1") == chance(1, "t1") != chance(2, "t1")


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_every_pick_says_who_chose_it_and_why(strategy: str) -> None:
    for pick in select(large(), strategy=strategy, budget=30, uniform_share=0.2):
        assert pick.reason
        assert pick.strategy in (strategy, "uniform")


@pytest.mark.parametrize(
    ("budget", "expected"),
    [(100, (60, 20, 20)), (10, (6, 2, 2)), (7, (4, 2, 1)), (3, (2, 1, 0)), (1, (1, 0, 0)), (999, (599, 200, 200))],
)
def test_shares_add_up_to_the_budget_and_are_exact(budget: int, expected: tuple[int, ...]) -> None:
    given = {"convincing_wrong": 0.6, "uncertainty": 0.2, "uniform": 0.2}
    assert tuple(shares.counts_of(budget, given).values()) == expected


def test_every_share_gets_its_own_and_the_one_by_chance_is_drawn_first() -> None:
    given = large()
    named = {"convincing_wrong": 0.5, "uniform": 0.2, "uncertainty": 0.3}
    picks = select(given, strategy=named, budget=50, seed=4)
    turned = dict(reversed(named.items()))
    assert select(given, strategy=turned, budget=50, seed=4) == picks  # JSON objects come back in another order
    assert [pick.strategy for pick in picks] == ["convincing_wrong"] * 25 + ["uncertainty"] * 15 + ["uniform"] * 10
    assert len({pick.index for pick in picks}) == 50
    alone = select(given, strategy="mixed", budget=50, uniform_share=0.2, seed=4)
    assert [pick.index for pick in picks[40:]] == [pick.index for pick in alone[40:]]


def test_the_uniform_floor_is_met_and_a_greater_share_is_kept() -> None:
    def counted(**named: float) -> Counter[str]:
        return Counter(p.strategy for p in select(large(), strategy=named, budget=50, uniform_share=0.2))

    assert counted(convincing_wrong=0.75, uncertainty=0.25) == {
        "convincing_wrong": 30,
        "uncertainty": 10,
        "uniform": 10,
    }
    assert counted(convincing_wrong=0.72, uncertainty=0.18, uniform=0.1)["uniform"] == 10
    assert counted(convincing_wrong=0.5, uniform=0.5) == {"convincing_wrong": 25, "uniform": 25}
    assert counted(uniform=1.0) == {"uniform": 50}


def test_of_solutions_that_say_the_same_the_best_ranked_alone_is_taken_where_that_is_asked_for() -> None:
    given = replace(HAND, says=["x", "x", "y", "x", "y", "z"])
    assert ids(given, select(given, strategy="convincing_wrong", budget=9)) == ["a", "b", "d"]
    assert ids(given, select(given, strategy="convincing_wrong", budget=9, merge=True)) == ["a", "d"]


def test_chance_goes_by_lots_where_there_are_lots_and_everybody_is_still_as_likely() -> None:
    given = replace(HAND, lots=[1, 1, 2, 3, 3, 3])
    counts = Counter(
        n for seed in range(600) for n in ids(given, select(given, strategy="uniform", budget=3, seed=seed))
    )
    assert all(abs(count - 300) < 75 for count in counts.values())


def test_an_empty_pool_and_an_empty_budget_choose_nothing() -> None:
    for strategy in STRATEGIES:
        assert select(pool(), strategy=strategy, budget=5) == []
        assert select(HAND, strategy=strategy, budget=0) == []


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(UnknownStrategy, match="uniform, convincing_wrong, mixed"):
        select(HAND, strategy="curiosity", budget=1)
    with pytest.raises(ValueError, match=r"add up to 0\.9"):
        select(HAND, strategy={"mixed": 0.5, "uniform": 0.4}, budget=1)
    with pytest.raises(ValueError, match="the share of"):
        select(HAND, strategy={"mixed": 1.5, "uniform": -0.5}, budget=1)
    with pytest.raises(ValueError, match="budget"):
        select(HAND, strategy="mixed", budget=-1)
    with pytest.raises(ValueError, match="share"):
        select(HAND, strategy="mixed", budget=1, uniform_share=1.5)
    with pytest.raises(ValueError, match="per_problem"):
        Cap(HAND, 0)
    with pytest.raises(ValueError, match="lengths"):
        Pool(ids=["a"], problems=[], scores=np.zeros(1), is_wrong=np.zeros(1, dtype=np.bool_))
