"""Where a process reward model and a labeller part on one solution. Pure; the rule is that of first-error accuracy (`steps.py`)."""

from collections.abc import Sequence

from activelearning.evaluation.processbench import NO_ERROR, predicted
from activelearning.evaluation.steps import THRESHOLD, ScoredLabel, first_error, first_under


def predicted_error(good: Sequence[float], *, threshold: float = THRESHOLD) -> int | None:
    """The 0-based first step whose P(good) is under the threshold, None for none."""
    found = predicted(good, threshold=threshold)
    return None if found == NO_ERROR else found


def parts_at(good: Sequence[float], ratings: Sequence[int | None], *, threshold: float = THRESHOLD) -> int | None:
    """The 0-based step on which the two part: one calls it the first wrong step, the other does not; None where they agree.

    `ratings` are one labeller's, of the first steps: what comes after them is judged by nobody, so nothing parts there. Steps that the
    model says nothing of are not looked at, and a label without any rating says nothing.
    """
    judged = tuple(ratings[: len(good)])
    if all(rating is None for rating in judged):
        return None
    row = ScoredLabel(problem="", good=tuple(good), ratings=judged)
    found = {first_error(row.ratings), first_under(row, threshold)}
    return None if len(found) == 1 else min(step for step in found if step is not None)
