"""Stepwise supervision: `prompt`, `completions` (the steps), `labels` (whether each is right), the form that TRL, axolotl and others read.

Three ratings become two labels, and tools disagree silently on the neutral one, so each line says which rule was used.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

Neutral = Literal["good", "bad"]
UNFINISHED = ("give_up", "bad_problem")


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
