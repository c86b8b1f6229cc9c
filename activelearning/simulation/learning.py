"""Training and scoring as the product does them, in this process: `rewardmodel`'s examples, model, loop and scores."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from activelearning.rewardmodel.checkpoint import StateFolder
from activelearning.rewardmodel.child import Progress
from activelearning.rewardmodel.config import TINY, TrainingConfig, for_base
from activelearning.rewardmodel.data import label_examples
from activelearning.rewardmodel.devices import Devices
from activelearning.rewardmodel.examples import refuse_what_teaches_nothing
from activelearning.rewardmodel.held_out import HeldOut
from activelearning.rewardmodel.live import Live
from activelearning.rewardmodel.loop import Run
from activelearning.rewardmodel.model import RewardModel, build_tiny, open_base
from activelearning.rewardmodel.scoring import SolutionScore, score_solutions
from activelearning.simulation.attempts import Attempt, Groups

# What every experiment has: one process on the CPU, nothing kept on the way.
FIXED: dict[str, Any] = {
    "device": "cpu",
    "precision": "fp32",
    "checkpoint_seconds": 86_400.0,
    "min_tokens": 0,
    "max_length": 1024,
    "schedule": "linear",
}

Floats = npt.NDArray[np.float64]


class Tell(Protocol):
    """Who listens: a line when a seed is done, and within a seed how many of its models are."""

    def __call__(self, line: str) -> None: ...

    def part(self, done: int, of: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a model begins: a base in `folder`, or weights drawn at random with a tokenizer of `texts`."""

    folder: Path | None = None
    texts: Sequence[str] = ()

    def model(self, config: TrainingConfig, *, kind: str, seed: int) -> RewardModel:
        if self.folder is not None:
            return open_base(self.folder, config, kind=kind, seed=seed)
        return build_tiny(config, kind=kind, texts=self.texts, seed=seed)


def config_of(training: Mapping[str, Any], *, kind: str = "prm") -> TrainingConfig:
    """`tiny`'s configuration with these fields. Raises `ConfigError` naming the field."""
    return for_base(TINY, {**FIXED, **training}, kind=kind)


def untrained(training: Mapping[str, Any], *, kind: str, origin: Origin, seed: int) -> RewardModel:
    """The model before its first label, its head drawn from the seed."""
    model = origin.model(config_of(training, kind=kind), kind=kind, seed=seed)
    model.network.eval()
    return model


def trained(
    attempts: Sequence[Attempt], training: Mapping[str, Any], *, kind: str, origin: Origin, seed: int
) -> RewardModel:
    """A model of these labels (a PRM) or outcomes (an ORM), ready to score. Raises `DataRefused`, `TrainingFailed`."""
    config = config_of(training, kind=kind)
    examples = [attempt.example(kind) for attempt in attempts]
    refuse_what_teaches_nothing(examples, kind=kind)
    model = origin.model(config, kind=kind, seed=seed)
    labelled, _ = label_examples(examples, model.encoder, model.form, max_length=min(config.max_length, model.limit))
    with tempfile.TemporaryDirectory() as folder:
        run = Run(
            model,
            labelled,
            HeldOut([], []),
            config,
            seed=seed,
            devices=Devices(config.device, config.precision),
            states=StateFolder(Path(folder) / "states"),
            fingerprint="",
        )
        run.steps(Live(Progress(None), None))
    model.network.eval()
    return model


def said(model: RewardModel, attempts: Sequence[Attempt]) -> list[SolutionScore]:
    return score_solutions(model, [(attempt.problem, attempt.steps) for attempt in attempts])


def scores(model: RewardModel, groups: Groups) -> list[Floats]:
    """Each solution's score, by problem; NaN where it is longer than the model can read."""
    found = said(model, [attempt for group in groups for attempt in group])
    values = [one.prm_score if model.kind == "prm" else one.orm_score for one in found]
    flat = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.split(flat, np.cumsum([len(group) for group in groups])[:-1])
