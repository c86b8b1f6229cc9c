"""Labels that a model did not learn from against its step probabilities, and what came out in words."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from activelearning.evaluation.compare import compare_steps
from activelearning.evaluation.model_report import JudgedSolution, calibrated
from activelearning.evaluation.steps import ScoredLabel, evaluate_steps
from activelearning.hold_out import Labelled

EVALUATION, HELD_OUT = "evaluation", "held_out"
Steps = Sequence[Mapping[str, float]]  # one `{"-1": p, "0": p, "1": p}` a scored step


def of_steps(rows: Sequence[Labelled], probabilities: Sequence[Steps]) -> dict[str, Any]:
    """The step report of these rows, and how far its probabilities are to be believed.

    `probabilities` has one entry a row. Steps that the scorer left out (a solution longer than the model can read) are not measured.
    """
    judged = judged_rows(rows, probabilities)
    found = calibrated(judged)
    report = evaluate_steps([row.scored() for row in judged])
    return report.as_dict() | {"calibration_error": found.error, "brier_score": found.brier}


def calibration_bins(rows: Sequence[Labelled], probabilities: Sequence[Steps]) -> list[dict[str, Any]]:
    """The reliability curve of these rows, a bin an entry; bins without steps are left out."""
    return [asdict(one) for one in calibrated(judged_rows(rows, probabilities)).bins if one.steps]


def step_differences(rows: Sequence[Labelled], ours: Sequence[Steps], theirs: Sequence[Steps]) -> dict[str, Any]:
    """Ours less theirs on the rows that both could read, with paired intervals over problems."""
    whole = [
        place
        for place, row in enumerate(rows)
        if len(ours[place]) >= len(row.ratings) and len(theirs[place]) >= len(row.ratings)
    ]
    one, other = (
        _scored([rows[place] for place in whole], [given[place] for place in whole]) for given in (ours, theirs)
    )
    found = compare_steps(one, other)
    return {
        "solutions": len(whole),
        "problems": len({row.problem for row in one}),
        **{name: difference.as_dict() for name, difference in found.items()},
    }


def _scored(rows: Sequence[Labelled], probabilities: Sequence[Steps]) -> list[ScoredLabel]:
    return [row.scored() for row in judged_rows(rows, probabilities)]


def judged_rows(rows: Sequence[Labelled], probabilities: Sequence[Steps]) -> list[JudgedSolution]:
    return [_judged(row, steps) for row, steps in zip(rows, probabilities, strict=True)]


def _judged(row: Labelled, steps: Steps) -> JudgedSolution:
    said = tuple((step["-1"], step["0"], step["1"]) for step in steps)
    return JudgedSolution(problem=row.problem, steps=said, ratings=row.ratings[: len(said)])


def rated_part(row: Labelled) -> tuple[str, ...]:
    """The steps that were rated: what follows the first wrong one is judged by nobody."""
    return row.steps[: len(row.ratings)]


def all_finite(probabilities: Sequence[Steps]) -> bool:
    return all(isfinite(value) for steps in probabilities for step in steps for value in step.values())


def in_words(metrics: Mapping[str, Any]) -> str:
    """One sentence for the round's page; what cannot be said is said to be so."""
    if not metrics["solutions"]:
        return "No labels were held out, so nothing was measured."
    auc = "cannot be said (only one kind of step)" if metrics["step_auc"] is None else f"{metrics['step_auc']:.1%}"
    place = "solutions of the evaluation set" if metrics.get("on") == EVALUATION else "held-out solutions"
    return (
        f"On {metrics['solutions']:,} {place}: step AUC {auc}, "
        f"first error named exactly in {metrics['first_error_accuracy']:.1%}."
    )
