"""Scored sample lines (the released form) as problems with their samples."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from activelearning.evaluation.best_of_n import Samples
from activelearning.evaluation.voting import answer_groups
from activelearning.rewardmodel.reductions import solution_score
from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import MOST_STEPS
from annotation.formats.scored_samples import probabilities

NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLine:
    """`correct` is never true of a sample without an answer; a score that is not there is NaN."""

    problem: str
    answer: str | None
    correct: bool
    prm: float = NAN
    orm: float = NAN
    subject: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledProblem:
    text: str
    subject: str
    level: str
    lines: tuple[SampleLine, ...]

    @property
    def pass_rate(self) -> float:
        """Of its samples, the share that is right."""
        return sum(line.correct for line in self.lines) / len(self.lines)

    def samples(self, *, same: Callable[[str, str], bool]) -> Samples:
        """`same` is the answer grader's word: equal answers vote together."""
        return Samples(
            correct=np.array([line.correct for line in self.lines], dtype=np.bool_),
            groups=answer_groups([line.answer for line in self.lines], same=same),
            scores={
                "prm": np.array([line.prm for line in self.lines], dtype=np.float64),
                "orm": np.array([line.orm for line in self.lines], dtype=np.float64),
            },
        )


def read(record: Mapping[str, Any], *, reduction: str | None = None, neutral: str = "good") -> SampleLine:
    """Scores are used as they are given; with a `reduction` the PRM's is made from `rating_probs`. Raises `Unreadable`."""
    answer = fields.text_or_none(fields.required(record, "answer"), "answer")
    answer = answer if answer is not None and answer.strip() else None
    right = fields.truth(fields.required(record, "is_correct"), "is_correct")
    return SampleLine(
        problem=fields.text(fields.required(record, "problem"), "problem", empty=False),
        answer=answer,
        correct=right and answer is not None,
        prm=_number(record, "prm_score") if reduction is None else _reduced(record, reduction, neutral),
        orm=_number(record, "orm_score"),
        subject=fields.name(record.get("subject"), "subject"),
        level=fields.name(record.get("level"), "level"),
    )


def by_problem(lines: Iterable[SampleLine]) -> list[SampledProblem]:
    """In the order of first sight. Subject and level are the first that any of its lines names."""
    found: dict[str, list[SampleLine]] = {}
    for line in lines:
        found.setdefault(line.problem, []).append(line)
    return [
        SampledProblem(
            text=text,
            subject=_first(line.subject for line in of_it),
            level=_first(line.level for line in of_it),
            lines=tuple(of_it),
        )
        for text, of_it in found.items()
    ]


def scored_by(problems: Sequence[SampledProblem], scorer: str) -> bool:
    """Whether any sample has this score."""
    return any(getattr(line, scorer) == getattr(line, scorer) for problem in problems for line in problem.lines)


def _number(record: Mapping[str, Any], key: str) -> float:
    value = fields.number_or_none(record.get(key), key)
    return NAN if value is None else value


def _reduced(record: Mapping[str, Any], reduction: str, neutral: str) -> float:
    """NaN where the scorer left it without a score (null)."""
    given = fields.required(record, "rating_probs")
    if given is None:
        return NAN
    listed = fields.a_list(given, "rating_probs", longest=MOST_STEPS)
    if not listed:
        raise Unreadable("rating_probs", "has no steps")
    steps = [probabilities(entry, f"rating_probs[{index}]") for index, entry in enumerate(listed)]
    return solution_score(steps, reduction=reduction, neutral=neutral)


def _first(names: Iterable[str]) -> str:
    return next((name for name in names if name), "")
