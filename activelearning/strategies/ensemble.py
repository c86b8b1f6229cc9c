"""Ensemble: solutions whose steps the heads of an ensemble judge differently, or of which all are unsure (ActPRM, arXiv 2504.10559).

The deviations may as well be those of passes with dropout instead of heads (Gal and Ghahramani, arXiv 1506.02142): only the numbers count.
"""

from collections.abc import Sequence

from activelearning.strategies.pool import Cap, Pick, Pool, needed

NAME = "ensemble"
DEVIATION, UNSURE = (
    0.005,
    0.05,
)  # ActPRM's thresholds: the standard deviation of P(good), and how far it may be from 0 or 1
HALF = 0.5


def doubt(goods: Sequence[float], deviations: Sequence[float]) -> float:
    """How many times over ActPRM's thresholds the most doubtful step is; ActPRM labels what has 1 or more, and drops the rest.

    `goods` is P(good) of each step and `deviations` its standard deviation. Steps count up to the first that the model calls wrong, that
    one too: what comes after is never labelled. Raises `ValueError` for no steps, or for unequal lengths.
    """
    found = []
    for good, deviation in zip(goods, deviations, strict=True):
        found.append(max(deviation / DEVIATION, min(good, 1 - good) / UNSURE))
        if good < HALF:
            break
    return max(found)


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    """The most doubtful first. Those without deviations are never chosen."""
    doubts = needed(pool.doubts, "doubts")
    taken = cap.take(pool.by_value(range(len(pool)), doubts, seed=seed), budget)
    return [Pick(index=i, strategy=NAME, reason=_reason(float(doubts[i]))) for i in taken]


def _reason(doubt: float) -> str:
    return (
        f"the ensemble is of many minds, doubt {doubt:.2f}"
        if doubt >= 1
        else f"the ensemble is sure, doubt {doubt:.2f}"
    )
