r"""MATH as published: `problem`, `solution`, `level`, `type`; the answer is what the last `\boxed` of the solution holds.

The later subset with `answer`, `subject` and `unique_id` is read too; there the given answer counts.
"""

from collections.abc import Mapping
from typing import Any

from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import ProblemRow

_BOXES = ("\\boxed", "\\fbox")


def read(record: Mapping[str, Any]) -> ProblemRow:
    solution = fields.text(fields.required(record, "solution"), "solution")
    answer = fields.text_or_none(record.get("answer"), "answer")
    answer = last_boxed(solution) if answer is None else answer
    if answer is None:
        raise Unreadable("solution", "has no \\boxed answer")
    return ProblemRow(
        text=fields.text(fields.required(record, "problem"), "problem", empty=False),
        answer=answer,
        solution=solution,
        external_id=fields.name(record.get("unique_id", record.get("idx")), "unique_id"),
        subject=fields.name(record.get("type", record.get("subject")), "type"),
        level=fields.name(record.get("level"), "level"),
    )


def last_boxed(text: str) -> str | None:
    r"""What the last `\boxed{…}` (or `\fbox{…}`, or `\boxed 2`) holds; None where there is none or its braces do not close."""
    start, box = max((text.rfind(box), box) for box in _BOXES)
    if start < 0:
        return None
    rest = text[start + len(box) :].lstrip(" ")
    if not rest.startswith("{"):
        return rest.split("$")[0].split(" ")[0].strip() or None
    depth = 0
    escaped = False
    for index, character in enumerate(rest):
        if not escaped and character in "{}":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return rest[1:index]
        escaped = character == "\\" and not escaped
    return None
