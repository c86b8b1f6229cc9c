"""What a training is told: one validated form, JSON in and out. No torch here, so that web pages may check a configuration too."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

TINY = "tiny"
KINDS = ("prm", "orm")
FORMS = ("classification", "rating-tokens", "qwen2-prm")
RATINGS = (-1, 0, 1)  # class 0, 1, 2 of a process reward model, everywhere
LARGEST_FILE = 1024 * 1024  # bytes of a configuration


class ConfigError(ValueError):
    """The configuration cannot be as given; the text names the field and what it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """The defaults are `tiny`'s own, measured (EXPERIMENTS.md); `for_base` gives those of a pretrained folder."""

    # how the model says ratings (forms.py)
    form: str = "classification"  # classification | rating-tokens | qwen2-prm
    labels: int = 3  # of a PRM: 3, or 2 with neutral as `neutral` says
    ensemble: int = 1  # heads on one body, which disagree where nobody knows; classification only
    lora_rank: int = 0  # of low-rank adapters beside a frozen folder; 0 trains all of it
    # which labels
    max_length: int = 1024  # tokens of problem and steps; whole steps are left out beyond it, none is cut
    siblings: str = "last"  # rated completions beside the path as examples of their own: none | last (step) | all
    include_quality_control: bool = False
    include_screening: bool = False
    include_unfinished: bool = False  # give_up and bad_problem
    neutral: str = "good"  # what rating 0 counts as in the solution's score: good | bad
    class_weights: tuple[float, ...] | None = None  # of the loss, in the order of the classes
    # how long, in which order
    epochs: int = 4
    min_tokens: int = 0  # more epochs until so many tokens were seen ...
    max_epochs: int = 60  # ... but never more than this
    batch_size: int = 4  # solutions
    row_tokens: int = 8192  # of one forward pass; a batch with more is taken in several, with the same result
    # optimiser: AdamW
    learning_rate: float = 1.4e-3
    weight_decay: float = 0.01
    warmup: float = 0.05  # share of the steps
    schedule: str = "linear"  # linear | cosine, both to zero
    clip: float = 1.0  # the gradient's norm, at most
    max_bad_steps: int = 5  # NaN or infinite losses in a row, then the training stops
    held_out: float = (
        0.0  # share of the problems that are only measured on, after each epoch; the best epoch's weights are kept
    )
    patience: int = 0  # epochs without a better one, then it is enough; 0 never stops early
    # the shape of `tiny`; a folder has its own
    vocabulary: int = 2048
    hidden: int = 64
    layers: int = 3
    heads: int = 4
    feed_forward: int = 192
    window: int = 6  # tokens that every layer but the last looks back
    dropout: float = 0.0
    # running
    checkpoint_seconds: float = 5.0
    device: str = "auto"  # auto | cpu | cuda
    processes: int = 1  # one a device, through accelerate
    precision: str = "auto"  # of products: auto (bf16 on a GPU that has it) | fp32 | bf16
    gradient_checkpointing: bool = False  # less memory, more time

    def __post_init__(self) -> None:
        for field in fields(self):
            message = _RULES[field.name](getattr(self, field.name))
            if message:
                raise ConfigError(f"{field.name} {message}, not {getattr(self, field.name)!r}")
        if self.hidden % (2 * self.heads):
            raise ConfigError(f"hidden ({self.hidden}) must be a multiple of twice the heads ({self.heads})")
        if self.max_epochs < self.epochs:
            raise ConfigError(f"max_epochs ({self.max_epochs}) must not be under epochs ({self.epochs})")
        if self.patience and not self.held_out:
            raise ConfigError("patience needs problems that are held out: give held_out a share")
        if self.ensemble > 1 and self.form != "classification":
            raise ConfigError(f"ensemble ({self.ensemble}) must be 1 in the form {self.form}")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; `for_base` reads them back."""
        found = asdict(self)
        found["class_weights"] = None if self.class_weights is None else list(self.class_weights)
        return found


# A pretrained body is moved gently (the paper: 2 epochs, a low rate matters) and saved seldom: it is large.
_FOLDER: dict[str, Any] = {
    "epochs": 2,
    "min_tokens": 0,
    "batch_size": 16,
    "learning_rate": 1e-5,
    "schedule": "cosine",
    "max_length": 2048,
    "checkpoint_seconds": 300.0,
}
_TINY: dict[str, Any] = {"min_tokens": 600_000}


def for_base(base: str, overrides: Mapping[str, Any] | None = None, *, kind: str = "prm") -> TrainingConfig:
    """The configuration for `tiny` or for a folder, with `overrides` from JSON. Raises `ConfigError` naming the field."""
    given = {**(_TINY if base == TINY else _FOLDER), **(overrides or {})}
    known = {f.name for f in fields(TrainingConfig)}
    for name in given:
        if name not in known:
            raise ConfigError(f"{name} is not a known field; known are {', '.join(sorted(known))}")
    if isinstance(given.get("class_weights"), list):
        given["class_weights"] = tuple(given["class_weights"])
    config = TrainingConfig(**given)
    classes = 2 if kind == "orm" or config.form == "qwen2-prm" else config.labels
    if kind == "orm" and config.form != "classification":
        raise ConfigError(f"form {config.form} is for kind prm")
    if base == TINY and config.form == "qwen2-prm":
        raise ConfigError("form qwen2-prm needs a Qwen2 folder as base")
    if base == TINY and config.lora_rank:
        raise ConfigError("lora_rank needs a pretrained folder as base: tiny has nothing to keep")
    if config.class_weights is not None and len(config.class_weights) != classes:
        raise ConfigError(f"class_weights must hold {classes} numbers for kind {kind}")
    return config


def read_overrides(path: Path) -> dict[str, Any]:
    """The JSON object in a configuration file. Raises `ConfigError`, `OSError`."""
    if path.stat().st_size > LARGEST_FILE:
        raise ConfigError(f"{path}: is over {LARGEST_FILE} bytes")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: must hold one object")
    return found


def _whole(low: int, high: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        return "" if type(value) is int and low <= value <= high else f"must be a whole number from {low} to {high}"

    return check


def _number(low: float, high: float) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        fits = type(value) in (int, float) and math.isfinite(value) and low <= value <= high
        return "" if fits else f"must be a number from {low:g} to {high:g}"

    return check


def _one_of(*choices: str) -> Callable[[Any], str]:
    return lambda value: "" if value in choices else f"must be one of {', '.join(choices)}"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _weights(value: Any) -> str:
    if value is None:
        return ""
    fits = isinstance(value, tuple) and all(not _number(1e-6, 1e6)(weight) for weight in value)
    return "" if fits else "must be null or a list of numbers over 0"


_RULES: dict[str, Callable[[Any], str]] = {
    "form": _one_of(*FORMS),
    "labels": lambda value: "" if value in (2, 3) and type(value) is int else "must be 2 or 3",
    "ensemble": _whole(1, 64),
    "max_length": _whole(8, 1_000_000),
    "siblings": _one_of("none", "last", "all"),
    "include_quality_control": _flag,
    "include_screening": _flag,
    "include_unfinished": _flag,
    "neutral": _one_of("good", "bad"),
    "class_weights": _weights,
    "epochs": _whole(1, 10_000),
    "min_tokens": _whole(0, 10**12),
    "max_epochs": _whole(1, 10_000),
    "batch_size": _whole(1, 4096),
    "row_tokens": _whole(8, 10**7),
    "learning_rate": _number(1e-9, 1.0),
    "weight_decay": _number(0, 1),
    "warmup": _number(0, 1),
    "schedule": _one_of("linear", "cosine"),
    "clip": _number(1e-6, 1e6),
    "max_bad_steps": _whole(1, 1000),
    "vocabulary": _whole(300, 100_000),
    "hidden": _whole(8, 4096),
    "layers": _whole(1, 100),
    "heads": _whole(1, 128),
    "feed_forward": _whole(8, 16_384),
    "window": _whole(1, 1_000_000),
    "dropout": _number(0, 0.9),
    "checkpoint_seconds": _number(0, 86_400),
    "device": _one_of("auto", "cpu", "cuda"),
    "processes": _whole(1, 1024),
    "precision": _one_of("auto", "fp32", "bf16"),
    "gradient_checkpointing": _flag,
    "lora_rank": _whole(0, 4096),
    "held_out": _number(0, 0.9),
    "patience": _whole(0, 10_000),
}
