"""Stepwise supervision: `prompt`, `completions` (the steps), `labels` (whether each is right), the form that TRL, axolotl and others read.

Three ratings become two labels, and tools disagree silently on the neutral one, so each line says which rule was used.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import MOST_STEPS

Neutral = Literal["good", "bad"]
UNFINISHED = ("give_up", "bad_problem")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepwiseRow:
    """`ratings`: of each step -1, 0 or 1, or between them the chance that it is right; None where it has no label."""

    problem: str
    steps: tuple[str, ...]
    ratings: tuple[float | None, ...]


def read(record: Mapping[str, Any]) -> StepwiseRow:
    """Labels of one row are all of one sort, told by the row: true and false; -1, 0 and 1; or, where any has a decimal point, chances from
    0 to 1. Other fields are passed over. Raises `Unreadable`.
    """
    steps = fields.step_texts(fields.required(record, "completions"), "completions")
    labels = fields.a_list(fields.required(record, "labels"), "labels", longest=MOST_STEPS)
    if len(labels) != len(steps):
        raise Unreadable("labels", f"has {len(labels)} entries, completions {len(steps)}")
    kinds = {type(label) for label in labels if label is not None}
    if bool in kinds and len(kinds) > 1:
        raise Unreadable("labels", "mixes true and false with numbers")
    chances = float in kinds
    return StepwiseRow(
        problem=fields.text(fields.required(record, "prompt"), "prompt", empty=False),
        steps=steps,
        ratings=tuple(_rating(label, f"labels[{index}]", chances=chances) for index, label in enumerate(labels)),
    )


def _rating(label: Any, field: str, *, chances: bool) -> float | None:
    if label is None:
        return None
    if isinstance(label, bool):
        return 1 if label else -1
    if not chances:
        return fields.whole(label, field, low=-1, high=1)
    chance = fields.number_or_none(label, field)
    if chance is None or not 0 <= chance <= 1:
        raise Unreadable(field, "must be a chance from 0 to 1, as another label of this row is one")
    return {0.0: -1, 1.0: 1}.get(chance, chance)


def write_record(record: Mapping[str, Any], *, neutral: Neutral) -> str | None:
    """One JSON line without its newline from a PRM800K record, or None where the record is not for training.

    Not for training: screening, quality control, given up, bad problems, and records without one rated step. The steps are those of the
    solution as it was built (phase 1: the chosen or written completion of each turn) up to and including the first that is bad, and no
    further than the first that has no rating. A step that the labeller wrote counts as right.
    """
    label = record["label"]
    if (
        record["is_quality_control_question"]
        or record["is_initial_screening_question"]
        or label["finish_reason"] in UNFINISHED
    ):
        return None
    rated = _rated_path(label["steps"])
    if not rated:
        return None
    line = {
        "prompt": record["question"]["problem"],
        "completions": [text for text, _ in rated],
        "labels": [rating > 0 or (rating == 0 and neutral == "good") for _, rating in rated],
        "neutral": neutral,
    }
    return json.dumps(line, ensure_ascii=False)


def _rated_path(steps: list[dict[str, Any]]) -> list[tuple[str, int]]:
    path: list[tuple[str, int]] = []
    for step in steps:
        text, rating = _on_path(step)
        if text is None or rating is None:
            break
        path.append((text, rating))
        if rating < 0:
            break
    return path


def _on_path(step: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """The completion that the solution went on with, or ended with, and its rating."""
    human, completions = step.get("human_completion"), step.get("completions") or []
    chosen = step.get("chosen_completion")
    if chosen is None and human is not None:
        return human["text"], 1
    if not completions:
        return None, None
    taken = completions[chosen or 0]
    return taken["text"], taken["rating"]
