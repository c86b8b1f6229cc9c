"""The bootstrap over problems: solutions of one problem are not independent, so whole problems are drawn with replacement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """2.5th and 97.5th percentile of what the draws say."""

    low: float
    high: float


def weights(problems: int, *, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each problem is in a draw, draw after draw; no draws with under two problems, which have no spread."""
    rng = np.random.default_rng(seed)
    for _ in range(resamples if problems > 1 else 0):
        yield np.bincount(rng.integers(problems, size=problems), minlength=problems).astype(np.float64)


def interval(values: Sequence[float | None], *, resamples: int) -> Interval | None:
    """None where most draws could not say (a class was absent): an interval of the rest would say too much."""
    known = [value for value in values if value is not None]
    if not known or len(known) < resamples / 2:
        return None
    low, high = np.percentile(known, [2.5, 97.5])
    return Interval(low=float(low), high=float(high))
