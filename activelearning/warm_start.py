"""Warm starts: a training that begins from the project's current model instead of its base, and when that is not possible."""

from typing import Any

from django.utils.translation import gettext

from activelearning import round_config
from activelearning.attempt import Attempt
from activelearning.evaluating import is_whole
from activelearning.models import ModelKind, RewardModel
from activelearning.round_config import RoundConfig
from annotation.errors import Conflict, FieldError, InvalidInput

CURRENT = "current"
# What decides which outputs a network has, and what it reads: where one differs, its weights say something else.
SHAPE = ("form", "labels", "ensemble", "neutral")


def refuse_impossible(config: RoundConfig, current: RewardModel | None) -> None:
    """Raises `InvalidInput` for `start_from` where a training cannot begin from the current model."""
    if config.start_from == CURRENT and (reason := _why_not(config, current)):
        raise InvalidInput(
            gettext("The round cannot be started as configured."), errors=[FieldError("start_from", reason)]
        )


def _why_not(config: RoundConfig, current: RewardModel | None) -> str:
    if current is None or current.round is None:
        return gettext("There is no current model of a round to start from.")
    said: dict[str, Any] = {"model": current.name}
    if current.kind != ModelKind.PRM:
        return gettext("%(model)s is a model of another kind.") % said
    grown = RoundConfig(**current.round.config)
    if grown.base != config.base:
        return gettext("%(model)s grew from the base %(base)s, not from %(other)s.") % {
            **said,
            "base": grown.base,
            "other": config.base,
        }
    ours, theirs = round_config.trainer_settings(config), round_config.trainer_settings(grown)
    if differing := [name for name in SHAPE if ours[name] != theirs[name]]:
        return gettext("%(model)s was trained with another %(names)s.") % {**said, "names": ", ".join(differing)}
    if grown.seed != config.seed or grown.hold_out < config.hold_out:
        # Else problems that it learnt from would be measured on.
        return gettext("%(model)s was trained with another seed, or with fewer problems held out.") % said
    return ""


def origin(attempt: Attempt) -> RewardModel | None:
    """The model that this round's training begins from; None where it begins from its base. Raises `Conflict("model_changed")`."""
    if attempt.config.start_from != CURRENT:
        return None
    found = attempt.round.before
    if found is None or not is_whole(found):
        name = found.name if found else "the current model"
        raise Conflict("model_changed", f"The files of {name} are not those that were trained; train again.")
    return found
