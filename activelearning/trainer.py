"""The trainer as a round's stages call it: a child process, from a base or from the project's current model, told by its progress file."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from activelearning import child, round_config
from activelearning.attempt import Attempt
from activelearning.child import ProgressFile
from activelearning.files import replacing
from activelearning.models import ModelKind, RewardModel

MODULE = "activelearning.rewardmodel.train"


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a training begins from: the trainer's `--base` and its settings."""

    base: str
    settings: dict[str, Any]


def cold(attempt: Attempt) -> Start:
    return Start(base=round_config.base_path(attempt.config.base), settings=attempt.config.training)


def warm(attempt: Attempt, model: RewardModel) -> Start:
    """From the weights of `model`, which grew from the same base: with the settings that a training from that base has."""
    return Start(base=str(Path(settings.DATA_DIR) / model.path), settings=round_config.trainer_settings(attempt.config))


def run(
    attempt: Attempt, start: Start, *, data: Path, output: Path, name: str, tell: Callable[[list[dict[str, Any]]], None]
) -> None:
    """Train on `data` into `output`; goes on from the last checkpoint there. `tell` gets the new progress records, every second.

    Raises `child.ChildRefused` and `child.ChildFailed`.
    """
    config = attempt.folder / f"{name}_config.json"
    with replacing(config) as file:
        file.write(json.dumps(start.settings).encode())
    records = ProgressFile(attempt.folder / f"{name}.progress.jsonl")
    arguments = ["--kind", ModelKind.PRM, "--data", data, "--output", output, "--base", start.base]
    arguments += ["--seed", attempt.config.seed, "--config", config, "--progress", records.path]
    child.run(MODULE, [str(a) for a in arguments], log=attempt.log, tick=lambda: tell(records.new()))
