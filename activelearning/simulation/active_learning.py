"""The second finding: labels of convincing wrong answers are worth more. Accuracy against the number of labels, strategy by strategy.

In each seed the first solutions are chosen by chance, the same for every strategy; they stay in training and count. From there each
number of labels is a round, as in the product: the models trained so far score what is left of the pool, and the strategy chooses by
the product's own selection. Every cell is trained anew, several times, with as many passes over its labels as every other, so that
steps grow with labels. Best-of-N on other problems says what it is worth.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from activelearning.evaluation import best_of_n as rules
from activelearning.rewardmodel.model import RewardModel
from activelearning.rewardmodel.reductions import Probabilities, solution_score
from activelearning.rewardmodel.scoring import SolutionScore, written
from activelearning.simulation import learning
from activelearning.simulation.attempts import Attempt, Groups, draw, texts
from activelearning.simulation.base import beginning, control
from activelearning.simulation.best_of_n import samples_of
from activelearning.simulation.intervals import Line, line, ratio
from activelearning.simulation.learning import Floats, Origin, Tell
from activelearning.simulation.settings import ActiveLearning, Replay
from activelearning.strategies.choose import select
from activelearning.strategies.lines import pool_of

UNIFORM = "uniform"
RUN_SEEDS = 1_000  # apart between the trainings of a cell


def experiment(domain: str, settings: ActiveLearning, seeds: Sequence[int], tell: Tell) -> dict[str, Any]:
    """Best-of-N accuracy along the labels for each strategy over the seeds, the controls, and the ratio of labels to uniform choice's."""
    found = over_seeds(lambda seed: one_seed(domain, settings, seed, tell), settings, seeds, tell)
    return {**found, "n": settings.samples, "metric": "best_of_n"}


def over_seeds(
    measure: Callable[[int], dict[str, Any]], settings: ActiveLearning | Replay, seeds: Sequence[int], tell: Tell
) -> dict[str, Any]:
    """A line for each strategy, one value for each control, and each strategy's ratio to uniform choice."""
    found, seconds = [], []
    for number, seed in enumerate(seeds, start=1):
        began = time.process_time()
        found.append(measure(seed))
        seconds.append(round(time.process_time() - began, 1))
        # Every value: a run of many seeds that somebody stops has said what it knows.
        told = ", ".join(
            f"{name} {' '.join(f'{value:.3f}' for value in found[-1][name])}" for name in settings.strategies
        )
        tell(f"seed {seed} ({number} of {len(seeds)}): {told}, {seconds[-1]:.0f} CPU-seconds")
    lines: dict[str, Line] = {name: line([one[name] for one in found]) for name in settings.strategies}
    controls = {name: line([[one["controls"][name]] for one in found]) for name in found[0]["controls"]}
    begun = controls["first_labels"]
    return {
        "labels": list(settings.labels),
        "strategies": list(settings.strategies),
        **lines,
        "controls": controls,
        "ratio": {
            name: ratio(settings.labels, lines[UNIFORM], lines[name], first=settings.first, begun=begun)
            for name in settings.strategies
            if name != UNIFORM
        },
        "cpu_seconds": seconds,
        "facts": [one["facts"] for one in found],
    }


def one_seed(domain: str, settings: ActiveLearning, seed: int, tell: Tell) -> dict[str, Any]:
    """Of each strategy the mean accuracy over a cell's trainings along the labels, and what the choices were like."""
    test = draw(domain, "test", problems=settings.problems, samples=settings.samples, seed=seed)
    groups = draw(
        domain, "pool", problems=settings.pool_problems, samples=settings.pool_samples, seed=seed, apart_from=test
    )
    pool = [attempt for group in groups for attempt in group]
    with beginning(domain, settings.documents, settings.base, texts=texts(pool), seed=seed) as (origin, base):
        cells = Cells(settings, origin, lambda model: _accuracy(test, learning.scores(model, test)), seed, tell)
        found = cells.along(pool)
        found["controls"] |= {
            "zero_label": _accuracy(test, control(base, settings.training, test, origin=origin, seed=seed)),
            "pass_at_n": rules.pass_at_n(samples_of(test, {}), ns=[settings.samples]).curve().mean[0],
        }
    return found


