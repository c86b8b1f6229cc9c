"""What an experiment is told: validated forms with measured defaults (EXPERIMENTS.md), which JSON may override. No torch here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from activelearning.rewardmodel.config import TINY, ConfigError, for_base
from activelearning.strategies.choose import STRATEGIES

# Settings were chosen by looking at these seeds alone. What is claimed is measured on others.
TUNING_SEEDS = (1, 2, 3, 4, 5)
FIRST_REPORT_SEED = 101
LARGEST = 1_000_000
DOMAINS = ("arithmetic", "increasing", "misconceptions")
STUDIED = ("uniform", "mixed", "convincing_wrong", "uncertainty")

Training = dict[str, Any]


class SettingsRefused(ValueError):
    """The settings cannot be as given; the text names the field and what it must be."""


# The layers with a short sight compare a line with the one before it; the last layer sees everything.
_SHAPE: Training = {"layers": 3, "window": 5, "vocabulary": 400, "batch_size": 16, "learning_rate": 3e-3}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    """Whole numbers are 1 or more, trainings are fields of `TrainingConfig`."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.type is int and (type(value) is not int or not _least(each.name) <= value <= LARGEST):
                raise SettingsRefused(
                    f"{each.name} must be a whole number from {_least(each.name)} to {LARGEST}, not {value!r}"
                )
            if each.type == Training:
                _check_training(each.name, value)

    @classmethod
    def of(cls, overrides: Mapping[str, Any], *, plain: Self | None = None) -> Self:
        """The defaults (or `plain`) with these; a training's fields are laid over its own. Raises `SettingsRefused`."""
        plain = plain or cls()
        known = {each.name: each.type for each in fields(cls)}
        given: dict[str, Any] = {name: getattr(plain, name) for name in known}
        for name, value in overrides.items():
            if name not in known:
                raise SettingsRefused(f"{name} is not a known setting; known are {', '.join(sorted(known))}")
            if known[name] == Training:
                if not isinstance(value, Mapping):
                    raise SettingsRefused(f"{name} must be an object of the training's settings")
                value = {**getattr(plain, name), **value}
            given[name] = tuple(value) if isinstance(value, list) else value
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOfN(_Settings):
    """A PRM of `labels` solutions, one a problem; an ORM of the same ones, and another of many more, for outcomes cost nothing."""

    documents: int = 16_000  # that the base reads before; 0: no base, weights at random
    base: Training = field(default_factory=lambda: _SHAPE | {"epochs": 1, "batch_size": 64})
    labels: int = 1_200
    outcome_problems: int = (
        4_000  # of one solution each: with several a problem it learns by heart which problems go wrong
    )
    outcome_samples: int = 1
    problems: int = 80  # measured on
    samples: int = 256  # of each
    trials: int = 200  # of votes
    prm: Training = field(default_factory=lambda: _SHAPE | {"epochs": 6})
    orm: Training = field(default_factory=lambda: _SHAPE | {"epochs": 4})
    orm_same: Training = field(default_factory=lambda: _SHAPE | {"epochs": 12})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveLearning(_Settings):
    """A selector learns from `first` solutions chosen by chance, which stay and count, and scores the pool; `labels` are totals."""

    documents: int = 16_000
    base: Training = field(default_factory=lambda: _SHAPE | {"epochs": 1, "batch_size": 64})
    first: int = 60
    labels: tuple[int, ...] = (100, 200, 400)
    strategies: tuple[str, ...] = STUDIED
    per_problem: int = 1  # chosen, at most
    runs: int = 3  # trainings a cell
    pool_problems: int = 1_500
    pool_samples: int = 4
    problems: int = 80
    samples: int = 64
    training: Training = field(default_factory=lambda: _SHAPE | {"epochs": 20, "min_tokens": 60_000})

    def __post_init__(self) -> None:
        _Settings.__post_init__(self)
        _check_labels(self.labels, self.first)
        _check_strategies(self.strategies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(_Settings):
    """The same on a file: a share of the problems is measured on, the rest is the pool, whose labels are seen once they are chosen."""

    first: int = 60
    labels: tuple[int, ...] = (100, 200, 300)
    strategies: tuple[str, ...] = STUDIED
    per_problem: int = 2  # chosen, at most
    runs: int = 1
    held_out: float = 0.25
    training: Training = field(default_factory=lambda: {"epochs": 2, "min_tokens": 300_000})

    def __post_init__(self) -> None:
        _Settings.__post_init__(self)
        _check_labels(self.labels, self.first)
        _check_strategies(self.strategies)
        if type(self.held_out) is not float or not 0.0 < self.held_out < 1.0:
            raise SettingsRefused(f"held_out must be a number between 0 and 1, not {self.held_out!r}")


def _least(name: str) -> int:
    return 0 if name == "documents" else 1


def _check_training(name: str, value: Any) -> None:
    try:
        for_base(TINY, value)
    except (ConfigError, TypeError) as error:
        raise SettingsRefused(f"{name}: {error}") from None


def _check_labels(labels: Any, first: int) -> None:
    fits = isinstance(labels, tuple) and labels and all(type(n) is int and first < n <= LARGEST for n in labels)
    if not fits or list(labels) != sorted(set(labels)):
        raise SettingsRefused(f"labels must be whole numbers that ascend, all over first ({first}), not {labels!r}")


def _check_strategies(strategies: Any) -> None:
    fits = isinstance(strategies, tuple) and "uniform" in strategies and len(set(strategies)) == len(strategies)
    if not fits or any(name not in STRATEGIES for name in strategies):
        raise SettingsRefused(f"strategies must be some of {', '.join(STRATEGIES)}, uniform among them")


# What a domain has otherwise than the defaults: numbers that rise need no language, and are longer.
_RISING: Training = {"window": 6, "layers": 2}
OF_DOMAIN: dict[tuple[str, str], dict[str, Any]] = {
    ("best-of-n", "increasing"): {
        "documents": 0,
        "labels": 500,
        "outcome_problems": 2_000,
        "prm": _RISING | {"epochs": 8},
        "orm": _RISING | {"epochs": 3},
        "orm_same": _RISING | {"epochs": 8},
    },
    ("active-learning", "increasing"): {"documents": 0, "training": _RISING},
    ("active-learning", "misconceptions"): {
        "documents": 0,
        "first": 100,
        "labels": (200, 400, 800, 1_600),
        "pool_problems": 200,
        "pool_samples": 16,
        # Each word a token; a line is read with the one before it at most, for with more the labels are learnt by heart.
        "training": {"vocabulary": 2_000, "layers": 2, "window": 2, "epochs": 6, "min_tokens": 0},
    },
}


def for_domain(experiment: str, domain: str) -> BestOfN | ActiveLearning:
    """The measured defaults of an experiment on a domain."""
    changes = OF_DOMAIN.get((experiment, domain), {})
    return BestOfN.of(changes) if experiment == "best-of-n" else ActiveLearning.of(changes)
