"""Problem and steps to tokens: one way for training and scoring, so that both see the same sequence.

    start  problem  separator  step 1  step_end  step 2  step_end  …

Each piece is tokenised by itself, so the tokens of a prefix do not depend on what follows it. A step's label and its probabilities stand at
the last token of its `step_end`. Special tokens written out in a text are text. Whole steps are kept or left out, never cut.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from activelearning.rewardmodel.examples import Example
from activelearning.rewardmodel.forms import Floats, Form

IGNORED = -100  # a token without a label, as everywhere in torch
SHOWN = 20  # sources named for each reason

Ids = npt.NDArray[np.int32]


class LayoutError(ValueError):
    """This tokenizer has nothing to separate problem and steps with."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The tokens around problem and steps; kept in the checkpoint, so that scoring uses what training used."""

    start: tuple[int, ...]
    separator: tuple[int, ...]
    step_end: tuple[int, ...]

    def as_dict(self) -> dict[str, list[int]]:
        return {name: list(ids) for name, ids in asdict(self).items()}

    @classmethod
    def from_dict(cls, given: dict[str, Any], *, vocabulary: int) -> "Layout":
        """Raises `LayoutError` where it is not lists of token ids under `vocabulary`."""
        found = {}
        for name in ("start", "separator", "step_end"):
            ids = given.get(name)
            if not isinstance(ids, list) or any(type(i) is not int or not 0 <= i < vocabulary for i in ids):
                raise LayoutError(f"{name} must be a list of token ids")
            found[name] = tuple(ids)
        if not found["separator"] or not found["step_end"]:
            raise LayoutError("separator and step_end must not be empty")
        return cls(**found)


class Encoder:
    """Texts to tokens with a fast tokenizer (its Rust backend); remembers the last problem, as samples of one come together."""

    def __init__(self, tokenizer: Any, layout: Layout | None = None) -> None:
        self._backend = tokenizer.backend_tokenizer
        self._backend.no_truncation()
        self._backend.no_padding()
        self._backend.encode_special_tokens = True
        self.layout = layout or self._layout(tokenizer)
        self._problem: tuple[str, list[int]] = ("", [])

    def text(self, text: str) -> list[int]:
        return list(self._backend.encode(text, add_special_tokens=False).ids)

    def prompt(self, problem: str) -> list[int]:
        """Start, problem and separator."""
        if self._problem[0] != problem or not self._problem[1]:
            ids = [*self.layout.start, *self.text(problem), *self.layout.separator]
            self._problem = (problem, ids)
        return self._problem[1]

    def steps(self, steps: Iterable[str]) -> list[list[int]]:
        return [[*self.text(step), *self.layout.step_end] for step in steps]

    def _layout(self, tokenizer: Any) -> Layout:
        """Blank lines separate where the tokenizer has tokens for them, else its own separator or end token."""
        token = next((i for i in (tokenizer.sep_token_id, tokenizer.eos_token_id) if i is not None), None)
        fallback = [] if token is None else [token]
        separator = self.text("\n\n") or fallback
        step_end = self.text("\n") or fallback
        if not separator or not step_end:
            raise LayoutError("the tokenizer has no token for a new line, no separator and no end token")
        first = next((i for i in (tokenizer.bos_token_id, tokenizer.cls_token_id) if i is not None), None)
        return Layout(start=() if first is None else (first,), separator=tuple(separator), step_end=tuple(step_end))


@dataclass(frozen=True, slots=True)
class Tokens:
    """One tokenised solution: `ends` are the positions of the steps' last tokens, one for each step that is in."""

    ids: Ids
    ends: Ids


def encode(encoder: Encoder, problem: str, steps: Sequence[str], *, max_length: int) -> Tokens:
    """The solution's tokens with as many whole steps as fit into `max_length`; no ends where not even the first does."""
    ids = list(encoder.prompt(problem))
    ends: list[int] = []
    for piece in encoder.steps(steps):
        if len(ids) + len(piece) > max_length:
            break
        ids.extend(piece)
        ends.append(len(ids) - 1)
    return Tokens(np.array(ids, dtype=np.int32), np.array(ends, dtype=np.int32))


@dataclass(frozen=True, slots=True)
class Labelled:
    """A tokenised example: `targets` are (positions, labels), the form's labels as probabilities, at `positions`."""

    ids: Ids
    positions: Ids
    targets: Floats


@dataclass(slots=True)
class Dropped:
    """What did not fit under the length cap, counted, the first few sources named."""

    counts: Counter[str] = field(default_factory=Counter)
    sources: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, source: str, count: int = 1) -> None:
        self.counts[reason] += count
        named = self.sources.setdefault(reason, [])
        if len(named) < SHOWN:
            named.append(source)


def label_examples(
    examples: Sequence[Example], encoder: Encoder, form: Form, *, max_length: int
) -> tuple[list[Labelled], Dropped]:
    """Tokenised examples in the same order, those left out that have no label once whole steps were fitted under the cap.

    A PRM is labelled at step ends, an ORM at every token of the steps (the problem's own tokens know nothing of the outcome).
    """
    dropped = Dropped()
    found: list[Labelled] = []
    for example in examples:
        sequence = encode(encoder, example.problem, example.steps, max_length=max_length)
        lost = len(example.steps) - len(sequence.ends)
        if lost == len(example.steps):
            too_long = len(encoder.prompt(example.problem)) >= max_length
            dropped.add("prompt_too_long" if too_long else "first_step_too_long", example.source)
            continue
        if lost:
            dropped.add("steps_over_length", example.source, lost)
        label = _outcome if form.kind == "orm" else _process
        labelled = label(example, sequence, encoder, form)
        if len(labelled.positions):
            found.append(labelled)
        else:
            dropped.add("without_label", example.source)
    return found, dropped


def _process(example: Example, sequence: Tokens, encoder: Encoder, form: Form) -> Labelled:
    pairs = [
        (end, form.target(rating))
        for end, rating in zip(sequence.ends.tolist(), example.ratings, strict=False)
        if rating is not None
    ]
    positions = np.array([end for end, _ in pairs], dtype=np.int32)
    return Labelled(sequence.ids, positions, _targets([target for _, target in pairs], form.labels))


def _outcome(example: Example, sequence: Tokens, encoder: Encoder, form: Form) -> Labelled:
    start = len(encoder.prompt(example.problem))
    positions = np.arange(start, len(sequence.ids), dtype=np.int32)
    right = float(bool(example.right))
    return Labelled(sequence.ids, positions, _targets([(1.0 - right, right)] * len(positions), form.labels))


def _targets(rows: Sequence[Sequence[float]], labels: int) -> Floats:
    return np.array(rows, dtype=np.float32).reshape(len(rows), labels)
