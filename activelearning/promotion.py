"""Which reward model is a project's current one: by a round's rule, or by hand. One that is broken or was not measured never is."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from activelearning import round_config
from activelearning.models import RewardModel
from activelearning.verdict import gains_of
from annotation import audit
from annotation.errors import Conflict
from annotation.models import Project, User

ALWAYS, BETTER, NEVER = round_config.PROMOTIONS


def decided(rule: str, against: Mapping[str, Any] | None) -> tuple[bool, str]:
    """Whether a measured model becomes the current one, and by which reason: never, first, always, no_worse, worse, not_compared.

    `against` is its comparison with the current one, None where there is none. `better` asks for a model that is not worse: no interval
    of a paired difference (step AUC, best-of-N) may lie wholly below zero, and one of them at least must be known.
    """
    if rule == NEVER:
        return False, "never"
    if against is None:
        return True, "first"
    if rule == ALWAYS:
        return True, "always"
    intervals = [gain["interval"] for gain in gains_of(against).values() if gain["interval"] is not None]
    if not intervals:
        return False, "not_compared"
    worse = any(interval["high"] < 0 for interval in intervals)
    return (False, "worse") if worse else (True, "no_worse")


def make_current(model: RewardModel) -> bool:
    """Inside a transaction: this model and no other of its project. False where it was so already."""
    Project.objects.select_for_update().get(pk=model.project_id)
    others = RewardModel.objects.filter(project=model.project_id, is_current=True).exclude(pk=model.pk)
    others.update(is_current=False)
    return bool(RewardModel.objects.filter(pk=model.pk, is_current=False).update(is_current=True))


def promote(*, model: RewardModel, actor: User | None) -> None:
    """By hand. Raises `Conflict`: `already_current`, or `not_measured` and `model_broken` for a model that may not become it."""
    refuse_unfit(model)
    with transaction.atomic():
        if not make_current(model):
            raise Conflict(
                "already_current", gettext("%(model)s is the current model already.") % {"model": model.name}
            )
        audit.record(
            actor=actor, action="model.promoted", project=model.project, model=model.pk, name=model.name, by="hand"
        )


def refuse_unfit(model: RewardModel) -> None:
    """A model that was never measured (its round failed, or goes on), or one whose figures are no numbers."""
    said = {"model": model.name}
    if not model.metrics:
        raise Conflict(
            "not_measured", gettext("%(model)s was not measured, so it cannot become the current one.") % said
        )
    if not figures_are_finite(model.metrics):
        raise Conflict("model_broken", gettext("The figures of %(model)s are no numbers; it is broken.") % said)


def may_promote(model: RewardModel) -> bool:
    """Whether `promote` would do it."""
    try:
        refuse_unfit(model)
    except Conflict:
        return False
    return not model.is_current


def figures_are_finite(figures: Any) -> bool:
    """No NaN and no infinity anywhere. What cannot be said is None, which is not broken."""
    if isinstance(figures, Mapping):
        return all(figures_are_finite(value) for value in figures.values())
    if isinstance(figures, list | tuple):
        return all(figures_are_finite(value) for value in figures)
    return not isinstance(figures, float) or isfinite(figures)
