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
    """At most `budget` picks: those of `strategy` in rank order, then `uniform_share` of the budget, drawn by chance.

    The uniform share is drawn first and from the whole pool, whatever the strategy wants and `per_problem` allows, so that it stays an
    unbiased sample of it; `per_problem` caps the strategy's own picks. Fewer come where the pool has no more that may be chosen. The same
    pool in any order and the same seed give the same picks. Raises `UnknownStrategy`, `ValueError`.
    """
    if strategy not in STRATEGIES:
        raise UnknownStrategy(f"strategy {strategy!r} is not built; built are {', '.join(STRATEGIES)}")
    if budget < 0:
        raise ValueError(f"the budget is {budget}; it must be 0 or more")
    by_chance = share_of(budget, uniform_share)
    drawn = uniform.choose(pool, Cap(pool, None), by_chance, seed=seed + _UNIFORM_SALT) if by_chance else []
    cap = Cap(pool, per_problem, without=[pick.index for pick in drawn])
    return STRATEGIES[strategy](pool, cap, budget - by_chance, seed=seed) + drawn
