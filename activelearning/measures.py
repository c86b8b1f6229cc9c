"""Held-out labels against a model's step probabilities, and what came out in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from activelearning.evaluation.model_report import JudgedSolution, calibrated
from activelearning.evaluation.steps import evaluate_steps
from activelearning.hold_out import Labelled


def of_steps(rows: Sequence[Labelled], probabilities: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, Any]:
    """The step report of these rows, and how far its probabilities are to be believed.

    `probabilities` has one entry a row, and in it one `{"-1": p, "0": p, "1": p}` a scored step.
    Steps that the scorer left out (a solution longer than the model can read) are not measured.
    """
    judged = [_judged(row, steps) for row, steps in zip(rows, probabilities, strict=True)]
    found = calibrated(judged)
    report = evaluate_steps([row.scored() for row in judged])
    return report.as_dict() | {"calibration_error": found.error, "brier_score": found.brier}


def _judged(row: Labelled, steps: Sequence[Mapping[str, float]]) -> JudgedSolution:
    said = tuple((step["-1"], step["0"], step["1"]) for step in steps)
    return JudgedSolution(problem=row.problem, steps=said, ratings=row.ratings[: len(said)])


def rated_part(row: Labelled) -> tuple[str, ...]:
    """The steps that were rated: what follows the first wrong one is judged by nobody."""
    return row.steps[: len(row.ratings)]


def in_words(metrics: Mapping[str, Any]) -> str:
    """One sentence for the round's page; what cannot be said is said to be so."""
    if not metrics["solutions"]:
        return "No labels were held out, so nothing was measured."
    auc = "cannot be said (only one kind of step)" if metrics["step_auc"] is None else f"{metrics['step_auc']:.1%}"
    return (
        f"On {metrics['solutions']:,} held-out solutions: step AUC {auc}, "
        f"first error named exactly in {metrics['first_error_accuracy']:.1%}."
    )
