"""Relabel: solutions whose labellers disagree, so that a further label decides (repeated labelling: Sheng and others, KDD 2008)."""

from collections import Counter
from collections.abc import Sequence

from activelearning.strategies.pool import Cap, Pick, Pool, needed

NAME = "relabel"


def dispute(first_errors: Sequence[int | None]) -> float:
    """The share of pairs of labellers that name different first wrong steps (None: no step is wrong); NaN for fewer than two labellers."""
    count = len(first_errors)
    if count < 2:
        return float("nan")
    agreeing = sum(n * (n - 1) for n in Counter(first_errors).values())
    return 1 - agreeing / (count * (count - 1))


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    """The widest disagreement first; solutions on which all agree are never chosen."""
    disputes = needed(pool.disputes, "disputes")
    ranked = pool.by_value((i for i in range(len(pool)) if disputes[i] > 0), disputes, seed=seed)
    return [
        Pick(index=i, strategy=NAME, reason=f"labellers part on its first wrong step, {disputes[i]:.0%} of pairs")
        for i in cap.take(ranked, budget)
    ]
