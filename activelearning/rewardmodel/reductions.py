"""From step probabilities to a solution's score: product, minimum, last or mean; neutral as good or as bad (arXiv 2305.20050)."""

import math
from collections.abc import Sequence

REDUCTIONS = ("product", "minimum", "last", "mean")
NEUTRAL_RULES = ("good", "bad")
Probabilities = tuple[float, float, float]  # P(-1), P(0), P(+1)


def step_scores(steps: Sequence[Probabilities], *, neutral: str = "good") -> list[float]:
    """P(the step is good): P(+1) + P(0) where neutral is good, P(+1) where it is bad."""
    if neutral not in NEUTRAL_RULES:
        raise ValueError(f"neutral must be one of {', '.join(NEUTRAL_RULES)}, not {neutral!r}")
    return [good + middle if neutral == "good" else good for _, middle, good in steps]


def solution_score(steps: Sequence[Probabilities], *, reduction: str = "product", neutral: str = "good") -> float:
    """One number for a solution of one step or more; raises `ValueError` for none, which has no score."""
    scores = step_scores(steps, neutral=neutral)
    if not scores:
        raise ValueError("a solution without steps has no score")
    if reduction == "product":
        return math.prod(scores)
    if reduction == "minimum":
        return min(scores)
    if reduction == "last":
        return scores[-1]
    if reduction == "mean":
        return math.fsum(scores) / len(scores)
    raise ValueError(f"reduction must be one of {', '.join(REDUCTIONS)}, not {reduction!r}")
