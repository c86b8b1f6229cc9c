"""The rows that readers yield: frozen, typed, the same whatever file they came from. Text is kept byte for byte."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

LONGEST_TEXT = 100_000  # characters: a problem, a step, an answer, a reference solution
LONGEST_NAME = 200  # characters: identifiers, generators, subjects, levels
MOST_STEPS = 1_000  # steps of one solution
MOST_COMPLETIONS = 100  # completions of one step
MOST_TREE_NODES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    """One problem. `split` is "" (not said), "label" or "evaluate"."""

    text: str
    answer: str | None = None
    solution: str | None = None
    external_id: str = ""
    subject: str = ""
    level: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """A scorer's word on a solution: a step's probabilities stand in the order (-1, 0, +1)."""

    scorer: str
    rating_probs: tuple[tuple[float, float, float], ...]
    prm_score: float | None
    orm_score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SolutionRow:
    """One attempt at a problem. `gold_first_errors` is 0-based; () says that there is no error, None that nobody knows."""

    problem: ProblemRow
    steps: tuple[str, ...]
    answer: str | None = None
    generator: str = ""
    generation: int | None = None
    alternatives: Mapping[int, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    external_id: str = ""
    verifier_score: float | None = None
    published_correct: bool | None = None
    gold_first_errors: tuple[int, ...] | None = None
    score: ScoreRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationRow:
    """A finished record. `question` and `label` are PRM800K's own objects, key order and unknown keys kept.

    `solution` is None in phase 1, where the solution grew as it was labelled. `labeller` is a UUID's text, `submitted_at` aware, in UTC.
    """

    problem: ProblemRow
    solution: SolutionRow | None
    labeller: str
    submitted_at: datetime
    generation: int | None
    is_quality_control: bool
    is_initial_screening: bool
    question: dict[str, Any]
    label: dict[str, Any]
    labeller_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """Scripted alternatives for step-by-step labelling: `tree` is a list of `{text, next: [the same]}`."""

    problem: ProblemRow
    tree: list[dict[str, Any]]


Row = ProblemRow | SolutionRow | AnnotationRow | TreeRow


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line was not read: `FILE:LINE: FIELD: REASON`."""

    line: int
    field: str
    reason: str


Read = tuple[int, Row] | Refusal
