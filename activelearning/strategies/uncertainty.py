"""Uncertainty: the solutions whose score is nearest to a half, where the model is least sure (Lewis and Gale, arXiv cmp-lg/9407020)."""

import numpy as np

from activelearning.strategies.pool import Cap, Floats, Pick, Pool

NAME = "uncertainty"
UNSURE = 0.5


def doubts_of(scores: Floats) -> Floats:
    """0 where the model is as unsure as it can be, below 0 elsewhere; NaN without a score."""
    return -np.abs(scores - UNSURE)


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    """Nearest to a half first, right, wrong and undecided alike."""
    ranked = pool.by_value(range(len(pool)), doubts_of(pool.scores), seed=seed)
    return [
        Pick(index=i, strategy=NAME, reason=f"unsure, score {pool.scores[i]:.4f}") for i in cap.take(ranked, budget)
    ]
