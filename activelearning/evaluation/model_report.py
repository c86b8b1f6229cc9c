"""A process reward model on labelled solutions: the step report, calibration and confusion, in all and by parts, or against another."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from activelearning.evaluation.bootstrap import RESAMPLES
from activelearning.evaluation.calibration import Calibration, calibration, confusion, likeliest
from activelearning.evaluation.compare import compare_steps
from activelearning.evaluation.steps import THRESHOLD, ScoredLabel, evaluate_steps, labelled_steps
from activelearning.rewardmodel.reductions import Probabilities, step_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSolution:
    """`steps`: the model's P(-1), P(0), P(+1); `ratings`: what the labeller said of the first of them (None: nothing)."""

    problem: str
    steps: tuple[Probabilities, ...]
    ratings: tuple[int | None, ...]

    def scored(self) -> ScoredLabel:
        """A neutral step is a good one, in P(good) as among the labels."""
        return ScoredLabel(problem=self.problem, good=tuple(step_scores(self.steps)), ratings=self.ratings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    threshold: float = THRESHOLD
    resamples: int = RESAMPLES
    seed: int = 0


def report(rows: Sequence[JudgedSolution], settings: Settings) -> dict[str, Any]:
    steps = evaluate_steps([row.scored() for row in rows], **asdict(settings))
    return steps.as_dict() | {"calibration": asdict(calibrated(rows)), "confusion": _confusion(rows)}


def difference(
    ours: Sequence[JudgedSolution], theirs: Sequence[JudgedSolution], settings: Settings
) -> dict[str, dict[str, Any]]:
    """Ours less theirs, with paired intervals. Row by row both are of the same labelled solution, else `ValueError`."""
    found = compare_steps([row.scored() for row in ours], [row.scored() for row in theirs], **asdict(settings))
    return {name: one.as_dict() for name, one in found.items()}


def part_of(models: Sequence[Sequence[JudgedSolution]], places: Sequence[int], settings: Settings) -> dict[str, Any]:
    """The report of some rows of one model; of two, their difference beside it."""
    chosen = [[rows[place] for place in places] for rows in models]
    found = report(chosen[0], settings)
    if len(chosen) > 1:
        found |= {"against": report(chosen[1], settings), "difference": difference(chosen[0], chosen[1], settings)}
    return found


def calibrated(rows: Sequence[JudgedSolution]) -> Calibration:
    """Of the labelled steps up to the first wrong one: does P(good) mean what it says?"""
    pairs = [pair for row in rows for pair in labelled_steps(row.scored())]
    return calibration([good for good, _ in pairs], [rating != -1 for _, rating in pairs])


def _confusion(rows: Sequence[JudgedSolution]) -> Mapping[str, Mapping[str, int]]:
    """The labeller's rating, then the model's likeliest one; the same steps as everywhere."""
    labelled, predicted = [], []
    for row in rows:
        known = labelled_steps(row.scored())
        rated = [steps for steps, rating in zip(row.steps, row.ratings, strict=False) if rating is not None]
        labelled += [rating for _, rating in known]
        predicted += [likeliest(steps) for steps in rated[: len(known)]]
    found = confusion(labelled=labelled, predicted=predicted)
    return {str(rating): {str(said): steps for said, steps in row.items()} for rating, row in found.items()}
