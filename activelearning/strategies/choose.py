"""The strategies by name, and one of them beside a uniform share: what rounds and `select_solutions` call."""

from collections.abc import Callable

from activelearning.strategies import convincing_wrong, mixed, uniform
from activelearning.strategies.pool import Cap, Pick, Pool, share_of

Strategy = Callable[..., list[Pick]]

STRATEGIES: dict[str, Strategy] = {
    uniform.NAME: uniform.choose,
    convincing_wrong.NAME: convincing_wrong.choose,
    mixed.NAME: mixed.choose,
}
_UNIFORM_SALT = 1_000_003  # so that the uniform share is not the order in which ties are broken


class UnknownStrategy(ValueError):
    """No strategy of that name is built; the text lists those that are."""


def select(
    pool: Pool, *, strategy: str, budget: int, per_problem: int | None = None, uniform_share: float = 0.0, seed: int = 0
) -> list[Pick]:
    """At most `budget` picks in rank order: those of `strategy`, then `uniform_share` of the budget by chance from what remains.

    `per_problem` caps both together. Fewer come where the pool has no more that may be chosen. The same pool in any order and the same seed
    give the same picks. Raises `UnknownStrategy`, `ValueError`.
    """
    if strategy not in STRATEGIES:
        raise UnknownStrategy(f"strategy {strategy!r} is not built; built are {', '.join(STRATEGIES)}")
    if budget < 0:
        raise ValueError(f"the budget is {budget}; it must be 0 or more")
    cap = Cap(pool, per_problem)
    by_chance = share_of(budget, uniform_share)
    picks = STRATEGIES[strategy](pool, cap, budget - by_chance, seed=seed)
    if by_chance:
        picks += uniform.choose(pool, cap, by_chance, seed=seed + _UNIFORM_SALT)
    return picks
