"""How well a process reward model tells wrong steps from right ones: step AUC and first-error accuracy, counted, with an interval.

A row is a scored and labelled solution. Labels reach up to the first wrong step, as labelling does; later steps are not looked at. Where a
number cannot be said (a class is absent) it is None, never NaN.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from activelearning.evaluation.bootstrap import RESAMPLES, Floats, Interval, interval, weights
from activelearning.evaluation.shares import harmonic

THRESHOLD = 0.5
FIGURES = ("step_auc", "first_error_accuracy", "f1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredLabel:
    """`good`: P(+1) + P(0) of each step (P(+1) where neutral counts as bad); `ratings`: -1, 0, +1 or None of the labelled steps."""

    problem: str  # any name that is the same for all solutions of a problem
    good: tuple[float, ...]
    ratings: tuple[int | None, ...]

    def __post_init__(self) -> None:
        if len(self.ratings) > len(self.good):
            raise ValueError(f"{len(self.ratings)} steps are labelled and only {len(self.good)} scored")
        if not all(math.isfinite(value) for value in self.good):
            raise ValueError("a score is not finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """`step_auc`: the chance that a random right step (0 or +1) scores above a random wrong one (-1), ties half; None without both.

    `first_error_accuracy`: the share of solutions where the first step under the threshold is the first one rated -1, or where neither
    there is one; None without solutions. The shares among solutions with and without an error stand beside it, and their harmonic mean
    `f1` (as ProcessBench has it). A solution with unrated steps before its error counts; one that has no rating at all does not.
    """

    step_auc: float | None
    step_auc_interval: Interval | None
    first_error_accuracy: float | None
    first_error_interval: Interval | None
    error_accuracy: float | None
    correct_accuracy: float | None
    f1: float | None
    f1_interval: Interval | None
    threshold: float
    problems: int
    solutions: int
    with_error: int
    right_steps: int
    wrong_steps: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class StepFigures:
    """What rows say together, for any weights of their problems: as they are, and as the bootstrap draws them."""

    def __init__(self, rows: Sequence[ScoredLabel], *, threshold: float = THRESHOLD) -> None:
        self.rows = rated(rows)
        number: dict[str, int] = {}
        of_row = [number.setdefault(row.problem, len(number)) for row in self.rows]
        self.problems = list(number)
        self._steps(of_row)
        # By problem: solutions with an error, those where it was found, the others, those that were left alone.
        self.with_error, self.found, self.without, self.spared = np.zeros((4, len(number)))
        for problem, row in zip(of_row, self.rows, strict=True):
            true, said = first_error(row.ratings), first_under(row, threshold)
            kind, hits = (self.without, self.spared) if true is None else (self.with_error, self.found)
            kind[problem] += 1
            hits[problem] += said == true

    def _steps(self, of_row: Sequence[int]) -> None:
        """Every labelled step's score, whether it is right, and its problem's number; by ascending score."""
        entries = [
            (score, rating != -1, problem)
            for problem, row in zip(of_row, self.rows, strict=True)
            for score, rating in labelled_steps(row)
        ]
        entries.sort(key=lambda entry: entry[0])
        self.scores = np.array([entry[0] for entry in entries], dtype=np.float64)
        self.right = np.array([entry[1] for entry in entries], dtype=np.bool_)
        self.owner = np.array([entry[2] for entry in entries], dtype=np.int64)

    def under(self, weight: Floats | None = None) -> dict[str, float | None]:
        """`FIGURES`, and the shares that make the last one; every problem counts as often as its weight says."""
        w = np.ones(len(self.problems)) if weight is None else weight
        error_accuracy = _ratio(w @ self.found, w @ self.with_error)
        correct_accuracy = _ratio(w @ self.spared, w @ self.without)
        return {
            "step_auc": _weighted_auc(self.scores, self.right, w[self.owner]),
            "first_error_accuracy": _ratio(w @ (self.found + self.spared), w @ (self.with_error + self.without)),
            "error_accuracy": error_accuracy,
            "correct_accuracy": correct_accuracy,
            "f1": harmonic(error_accuracy, correct_accuracy),
        }


def evaluate_steps(
    rows: Sequence[ScoredLabel], *, threshold: float = THRESHOLD, resamples: int = RESAMPLES, seed: int = 0
) -> StepReport:
    """The report of these rows; `resamples` 0 leaves the intervals out (None)."""
    figures = StepFigures(rows, threshold=threshold)
    values = figures.under()
    draws = [figures.under(weight) for weight in weights(len(figures.problems), resamples=resamples, seed=seed)]
    spread = {name: interval([draw[name] for draw in draws], resamples=resamples) for name in FIGURES}
    return StepReport(
        step_auc=values["step_auc"],
        step_auc_interval=spread["step_auc"],
        first_error_accuracy=values["first_error_accuracy"],
        first_error_interval=spread["first_error_accuracy"],
        error_accuracy=values["error_accuracy"],
        correct_accuracy=values["correct_accuracy"],
        f1=values["f1"],
        f1_interval=spread["f1"],
        threshold=threshold,
        problems=len(figures.problems),
        solutions=len(figures.rows),
        with_error=int(figures.with_error.sum()),
        right_steps=int(figures.right.sum()),
        wrong_steps=int((~figures.right).sum()),
    )


def rated(rows: Sequence[ScoredLabel]) -> list[ScoredLabel]:
    """Those with a rating at all."""
    return [row for row in rows if any(rating is not None for rating in row.ratings)]


def labelled_steps(row: ScoredLabel) -> list[tuple[float, int]]:
    """Score and rating of the rated steps, up to the first wrong one."""
    end = first_error(row.ratings)
    pairs = list(zip(row.good, row.ratings, strict=False))[: len(row.ratings) if end is None else end + 1]
    return [(score, rating) for score, rating in pairs if rating is not None]


def auc(higher: Floats | Sequence[float], lower: Floats | Sequence[float]) -> float | None:
    """Mann-Whitney: the chance that one of `higher` is above one of `lower`, ties half; None where one of them is empty."""
    high, low = np.asarray(higher, dtype=np.float64), np.asarray(lower, dtype=np.float64)
    if not len(high) or not len(low):
        return None
    ordered = np.sort(low)
    below = np.searchsorted(ordered, high, side="left") + np.searchsorted(ordered, high, side="right")
    return float(below.sum() / (2.0 * len(high) * len(low)))


def first_error(ratings: Sequence[int | None]) -> int | None:
    """The 0-based first step rated -1, None for none."""
    return next((index for index, rating in enumerate(ratings) if rating == -1), None)


def first_under(row: ScoredLabel, threshold: float) -> int | None:
    """The first labelled step whose score is under the threshold, None for none: what comes after the labels is not judged."""
    return next((i for i, score in enumerate(row.good[: len(row.ratings)]) if score < threshold), None)


def _ratio(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None


def _weighted_auc(scores: Floats, right: npt.NDArray[np.bool_], weight: Floats) -> float | None:
    """The AUC with every step counted `weight` times; `scores` ascend."""
    good, bad = weight * right, weight * ~right
    if not good.sum() or not bad.sum():
        return None
    starts = np.flatnonzero(np.r_[True, scores[1:] != scores[:-1]])
    good_ties, bad_ties = np.add.reduceat(good, starts), np.add.reduceat(bad, starts)
    below = np.cumsum(bad_ties) - bad_ties
    return float((good_ties * (below + bad_ties / 2)).sum() / (good.sum() * bad.sum()))
