"""Held-out labels against a model's step probabilities, and what came out in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from activelearning.evaluation.steps import ScoredLabel, evaluate_steps
from activelearning.hold_out import Labelled
from activelearning.rewardmodel.reductions import step_scores


def of_steps(rows: Sequence[Labelled], probabilities: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, Any]:
    """The step report of these rows; `probabilities` has one entry a row, one `{"-1": p, "0": p, "1": p}` a scored step.

    Steps that the scorer left out (a solution longer than the model can read) are not measured.
    """
    report = evaluate_steps([_scored(row, steps) for row, steps in zip(rows, probabilities, strict=True)])
    return report.as_dict()


def _scored(row: Labelled, steps: Sequence[Mapping[str, float]]) -> ScoredLabel:
    good = step_scores([(step["-1"], step["0"], step["1"]) for step in steps])
    return ScoredLabel(problem=row.problem, good=tuple(good), ratings=row.ratings[: len(good)])


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
