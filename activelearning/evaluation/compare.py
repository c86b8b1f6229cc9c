"""Two models side by side: their difference (the first less the second) with a paired bootstrap interval over problems.

Both are measured on the same draws of problems, so what is hard for both cancels out: the interval is of the difference alone.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from activelearning.evaluation.best_of_n import Outcome
from activelearning.evaluation.bootstrap import RESAMPLES, Interval, interval, weights
from activelearning.evaluation.steps import FIGURES, THRESHOLD, ScoredLabel, StepFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """None where one of the two cannot be said, or where there is no spread (a single problem)."""

    difference: float | None
    interval: Interval | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare_steps(
    ours: Sequence[ScoredLabel],
    theirs: Sequence[ScoredLabel],
    *,
    threshold: float = THRESHOLD,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Difference]:
    """Step AUC, first-error accuracy and F1. Row by row both have the same problem and ratings, else `ValueError`."""
    if [(row.problem, row.ratings) for row in ours] != [(row.problem, row.ratings) for row in theirs]:
        raise ValueError("the two models are not measured on the same labelled solutions")
    first, second = (StepFigures(rows, threshold=threshold) for rows in (ours, theirs))
    draws = [
        (first.under(weight), second.under(weight))
        for weight in weights(len(first.problems), resamples=resamples, seed=seed)
    ]
    return {
        name: Difference(
            difference=_less(first.under()[name], second.under()[name]),
            interval=interval([_less(one[name], other[name]) for one, other in draws], resamples=resamples),
        )
        for name in FIGURES
    }


def compare_best_of_n(
    ours: Outcome, theirs: Outcome, *, resamples: int = RESAMPLES, seed: int = 0, problems: Sequence[int] | None = None
) -> list[Difference]:
    """At each N. Row by row both are of the same problem; `problems` chooses some."""
    if ours.chance.shape != theirs.chance.shape:
        raise ValueError("the two are not measured on the same problems at the same N")
    gained = ours.chance - theirs.chance
    if problems is not None:
        gained = gained[list(problems)]
    if not len(gained):
        raise ValueError("there are no problems")
    drawn = [weight @ gained / len(gained) for weight in weights(len(gained), resamples=resamples, seed=seed)]
    spread = np.array(drawn).reshape(len(drawn), gained.shape[1])
    return [
        Difference(difference=float(mean), interval=interval(spread[:, at].tolist(), resamples=resamples))
        for at, mean in enumerate(gained.mean(axis=0))
    ]


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
