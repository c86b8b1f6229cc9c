"""80/20: four fifths the most convincing wrong answers, one fifth the most convincing of what remains (arXiv 2305.20050, 4.2)."""

from activelearning.strategies import convincing_wrong
from activelearning.strategies.pool import Cap, Pick, Pool, share_of

NAME = "mixed"
WRONG_SHARE = 0.8


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    """The wrong share first, then the rest, each by score. Where there are too few wrong ones the rest fills the budget."""
    wrong = convincing_wrong.choose(pool, cap, share_of(budget, WRONG_SHARE), seed=seed)
    ranked = pool.by_score(range(len(pool)), seed=seed)
    rest = cap.take(ranked, budget - len(wrong))
    return [
        *(Pick(index=pick.index, strategy=NAME, reason=pick.reason) for pick in wrong),
        *(Pick(index=i, strategy=NAME, reason=f"high score of what remains, {pool.scores[i]:.4f}") for i in rest),
    ]
