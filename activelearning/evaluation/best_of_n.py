"""Best-of-N (arXiv 2305.20050): how often the answer that a rule picks from N samples is right, along N.

The published protocol, for one trial: each problem's samples are padded with nothing to the most that any problem has, shuffled, the
first N taken; of these, those with an answer are what a rule picks from; a problem where nothing is left counts as wrong. Where a rule
picks by a score of each sample alone (and for pass@N) the mean and the standard deviation over endless trials have a closed form, which
is used; votes depend on the whole draw and are sampled. Ties are broken by chance, never by correctness.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PAPERS_N = (10, 25, 50, 75, 100, 200, 300, 400, 500, 750, 1000, 1250, 1500, 1860)
TRIALS = 400  # the paper's

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Accuracy along N: its mean and standard deviation over trials (the spread of one trial, not the error of the mean)."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def as_dict(self) -> dict[str, list[float]]:
        return {"mean": list(self.mean), "std": list(self.std)}


def ns_for(most: int) -> tuple[int, ...]:
    """The paper's list where the most samples of a problem are 100 or more, else powers of two; cut to it."""
    wanted = PAPERS_N if most >= 100 else tuple(2**power for power in range(8))
    return tuple(n for n in wanted if n <= most)


def best_of_n(problems: Sequence[Samples], *, scorer: str, ns: Sequence[int]) -> Curve:
    """The sample with the highest score, exactly: mean and standard deviation over endless trials."""
    padded = _padded_to(problems)
    return _exact([_best(problem, problem.scores[scorer], ns, padded) for problem in problems], ns)


def pass_at_n(problems: Sequence[Samples], *, ns: Sequence[int]) -> Curve:
    """Whether any of the N is right (the ceiling of every rule), exactly; the unbiased estimator of arXiv 2107.03374."""
    padded = _padded_to(problems)
    return _exact([1.0 - _none_of(int(problem.correct.sum()), ns, padded) for problem in problems], ns)


def votes_of_n(
    problems: Sequence[Samples], *, ns: Sequence[int], trials: int = TRIALS, seed: int = 0, scorer: str | None = None
) -> Curve:
    """The answer with the most votes, or with a `scorer` the greatest sum of its samples' scores; sampled over `trials`."""
    return sampled(
        problems, lambda problem, drawn, rng: _vote(problem, drawn, scorer, rng), ns=ns, trials=trials, seed=seed
    )


def sampled(
    problems: Sequence[Samples],
    pick: Callable[[Samples, Booleans, np.random.Generator], Floats],
    *,
    ns: Sequence[int],
    trials: int,
    seed: int,
) -> Curve:
    """The published protocol as it is, for any rule: `pick(problem, drawn, rng)` says of each trial how right its pick is (0 to 1).

    `drawn`: (trials, samples), which samples are among the N.
    """
    if trials < 1:
        raise ValueError(f"trials is {trials}; it must be 1 or more")
    padded = _padded_to(problems)
    rng = np.random.default_rng(seed)
    totals = np.zeros((len(ns), trials))
    for problem in problems:
        # A sample's place in the shuffled, padded list; it is drawn at N where its place is below N.
        places = _places(len(problem.correct), padded, trials, rng)
        for row, n in enumerate(ns):
            totals[row] += pick(problem, places < n, rng)
    rates = totals / len(problems)
    return Curve(mean=tuple(rates.mean(axis=1).tolist()), std=tuple(rates.std(axis=1).tolist()))


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
    found = np.ones(len(ns))
    for place in range(count):
        found *= np.clip((padded - place - np.asarray(ns)) / (padded - place), 0.0, 1.0)
    return found


def _best(problem: Samples, scores: Floats, ns: Sequence[int], padded: int) -> Floats:
    """The chance that the pick is right: sum over ranks of P(the pick has this rank) times how right that rank is.

    The pick has rank r (from 0) when it is drawn and none above it is. Samples with one score share their ranks by chance, so each of
    these ranks is as right as they are on average.
    """
    answered = problem.groups >= 0
    value = np.where(np.isnan(scores), -np.inf, scores)[answered]
    right = problem.correct[answered].astype(np.float64)
    order = np.argsort(-value, kind="stable")
    _, tie, sizes = np.unique(-value[order], return_inverse=True, return_counts=True)
    right = (np.bincount(tie, weights=right[order]) / sizes)[tie]
    found = np.zeros(len(ns))
    above_missed = np.ones(len(ns))
    for rank, rightness in enumerate(right):
        drawn = np.clip(np.asarray(ns) / (padded - rank), 0.0, 1.0)
        found += above_missed * drawn * rightness
        above_missed *= 1.0 - drawn
    return found


def _exact(chances: Sequence[Floats], ns: Sequence[int]) -> Curve:
    """Problems are shuffled apart from each other, so a trial's accuracy is a mean of independent coins."""
    p = np.stack(chances) if chances else np.zeros((0, len(ns)))
    std = np.sqrt((p * (1.0 - p)).sum(axis=0)) / len(p)
    return Curve(mean=tuple(p.mean(axis=0).tolist()), std=tuple(std.tolist()))


# --- by vote ---------------------------------------------------------------------------------------------------------


def _vote(problem: Samples, drawn: Booleans, scorer: str | None, rng: np.random.Generator) -> Floats:
    answered = np.flatnonzero(problem.groups >= 0)
    if not len(answered):
        return np.zeros(len(drawn))
    weights = np.ones(len(answered)) if scorer is None else np.nan_to_num(problem.scores[scorer][answered])
    groups = problem.groups[answered]
    member = np.zeros((len(answered), int(groups.max()) + 1))
    member[np.arange(len(answered)), groups] = 1.0
    present = drawn[:, answered].astype(np.float64)
    sums = present @ (member * weights[:, None])
    # A group that was not drawn has no vote, whatever the sums are.
    sums[(present @ member) == 0] = -np.inf
    rightness = (member * problem.correct[answered][:, None]).sum(axis=0) / np.maximum(member.sum(axis=0), 1.0)
    chosen = _winner(sums, rng)
    return np.where(np.isneginf(sums.max(axis=1)), 0.0, rightness[chosen])


def _winner(sums: Floats, rng: np.random.Generator) -> Integers:
    """The greatest of each row; one of several, by chance. Sums in another order differ in the last bits, so nearly equal is equal."""
    top = sums.max(axis=1, keepdims=True)
    tied = sums >= np.where(np.isneginf(top), top, top - 1e-9 * np.maximum(np.abs(top), 1.0))
    found: Integers = np.argmax(np.where(tied, rng.random(sums.shape), -1.0), axis=1)
    return found
