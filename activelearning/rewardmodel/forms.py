"""In which form a network says its ratings: what its outputs are named, what they are trained towards, and what they mean as ratings.

classification  a linear layer with a label a rating at every token; opens as `AutoModelForTokenClassification`. With several heads their
                labels stand one head after the other: an ensemble on one backbone, whose disagreement says how sure it is.
rating-tokens   a causal language model that writes `-`, `0` or `+` at a step's end (arXiv 2305.20050); opens as `AutoModelForCausalLM`.
qwen2-prm       the published two-layer head of two classes after `<extra_0>` (arXiv 2501.07301); `qwen2_prm` holds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from activelearning.rewardmodel.config import FORMS, KINDS, RATINGS, TrainingConfig
from activelearning.rewardmodel.reductions import NEUTRAL_RULES

SIGNS = ("-", "0", "+")  # of the ratings, each one token of nearly every vocabulary
MOST_HEADS = 64

Floats = npt.NDArray[np.float32]
# A step's label: -1, 0 or 1; between 0 and 1 the chance that it is good; or the chances of -1, 0 and 1 themselves.
Rating = float | tuple[float, float, float]


class FormError(ValueError):
    """The form is not one that can be had here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`labels`: 3 (one a rating) or 2 (not good, good; an ORM's: wrong, right). `tokens`: of `rating-tokens`, the labels' token ids.

    `neutral` says what rating 0 counts as where it must be one of two: good or bad.
    """

    kind: str = "prm"
    name: str = "classification"
    labels: int = 3
    heads: int = 1
    neutral: str = "good"
    tokens: tuple[int, ...] = ()

    @classmethod
    def of(cls, config: TrainingConfig, *, kind: str) -> "Form":
        """What a training makes: an ORM has two labels, whatever the configuration says of a PRM's."""
        labels = 2 if kind == "orm" or config.form == "qwen2-prm" else config.labels
        return cls(kind=kind, name=config.form, labels=labels, heads=config.ensemble, neutral=config.neutral)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any], *, vocabulary: int) -> "Form":
        """As `as_dict` wrote it into a config.json. Raises `FormError`."""
        facts = {name: given.get(name) for name in ("kind", "form", "labels", "heads", "neutral", "rating_tokens")}
        kind, name, labels, heads, neutral, tokens = facts.values()
        wanted = labels if name == "rating-tokens" else 0
        fits = {
            "kind": kind in KINDS,
            "form": name in FORMS,
            "labels": type(labels) is int and labels in ((2, 3) if kind == "prm" else (2,)),
            "heads": type(heads) is int and 1 <= heads <= MOST_HEADS,
            "neutral": neutral in NEUTRAL_RULES,
            "rating_tokens": isinstance(tokens, list) and len(tokens) == wanted and _are_tokens(tokens, vocabulary),
        }
        wrong = [field for field, fine in fits.items() if not fine]
        if wrong:
            raise FormError(f"reward_model.{wrong[0]} cannot be {str(facts[wrong[0]])[:100]!r}")
        return cls(
            kind=str(kind),
            name=str(name),
            labels=cast(int, labels),
            heads=cast(int, heads),
            neutral=str(neutral),
            tokens=tuple(tokens or ()),
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "form": self.name,
            "labels": self.labels,
            "heads": self.heads,
            "neutral": self.neutral,
            "rating_tokens": list(self.tokens),
        }

    @property
    def label_names(self) -> list[str]:
        if self.kind == "orm":
            return ["wrong", "right"]
        return list(map(str, RATINGS)) if self.labels == 3 else ["bad", "good"]

    @property
    def outputs(self) -> dict[int, str]:
        """`id2label` of a network: the labels of each head, one head after the other."""
        if self.heads == 1:
            return dict(enumerate(self.label_names))
        named = [f"{name} (head {head + 1})" for head in range(self.heads) for name in self.label_names]
        return dict(enumerate(named))

    def target(self, rating: Rating) -> tuple[float, ...]:
        """What a PRM's labels shall be at a step so rated, as chances that add up to 1."""
        bad, neutral, good = chances_of(rating)
        if self.labels == 3:
            return bad, neutral, good
        return (bad, neutral + good) if self.neutral == "good" else (bad + neutral, good)

    def rating_probabilities(self, labels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(…, labels) probabilities of a PRM as (…, 3) of -1, 0 and +1; two labels say nothing of 0."""
        if self.labels == 3:
            return labels
        return np.stack([labels[..., 0], np.zeros_like(labels[..., 0]), labels[..., 1]], axis=-1)


def chances_of(rating: Rating) -> tuple[float, float, float]:
    """A label as the chances of -1, 0 and +1."""
    if isinstance(rating, tuple):
        bad, neutral, good = (chance / sum(rating) for chance in rating)
        return bad, neutral, good
    if rating in RATINGS:
        return float(rating == -1), float(rating == 0), float(rating == 1)
    return 1.0 - rating, 0.0, float(rating)


def nearest(rating: Rating) -> int:
    """The likeliest of -1, 0 and 1."""
    chances = chances_of(rating)
    return RATINGS[chances.index(max(chances))]


def _are_tokens(tokens: list[Any], vocabulary: int) -> bool:
    return all(type(token) is int and 0 <= token < vocabulary for token in tokens)


def sign_tokens(tokenizer: Any, labels: int) -> tuple[int, ...]:
    """The tokens of `-`, `0` and `+` (of two labels: `-` and `+`). Raises `FormError`."""
    vocabulary = tokenizer.get_vocab()
    wanted = SIGNS if labels == 3 else (SIGNS[0], SIGNS[2])
    missing = [sign for sign in wanted if sign not in vocabulary]
    if missing:
        raise FormError(f"its tokenizer has no token {missing[0]!r} to write a rating with; take another form")
    return tuple(int(vocabulary[sign]) for sign in wanted)


def shares(examples: int, heads: int, *, seed: int) -> Floats:
    """(examples, heads) weights of the loss: each head of an ensemble sees its own Bayesian bootstrap of the data (Rubin 1981)."""
    if heads == 1:
        return np.ones((examples, 1), dtype=np.float32)
    return np.random.default_rng([seed, heads]).exponential(size=(examples, heads)).astype(np.float32)
