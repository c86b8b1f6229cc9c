"""Best-of-N (arXiv 2305.20050): how often the answer that a rule picks from N samples is right, along N.

The published protocol, for one trial: each problem's samples are padded with nothing to the most that any problem has, shuffled, the
first N taken; of these, those with an answer are what a rule picks from; a problem where nothing is left counts as wrong. Where a rule
picks by a score of each sample alone (and for pass@N) what endless trials would give has a closed form, which is used; votes depend on the
whole draw and are sampled. Ties are broken by chance, never by correctness.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

PAPERS_N = (10, 25, 50, 75, 100, 200, 300, 400, 500, 750, 1000, 1250, 1500, 1860)
TRIALS = 400  # the paper's

_NOT_DRAWN = -np.inf
_NO_SCORE = -1e300  # below every sum of scores, above what was not drawn

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The samples of one problem. `groups`: equal answers have equal numbers from 0, -1 is no answer. A NaN score is picked last."""

    correct: Booleans  # (samples,)
    groups: Integers  # (samples,)
    scores: Mapping[str, Floats]  # a scorer's name to (samples,)

    def __post_init__(self) -> None:
        if any(len(values) != len(self.correct) for values in (self.groups, *self.scores.values())):
            raise ValueError("the arrays of a problem's samples have different lengths")
        if np.any(self.correct & (self.groups < 0)):
            raise ValueError("a sample without an answer cannot be correct")


