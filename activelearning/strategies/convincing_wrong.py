"""Convincing wrong answers: the highest scores among solutions whose answer is wrong (arXiv 2305.20050, phase 2).

Only a verdict of wrong counts: an undecided answer may be right, and a right solution labelled as a convincing wrong one is a label wasted.
"""

import numpy as np

from activelearning.strategies.pool import Cap, Pick, Pool

NAME = "convincing_wrong"


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    """The top of the pool; with a cap of K a problem, the top K of each problem, highest first, up to the budget."""
    wrong = np.flatnonzero(pool.is_wrong).tolist()
    taken = cap.take(pool.by_score(wrong, seed=seed), budget)
    return [Pick(index=i, strategy=NAME, reason=f"wrong answer, score {pool.scores[i]:.4f}") for i in taken]
