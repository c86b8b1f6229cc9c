"""Means over seeds with their 95 % intervals, and how many labels a strategy needs for what uniform choice reaches."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

RESAMPLES = 2000
# Student's t, 97.5 %, for 1 to 30 degrees of freedom; beyond that a normal's.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
NORMAL = 1.960

Floats = npt.NDArray[np.float64]
Line = dict[str, Any]


def line(per_seed: Sequence[Sequence[float]], *, within: tuple[float, float] | None = (0.0, 1.0)) -> Line:
    """(seeds, places) to mean, standard deviation over seeds and the mean's interval at each place, cut to where values can lie.

    One seed has no spread: its standard deviation is 0 and its interval null.
    """
    values = np.array(per_seed, dtype=np.float64)
    seeds = len(values)
    mean = values.mean(axis=0)
    std = values.std(axis=0, ddof=1) if seeds > 1 else np.zeros_like(mean)
    found: Line = {"mean": mean.tolist(), "std": std.tolist(), "low": None, "high": None, "per_seed": values.tolist()}
    if seeds > 1:
        half = student(seeds - 1) * std / math.sqrt(seeds)
        low, high = mean - half, mean + half
        if within is not None:
            low, high = np.clip(low, *within), np.clip(high, *within)
        found |= {"low": low.tolist(), "high": high.tolist()}
    return found


def difference(ours: Line, theirs: Line) -> Line:
    """Ours less theirs, seed by seed: both saw the same problems and samples."""
    return line((np.array(ours["per_seed"]) - np.array(theirs["per_seed"])).tolist(), within=None)


def student(freedom: int) -> float:
    return _T[freedom - 1] if freedom <= len(_T) else NORMAL


def ratio(labels: Sequence[int], uniform: Line, other: Line, *, first: int, begun: Line, seed: int = 0) -> Line:
    """How many times the labels uniform choice needs for what the other reaches: over 1 the other saves labels.

    The ratio at each number of labels, read from the mean curves, and their geometric mean. Both curves begin with the `first` labels at
    what they are worth (`begun`). Where the other is above all that uniform choice reached (`beyond` says at how many places), the largest
    number of labels counts as what uniform choice needs: the ratio is that or more. The interval is of a bootstrap over seeds, in which
    whole seeds are drawn.
    """
    start = np.array(begun["per_seed"])
    ours, theirs = np.array(other["per_seed"]), np.concatenate([start, np.array(uniform["per_seed"])], axis=1)
    counts = np.log(np.array([first, *labels], dtype=np.float64))
    places = _ratios(counts, theirs.mean(axis=0), ours.mean(axis=0))
    beyond = int((ours.mean(axis=0) > theirs.mean(axis=0).max()).sum())
    found: Line = {
        "value": _mean(places),
        "low": None,
        "high": None,
        "places": np.exp(places).tolist(),
        "beyond": beyond,
    }
    if len(ours) > 1:
        rng = np.random.default_rng(seed)
        draws = []
        for _ in range(RESAMPLES):
            chosen = rng.integers(len(ours), size=len(ours))
            draws.append(_mean(_ratios(counts, theirs[chosen].mean(axis=0), ours[chosen].mean(axis=0))))
        low, high = np.percentile(draws, [2.5, 97.5])
        found |= {"low": float(low), "high": float(high)}
    return found


def _mean(logs: Floats) -> float:
    return math.exp(float(logs.mean()))


def _ratios(counts: Floats, uniform: Floats, other: Floats) -> Floats:
    """The logarithm of each ratio; `counts` are logarithms too, and begin with the first labels, where `other` does not."""
    # What more labels have reached is not lost again but for noise: the curve's height so far.
    rising = np.maximum.accumulate(uniform)
    needed: Floats = np.interp(other, *_stairs(rising, counts))
    return needed - counts[1:]


def _stairs(heights: Floats, logs: Floats) -> tuple[Floats, Floats]:
    """Each height once, with the fewest labels that reached it, so that it can be read backwards."""
    once, first = np.unique(heights, return_index=True)
    return once, logs[first]


def by_rule(lines: Mapping[str, Line], pairs: Sequence[tuple[str, str]]) -> dict[str, Line]:
    """The differences `A_less_B` of these pairs, where both are measured."""
    return {f"{a}_less_{b}": difference(lines[a], lines[b]) for a, b in pairs if a in lines and b in lines}
