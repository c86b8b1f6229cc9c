"""The strategies by name, alone or in shares, beside a uniform floor: what rounds and `select_solutions` call."""

from collections.abc import Callable, Mapping

from activelearning.strategies import (
    convincing_wrong,
    diversity,
    ensemble,
    grader_disagreement,
    mixed,
    relabel,
    shares,
    stratified,
    uncertainty,
    uniform,
    vote_disagreement,
)
from activelearning.strategies.pool import Cap, Pick, Pool, share_of

Strategy = Callable[..., list[Pick]]
Named = str | Mapping[str, float]  # a strategy, or shares of several

STRATEGIES: dict[str, Strategy] = {
    uniform.NAME: uniform.choose,
    convincing_wrong.NAME: convincing_wrong.choose,
    mixed.NAME: mixed.choose,
    stratified.NAME: stratified.choose,
    uncertainty.NAME: uncertainty.choose,
    ensemble.NAME: ensemble.choose,
    grader_disagreement.NAME: grader_disagreement.choose,
    vote_disagreement.NAME: vote_disagreement.choose,
    diversity.NAME: diversity.choose,
    relabel.NAME: relabel.choose,
}
_UNIFORM_SALT = 1_000_003  # so that the uniform share is not the order in which ties are broken


class UnknownStrategy(ValueError):
    """No strategy of that name is built; the text lists those that are."""


def select(
    pool: Pool,
    *,
    strategy: Named,
    budget: int,
    per_problem: int | None = None,
    uniform_share: float = 0.0,
    merge: bool = False,
    seed: int = 0,
) -> list[Pick]:
    """At most `budget` picks: those of `strategy`, or of each strategy by its share, in rank order, then those drawn by chance.

    By chance come `uniform_share` of the budget at least, drawn first and from the whole pool, whatever the strategies want: the same
    sample beside any of them. At most `per_problem` are of one problem, over everything; with `merge`, one of the solutions of a problem
    that say the same. Fewer come where the pool has no more that may be chosen: no share is made up from another. The same pool in any
    order and the same seed give the same picks. Raises `UnknownStrategy`, `ValueError`.
    """
    if budget < 0:
        raise ValueError(f"the budget is {budget}; it must be 0 or more")
    counts = counts_of(strategy, budget=budget, uniform_share=uniform_share)
    cap = Cap(pool, per_problem, merge=merge)
    drawn = uniform.choose(pool, cap, counts.pop(FLOOR), seed=uniform_seed(seed))
    picks: list[Pick] = []
    for name, count in counts.items():
        picks += STRATEGIES[name](pool, cap, count, seed=seed) if count else []
    return picks + drawn


FLOOR = "by chance"


def counts_of(strategy: Named, *, budget: int, uniform_share: float) -> dict[str, int]:
    """How many each strategy is to choose, in the order of `STRATEGIES`, and `FLOOR`: how many are drawn by chance before any of them.

    A share of `uniform` counts towards `uniform_share`, which is met first; the other shares part what is left as they part the whole.
    `uniform` alone is a strategy like any other. Raises `UnknownStrategy`, `ValueError`.
    """
    for name in names_of(strategy):
        if name not in STRATEGIES:
            raise UnknownStrategy(f"strategy {name!r} is not built; built are {', '.join(STRATEGIES)}")
    floor = share_of(budget, uniform_share)
    if isinstance(strategy, str):
        return {strategy: budget - floor, FLOOR: floor}
    # In one order always: a database may keep an object's keys in another one.
    counts = shares.counts_of(budget, shares.checked({name: strategy[name] for name in STRATEGIES if name in strategy}))
    by_chance = counts.pop(uniform.NAME, 0)
    if floor > by_chance and counts:
        rest = sum(counts.values())
        left = {name: count / rest for name, count in counts.items()} if rest else {}
        return {**shares.counts_of(budget - floor, left), FLOOR: floor if left else budget}
    return {**counts, FLOOR: by_chance if counts else budget}


def names_of(strategy: Named) -> tuple[str, ...]:
    """The strategies that are asked for."""
    return (strategy,) if isinstance(strategy, str) else tuple(strategy)


def uniform_seed(seed: int) -> int:
    """The seed of what is drawn by chance beside the strategies."""
    return seed + _UNIFORM_SALT
