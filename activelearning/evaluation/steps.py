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

THRESHOLD = 0.5

Floats = npt.NDArray[np.float64]


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
class Interval:
    """From the bootstrap over problems: 2.5th and 97.5th percentile."""

    low: float
    high: float


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
    threshold: float
    problems: int
    solutions: int
    with_error: int
    right_steps: int
    wrong_steps: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def evaluate_steps(
    rows: Sequence[ScoredLabel], *, threshold: float = THRESHOLD, resamples: int = 1000, seed: int = 0
) -> StepReport:
    """The report of these rows; `resamples` 0 leaves the intervals out (None)."""
    rows = [row for row in rows if any(rating is not None for rating in row.ratings)]
    labels = [_labelled(row) for row in rows]
    wrong = np.array([score for _, bad in labels for score in bad])
    right = np.array([score for good, _ in labels for score in good])
    outcomes = [(first_error(row.ratings), first_under(row, threshold)) for row in rows]
    with_error = [said == true for true, said in outcomes if true is not None]
    without = [said is None for true, said in outcomes if true is None]
    error_accuracy, correct_accuracy = _share(with_error), _share(without)
    groups = _by_problem(rows)
    hits = np.array([said == true for true, said in outcomes], dtype=np.float64)
    intervals = _intervals(groups, labels, hits, resamples, seed)
    return StepReport(
        step_auc=auc(right, wrong),
        step_auc_interval=intervals[0],
        first_error_accuracy=_share([*with_error, *without]),
        first_error_interval=intervals[1],
        error_accuracy=error_accuracy,
        correct_accuracy=correct_accuracy,
        f1=_harmonic(error_accuracy, correct_accuracy),
        threshold=threshold,
        problems=len(groups),
        solutions=len(rows),
        with_error=len(with_error),
        right_steps=len(right),
        wrong_steps=len(wrong),
    )


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


def _labelled(row: ScoredLabel) -> tuple[list[float], list[float]]:
    """Scores of the right and of the wrong steps, up to the first wrong one."""
    end = first_error(row.ratings)
    rated = list(zip(row.good, row.ratings, strict=False))[: len(row.ratings) if end is None else end + 1]
    right = [score for score, rating in rated if rating in (0, 1)]
    return right, [score for score, rating in rated if rating == -1]


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _harmonic(a: float | None, b: float | None) -> float | None:
    if a is None or b is None:
        return None
    return 2 * a * b / (a + b) if a + b else 0.0


def _by_problem(rows: Sequence[ScoredLabel]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(row.problem, []).append(index)
    return list(groups.values())


def _intervals(
    groups: list[list[int]], labels: list[tuple[list[float], list[float]]], hits: Floats, resamples: int, seed: int
) -> tuple[Interval | None, Interval | None]:
    """Problems are drawn with replacement: solutions of one problem are not independent. None with under two problems."""
    if resamples < 1 or len(groups) < 2:
        return None, None
    rng = np.random.default_rng(seed)
    scores, sign, owner = _flat(groups, labels)
    order = np.argsort(scores, kind="stable")
    scores, sign, owner = scores[order], sign[order], owner[order]
    group_hits = np.array([hits[group].sum() for group in groups])
    group_sizes = np.array([len(group) for group in groups], dtype=np.float64)
    aucs: list[float] = []
    shares: list[float] = []
    for _ in range(resamples):
        weight = np.bincount(rng.integers(len(groups), size=len(groups)), minlength=len(groups)).astype(np.float64)
        shares.append(float(weight @ group_hits / (weight @ group_sizes)))
        value = _weighted_auc(scores, sign, weight[owner])
        if value is not None:
            aucs.append(value)
    return _percentiles(aucs, resamples), _percentiles(shares, resamples)


def _flat(
    groups: list[list[int]], labels: list[tuple[list[float], list[float]]]
) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Every labelled step's score, whether it is right, and its problem's index."""
    entries = [
        (score, right, number)
        for number, group in enumerate(groups)
        for index in group
        for right, scores in ((True, labels[index][0]), (False, labels[index][1]))
        for score in scores
    ]
    return (
        np.array([entry[0] for entry in entries], dtype=np.float64),
        np.array([entry[1] for entry in entries], dtype=np.bool_),
        np.array([entry[2] for entry in entries], dtype=np.int64),
    )


def _weighted_auc(scores: Floats, right: npt.NDArray[np.bool_], weight: Floats) -> float | None:
    """The AUC with every step counted `weight` times; `scores` ascend."""
    good, bad = weight * right, weight * ~right
    if not good.sum() or not bad.sum():
        return None
    starts = np.flatnonzero(np.r_[True, scores[1:] != scores[:-1]])
    good_ties, bad_ties = np.add.reduceat(good, starts), np.add.reduceat(bad, starts)
    below = np.cumsum(bad_ties) - bad_ties
    return float((good_ties * (below + bad_ties / 2)).sum() / (good.sum() * bad.sum()))


def _percentiles(values: list[float], resamples: int) -> Interval | None:
    """None where most draws lacked a class: an interval of the rest would say too much."""
    if len(values) < resamples / 2:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(low=float(low), high=float(high))