class Cells:
    """Trains on a choice of labels and measures, as many times as the settings say; the mean of it."""

    def __init__(
        self,
        settings: ActiveLearning | Replay,
        origin: Origin,
        measure: Callable[[RewardModel], float],
        seed: int,
        tell: Tell,
    ) -> None:
        self._settings, self._origin, self._measure, self._seed, self._tell = settings, origin, measure, seed, tell
        self._done = 0

    def along(self, attempts: Sequence[Attempt]) -> dict[str, Any]:
        """Every strategy's values along the labels, chosen from these, with what the first labels alone are worth."""
        settings = self._settings
        first, pool = parted(attempts, settings.first, self._seed)
        value, selectors = self.round(first)
        found: dict[str, Any] = {"controls": {"first_labels": value}, "facts": {}}
        records = as_records(pool, selectors)
        for strategy in settings.strategies:
            found[strategy], found["facts"][strategy] = self._rounds(strategy, first, pool, records)
        return found

    def _rounds(
        self, strategy: str, first: Sequence[Attempt], pool: Sequence[Attempt], records: Sequence[dict[str, Any]]
    ) -> tuple[list[float], dict[str, list[float]]]:
        """The values along the labels, and the share of what was chosen that has an error. `records` are the first selectors'."""
        settings = self._settings
        labelled, left, values, with_an_error = list(first), list(pool), [], []
        for labels in settings.labels:
            budget = labels - len(labelled)
            # As many of each problem as it takes where there are more labels than problems, as in the paper.
            cap = max(settings.per_problem, math.ceil(budget / len({attempt.problem for attempt in left})))
            places = choose(left, records, strategy, budget, cap, self._seed)
            chosen = [left[place] for place in places]
            labelled += chosen
            left = [attempt for place, attempt in enumerate(left) if place not in set(places)]
            value, selectors = self.round(labelled)
            values.append(value)
            with_an_error.append(_with_an_error(chosen))
            if labels != settings.labels[-1]:
                records = as_records(left, selectors)
        return values, {"with_an_error": with_an_error}

    def round(self, labelled: Sequence[Attempt]) -> tuple[float, list[RewardModel]]:
        """What these labels are worth, the mean of several trainings, and their models, which choose next."""
        models = [
            learning.trained(
                labelled,
                self._settings.training,
                kind="prm",
                origin=self._origin,
                seed=self._seed + RUN_SEEDS * (run + 1),
            )
            for run in range(self._settings.runs)
        ]
        value = float(np.mean([self._measure(model) for model in models]))
        self._done += 1
        self._tell.part(self._done, 1 + len(self._settings.strategies) * len(self._settings.labels))
        return value, models


def parted(attempts: Sequence[Attempt], first: int, seed: int) -> tuple[list[Attempt], list[Attempt]]:
    """The first ones, chosen by chance, and the rest. Raises `ValueError` where there are not that many."""
    if first >= len(attempts):
        raise ValueError(f"first is {first}, and there are only {len(attempts)} solutions to choose from")
    order = np.random.default_rng([seed, 11]).permutation(len(attempts)).tolist()
    return [attempts[place] for place in order[:first]], [attempts[place] for place in order[first:]]


def as_records(pool: Sequence[Attempt], selectors: Sequence[RewardModel]) -> list[dict[str, Any]]:
    """The pool as scored sample lines, which is what selection takes everywhere: the mean of what several trainings say of a step.

    One training alone is as sure of what it has never seen as of what it was taught.
    """
    said = [_mean(scores) for scores in zip(*(learning.said(selector, pool) for selector in selectors), strict=True)]
    return [
        {
            "id": str(place),
            "problem": attempt.problem,
            "steps": list(attempt.steps),
            "answer": attempt.answer,
            "is_correct": attempt.right,
            **written(score, "prm"),
        }
        for place, (attempt, score) in enumerate(zip(pool, said, strict=True))
    ]


def _mean(scores: Sequence[SolutionScore]) -> SolutionScore:
    said = [score.rating_probs for score in scores if score.rating_probs is not None]
    if len(said) < len(scores):
        return scores[0]  # longer than the models can read
    steps = np.mean(np.array(said), axis=0)
    probs: tuple[Probabilities, ...] = tuple((float(bad), float(neutral), float(good)) for bad, neutral, good in steps)
    return SolutionScore(rating_probs=probs, prm_score=solution_score(probs))


def choose(
    pool: Sequence[Attempt], records: Sequence[dict[str, Any]], strategy: str, budget: int, per_problem: int, seed: int
) -> list[int]:
    """Places in the pool: what the product's own selection takes, at most so many of a problem.

    Raises `ValueError` where there are fewer than `budget`.
    """
    picks = select(
        pool_of(records, strategy=strategy), strategy=strategy, budget=budget, per_problem=per_problem, seed=seed
    )
    if len(picks) < budget:
        raise ValueError(
            f"{strategy} finds only {len(picks)} solutions of the {budget} that are wanted; give labels fewer"
        )
    return [pick.index for pick in picks]


def _accuracy(test: Groups, scored: Sequence[Floats]) -> float:
    most = len(test[0])
    return rules.best_of_n(samples_of(test, {"prm": list(scored)}), scorer="prm", ns=[most]).curve().mean[0]


def _with_an_error(chosen: Sequence[Attempt]) -> float:
    return sum(-1 in attempt.ratings for attempt in chosen) / max(len(chosen), 1)
