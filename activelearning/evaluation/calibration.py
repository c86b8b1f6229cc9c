"""Does a probability mean what it says? Reliability curve, expected calibration error, Brier score; and the confusion of ratings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATINGS = (-1, 0, 1)
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Steps whose P(good) lies in [low, high) (the last one closed): how many, their mean P(good), the share that is good."""

    low: float
    high: float
    steps: int
    predicted: float | None
    observed: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """`error`: expected calibration error, the bins' |observed - predicted| weighted by their steps (arXiv 1706.04599); None with none."""

    bins: tuple[Bin, ...]
    error: float | None
    brier: float | None
    steps: int


def calibration(good: Sequence[float], is_good: Sequence[bool], *, bins: int = BINS) -> Calibration:
    """Of steps: P(good), and whether the labeller called them good. Bins are of equal width."""
    said = np.asarray(good, dtype=np.float64)
    true = np.asarray(is_good, dtype=np.float64)
    if len(said) != len(true):
        raise ValueError(f"{len(said)} probabilities and {len(true)} labels")
    if len(said) and not (np.isfinite(said).all() and said.min() >= 0.0 and said.max() <= 1.0 + 1e-6):
        raise ValueError("a probability is not between 0 and 1")
    edges = np.arange(bins) / bins
    place = np.searchsorted(edges, said, side="right") - 1
    found = tuple(_bin(number, bins, said[place == number], true[place == number]) for number in range(bins))
    gaps = [
        abs(b.observed - b.predicted) * b.steps for b in found if b.observed is not None and b.predicted is not None
    ]
    return Calibration(
        bins=found,
        error=sum(gaps) / len(said) if len(said) else None,
        brier=float(((said - true) ** 2).mean()) if len(said) else None,
        steps=len(said),
    )


def _bin(number: int, bins: int, said: npt.NDArray[np.float64], true: npt.NDArray[np.float64]) -> Bin:
    return Bin(
        low=number / bins,
        high=(number + 1) / bins,
        steps=len(said),
        predicted=float(said.mean()) if len(said) else None,
        observed=float(true.mean()) if len(true) else None,
    )


def confusion(*, labelled: Sequence[int], predicted: Sequence[int]) -> dict[int, dict[int, int]]:
    """Steps by the labeller's rating, then by the model's most probable one."""
    found = {rating: dict.fromkeys(RATINGS, 0) for rating in RATINGS}
    for rating, said in zip(labelled, predicted, strict=True):
        found[rating][said] += 1
    return found


def likeliest(probabilities: Sequence[float]) -> int:
    """The rating that P(-1), P(0), P(+1) speak for; of equal ones the lower: a doubt is no praise."""
    return RATINGS[int(np.argmax(probabilities))]
