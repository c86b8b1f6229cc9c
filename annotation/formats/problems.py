"""`problems`: our own format for problems, one a line. Unknown keys are refused by name."""

from collections.abc import Mapping
from typing import Any

from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import ProblemRow

SPLITS = ("label", "evaluate")
_KEYS = ("problem", "answer", "solution", "id", "subject", "level", "split")


def read(record: Mapping[str, Any]) -> ProblemRow:
    fields.known_keys(record, _KEYS)
    split = record.get("split")
    if split is not None and split not in SPLITS:
        raise Unreadable("split", f"must be one of {', '.join(SPLITS)}")
    return ProblemRow(
        text=fields.text(fields.required(record, "problem"), "problem", empty=False),
        answer=fields.text_or_none(fields.required(record, "answer"), "answer"),
        solution=fields.text_or_none(record.get("solution"), "solution"),
        external_id=fields.name(record.get("id"), "id"),
        subject=fields.name(record.get("subject"), "subject"),
        level=fields.name(record.get("level"), "level"),
        split=split or "",
    )
