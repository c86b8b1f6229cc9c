"""A model's measured figures as pages say them: in per cent, a dash where one cannot be said."""

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

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
        "solutions": found.get("solutions") or 0,
        "problems": found.get("problems") or 0,
    }
