"""Grader disagreement: model against answer grader, in both directions: a high score for a wrong answer, a low one for a right answer.

The first are the convincing wrong answers of arXiv 2305.20050; the second are right answers in which the model sees a wrong step, often
right by luck (false positives of outcome supervision, arXiv 2211.14275). Undecided answers contradict nobody.
"""

import numpy as np

from activelearning.strategies.pool import Cap, Floats, Pick, Pool, needed

NAME = "grader_disagreement"


def gaps(pool: Pool) -> Floats:
    """How far model and grader part, from 0 to 1; NaN where one of them says nothing."""
    right = needed(pool.is_right, "is_right")
    return np.where(pool.is_wrong, pool.scores, np.where(right, 1.0 - pool.scores, np.nan))


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    """The widest gaps first, whichever the direction."""
    taken = cap.take(pool.by_value(range(len(pool)), gaps(pool), seed=seed), budget)
    return [Pick(index=i, strategy=NAME, reason=_reason(pool, i)) for i in taken]


def _reason(pool: Pool, index: int) -> str:
    if pool.is_wrong[index]:
        return f"wrong answer, yet score {pool.scores[index]:.4f}"
    return f"right answer, yet score {pool.scores[index]:.4f}"