# For one problem: how right (0 to 1) the pick is, (ns, trials). `places` (trials, samples) is each sample's place in the shuffled, padded
# list: it is drawn at N where its place is below N.
Rule = Callable[[Samples, Integers, Sequence[int], np.random.Generator], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Accuracy along N: its mean and standard deviation over trials (the spread of one trial, not the error of the mean)."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def as_dict(self) -> dict[str, list[float]]:
        return {"mean": list(self.mean), "std": list(self.std)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of each problem at each N, (problems, ns): how right the pick is over trials, in the mean, and the variance of that."""

    chance: Floats
    variance: Floats

    def curve(self, problems: Sequence[int] | None = None) -> Curve:
        """Over all problems, or over some. Problems are shuffled apart from each other, so their variances add up."""
        chance, variance = self.chance, self.variance
        if problems is not None:
            chance, variance = chance[list(problems)], variance[list(problems)]
        if not len(chance):
            raise ValueError("there are no problems")
        std = np.sqrt(variance.sum(axis=0)) / len(variance)
        return Curve(mean=tuple(chance.mean(axis=0).tolist()), std=tuple(std.tolist()))


def ns_for(most: int) -> tuple[int, ...]:
    """The paper's list where the most samples of a problem are 100 or more, else powers of two; cut to it."""
    wanted = PAPERS_N if most >= 100 else tuple(2**power for power in range(7))
    return tuple(n for n in wanted if n <= most)


def best_of_n(problems: Sequence[Samples], *, scorer: str, ns: Sequence[int]) -> Outcome:
    """The sample with the highest score, exactly."""
    padded = _padded_to(problems)
    return _exact([_best(problem, problem.scores[scorer], ns, padded) for problem in problems])


def pass_at_n(problems: Sequence[Samples], *, ns: Sequence[int]) -> Outcome:
    """Whether any of the N is right (the ceiling of every rule), exactly; the unbiased estimator of arXiv 2107.03374."""
    padded = _padded_to(problems)
    return _exact([1.0 - _none_of(int(problem.correct.sum()), ns, padded) for problem in problems])


def votes_of_n(
    problems: Sequence[Samples], *, ns: Sequence[int], trials: int = TRIALS, seed: int = 0, scorer: str | None = None
) -> Outcome:
    """The answer with the most votes, or with a `scorer` the greatest sum of its samples' scores; sampled over `trials`."""
    return sampled(problems, by_vote(scorer), ns=ns, trials=trials, seed=seed)


def sampled(problems: Sequence[Samples], rule: Rule, *, ns: Sequence[int], trials: int, seed: int) -> Outcome:
    """The published protocol as it is, for any rule. The same seed draws the same samples, whatever the rule."""
    if trials < 1:
        raise ValueError(f"trials is {trials}; it must be 1 or more")
    if list(ns) != sorted(ns):
        raise ValueError("the N must ascend")
    padded = _padded_to(problems)
    draws, ties = (np.random.default_rng([seed, stream]) for stream in range(2))
    rightness = [
        rule(problem, _places(len(problem.correct), padded, trials, draws), ns, ties)
        for problem in problems
    ]  # fmt: skip
    return Outcome(np.stack([one.mean(axis=1) for one in rightness]), np.stack([one.var(axis=1) for one in rightness]))


def by_score(scorer: str) -> Rule:
    """The highest score of those drawn with an answer; of equal ones one by chance."""

    def pick(problem: Samples, places: Integers, ns: Sequence[int], rng: np.random.Generator) -> Floats:
        answered = np.flatnonzero(problem.groups >= 0)
        if not len(answered):
            return np.zeros((len(ns), len(places)))
        rank: Any = np.unique(_ranked(problem.scores[scorer][answered]), return_inverse=True)[1]
        # Whole numbers apart, so that what is added decides among equal ones alone.
        keys = rank + rng.random((len(places), len(answered)))
        found = np.zeros((len(ns), len(places)))
        for row, n in enumerate(ns):
            drawn = np.where(places[:, answered] < n, keys, -1.0)
            found[row] = np.where(drawn.max(axis=1) >= 0.0, problem.correct[answered][drawn.argmax(axis=1)], 0.0)
        return found

    return pick


def by_vote(scorer: str | None = None) -> Rule:
    """The answer with the most votes, or with a `scorer` the greatest sum of scores; of equal ones one by chance.

    A sample without a score has no say; an answer that only such ones give comes last. Where samples of one answer are graded apart, the
    pick is as right as those drawn are on average.
    """

    def pick(problem: Samples, places: Integers, ns: Sequence[int], rng: np.random.Generator) -> Floats:
        answered = np.flatnonzero(problem.groups >= 0)
        if not len(answered):
            return np.zeros((len(ns), len(places)))
        tally = _tally(problem.groups[answered], places[:, answered], ns)
        count = tally(np.ones(len(answered)))
        sums = count
        if scorer is not None:
            scores = problem.scores[scorer][answered]
            sums = tally(np.where(np.isnan(scores), 0.0, scores))
            if np.isnan(scores).any():
                sums = np.where(tally((~np.isnan(scores)).astype(np.float64)) > 0, sums, _NO_SCORE)
        chosen = _greatest(np.where(count > 0, sums, _NOT_DRAWN), rng)
        right, votes = (_taken(one, chosen) for one in (tally(problem.correct[answered].astype(np.float64)), count))
        return right / np.maximum(votes, 1.0)

    return pick


def _padded_to(problems: Sequence[Samples]) -> int:
    if not problems:
        raise ValueError("there are no problems")
    return max(len(problem.correct) for problem in problems)


def _places(samples: int, padded: int, trials: int, rng: np.random.Generator) -> Integers:
    everybody = np.broadcast_to(np.arange(padded), (trials, padded))
    return rng.permuted(everybody, axis=1)[:, :samples]


# --- exactly ---------------------------------------------------------------------------------------------------------


def _none_of(count: int, ns: Sequence[int], padded: int) -> Floats:
    """The chance that none of `count` marked samples is among N drawn of `padded`: C(padded - count, N) / C(padded, N)."""
    left = padded - np.arange(count)[:, None]
    found: Floats = np.clip((left - np.asarray(ns)) / left, 0.0, 1.0).prod(axis=0)
    return found


def _ranked(scores: Floats) -> Floats:
    return np.where(np.isnan(scores), -np.inf, scores)


def _best(problem: Samples, scores: Floats, ns: Sequence[int], padded: int) -> Floats:
    """The chance that the pick is right: sum over ranks of P(the pick has this rank) times how right that rank is.

    The pick has rank r (from 0) when it is drawn and none above it is. Samples with one score share their ranks by chance, so each of
    these ranks is as right as they are on average.
    """
    answered = problem.groups >= 0
    value = -_ranked(scores)[answered]
    order = np.argsort(value, kind="stable")
    _, tie, sizes = np.unique(value[order], return_inverse=True, return_counts=True)
    right = (np.bincount(tie, weights=problem.correct[answered][order], minlength=len(sizes)) / sizes)[tie]
    drawn = np.clip(np.asarray(ns) / (padded - np.arange(len(right))[:, None]), 0.0, 1.0)
    none_above = np.cumprod(np.vstack([np.ones(len(ns)), 1.0 - drawn]), axis=0)[:-1]
    found: Floats = right @ (none_above * drawn)
    return found


def _exact(chances: Sequence[Floats]) -> Outcome:
    """Each problem's pick is right or not: a coin."""
    p = np.clip(np.stack(chances), 0.0, 1.0)
    p[p > 1.0 - 1e-12] = 1.0  # what a long sum lacks of certainty would show as a spread
    return Outcome(p, p * (1.0 - p))


# --- by vote ---------------------------------------------------------------------------------------------------------


def _tally(groups: Integers, places: Integers, ns: Sequence[int]) -> Callable[[Floats], Floats]:
    """A function from samples' weights to the groups' sums of those drawn: (ns, trials, groups)."""
    trials, several = len(places), int(groups.max()) + 1
    # Each sample is counted once, at the first N that draws it, and carried on from there.
    table = np.searchsorted(np.asarray(ns), np.arange(ns[-1] + 1), side="right")
    first = table[np.minimum(places, ns[-1])]
    cell = (first * trials + np.arange(trials)[:, None]) * several + groups
    shape = (len(ns) + 1, trials, several)

    def sums(weights: Floats) -> Floats:
        spread = np.broadcast_to(weights, places.shape).ravel()
        found = np.bincount(cell.ravel(), weights=spread, minlength=int(np.prod(shape))).reshape(shape)
        summed: Floats = np.cumsum(found[:-1], axis=0)
        return summed

    return sums


def _greatest(sums: Floats, rng: np.random.Generator) -> Integers:
    """The greatest of the last axis; one of several, by chance. Sums in another order differ in the last bits: nearly equal is equal."""
    top = sums.max(axis=-1, keepdims=True)
    nearly = np.where(np.isneginf(top), top, top - 1e-9 * np.maximum(np.abs(top), 1.0))
    lots = rng.random(sums.shape[1:])
    found: Integers = np.argmax(np.where(sums >= nearly, lots, -1.0), axis=-1)
    return found


def _taken(sums: Floats, chosen: Integers) -> Floats:
    found: Floats = np.take_along_axis(sums, chosen[..., None], axis=-1)[..., 0]
    return found
