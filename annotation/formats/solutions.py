"""`solutions`: our own format for generated solutions, one a line, with the alternatives of a step where there are any."""

from collections.abc import Mapping
from typing import Any

from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import MOST_COMPLETIONS, ProblemRow, SolutionRow

_KEYS = (
    "problem", "steps", "answer", "ground_truth_answer", "ground_truth_solution", "generator", "generation", "alternatives", "id",
)  # fmt: skip


def read(record: Mapping[str, Any]) -> SolutionRow:
    fields.known_keys(record, _KEYS)
    steps = fields.step_texts(fields.required(record, "steps"), "steps")
    problem = ProblemRow(
        text=fields.text(fields.required(record, "problem"), "problem", empty=False),
        answer=fields.text_or_none(record.get("ground_truth_answer"), "ground_truth_answer"),
        solution=fields.text_or_none(record.get("ground_truth_solution"), "ground_truth_solution"),
    )
    return SolutionRow(
        problem=problem,
        steps=steps,
        answer=fields.text_or_none(record.get("answer"), "answer"),
        generator=fields.name(record.get("generator"), "generator"),
        generation=fields.generation(record.get("generation")),
        alternatives=_alternatives(record.get("alternatives"), len(steps)),
        external_id=fields.name(record.get("id"), "id"),
    )


def _alternatives(value: Any, steps: int) -> dict[int, tuple[str, ...]]:
    if value is None:
        return {}
    found: dict[int, tuple[str, ...]] = {}
    for key, texts in fields.an_object(value, "alternatives").items():
        path = f"alternatives.{key[:20]}"
        # ASCII digits alone: int() would read full-width ones and "1_0" too.
        if not (key.isascii() and key.isdigit() and len(key) < 6 and str(int(key)) == key) or int(key) >= steps:
            raise Unreadable(path, f"must be a 0-based step from 0 to {steps - 1}")
        listed = fields.a_list(texts, path, longest=MOST_COMPLETIONS)
        if listed:
            found[int(key)] = tuple(fields.text(text, f"{path}[{i}]") for i, text in enumerate(listed))
    return found
