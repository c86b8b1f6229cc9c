"""A round's figures, and its model's, as pages say them: in per cent, a dash where one cannot be said."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from activelearning.evaluation.shares import wilson
from activelearning.measures import EVALUATION
from activelearning.models import RewardModel


def percent(value: float | None) -> str | None:
    return None if value is None else gettext("%(share)s%%") % {"share": number_format(round(value * 100, 1), 1)}


def rounded(value: float) -> str:
    """In whole per cent."""
    return gettext("%(share)s%%") % {"share": number_format(round(value * 100), 0)}


def between(interval: dict[str, float] | None) -> str:
    """A 95 % interval as `88–96 %`; empty where there is none."""
    if interval is None:
        return ""
    return gettext("%(low).0f–%(high).0f %%") % {end: value * 100 for end, value in interval.items()}


def figures(model: RewardModel | None) -> dict[str, Any] | None:
    """The held-out figures, None for a model that was not measured."""
    if model is None or not model.metrics:
        return None
    found = model.metrics
    return {
        "step_auc": percent(found.get("step_auc")),
        "step_auc_interval": between(found.get("step_auc_interval")),
        "first_error_accuracy": percent(found.get("first_error_accuracy")),
        "first_error_interval": between(found.get("first_error_interval")),
        "calibration_error": percent(found.get("calibration_error")),
        "on_evaluation_set": found.get("on") == EVALUATION,
        "solutions": found.get("solutions") or 0,
        "problems": found.get("problems") or 0,
    }


def sampled_told(sampled: Mapping[str, Any] | None) -> str:
    """On which problems best-of-N was measured."""
    if not sampled:
        return ""
    said = {name: number_format(sampled[name], force_grouping=True) for name in ("problems", "solutions")}
    if sampled["on"] == EVALUATION:
        return gettext("%(solutions)s solutions of %(problems)s evaluation problems.") % said
    return gettext("No evaluation set: %(solutions)s solutions of %(problems)s held-out problems.") % said


def labelled(outcome: Mapping[str, Any]) -> list[dict[str, str]]:
    """What labellers found in what the round learnt from, and in the items that the round before chose."""
    labels, rows = outcome.get("labels") or {}, []
    if labels.get("solutions"):
        low, high = wilson(labels["right"], labels["solutions"])
        rows.append(
            {
                "name": gettext("Right solutions"),
                "value": rounded(labels["right"] / labels["solutions"]),
                "small": between({"low": low, "high": high}),
            }
        )
    if total := sum((labels.get("ratings") or {}).values()):
        mix = [number_format(round(100 * labels["ratings"].get(rating, 0) / total), 0) for rating in ("-1", "0", "1")]
        rows.append({"name": gettext("Steps Bad, Okay, Great"), "value": " · ".join(mix), "small": "%"})
    graders = outcome.get("graders") or {}
    if graders.get("graded"):
        share = rounded(graders["parted"] / graders["graded"])
        rows.append({"name": gettext("Graders part on"), "value": share, "small": gettext("of the answers")})
    for chosen in (outcome.get("chosen") or [])[:1]:
        rows += _chosen(chosen)
    return rows


def _chosen(chosen: Mapping[str, Any]) -> list[dict[str, str]]:
    words = {
        "by_strategy": gettext("Chosen by round %(number)d, right") % {"number": chosen["round"]},
        "by_chance": gettext("Drawn by chance in round %(number)d, right") % {"number": chosen["round"]},
    }
    return [
        {
            "name": words[name],
            "value": rounded(part["right"] / part["labelled"]),
            "small": gettext("scored %(mean)s") % {"mean": rounded(part["mean_score"])},
        }
        for name in words
        if (part := chosen[name])["labelled"]
    ]
