"""What makes two texts, two solutions or two trees the same one: SHA-256 over exact content, nothing trimmed or folded."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any


def text_sha256(text: str) -> str:
    """The identity of a problem within its project: 64 hex digits over its exact text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def solution_sha256(*, steps: Sequence[str], answer: str | None, generator: str = "", external_id: str = "") -> str:
    """The identity of a solution within its problem. No answer (None) and an empty one differ."""
    return json_sha256([list(steps), answer, generator, external_id])


def json_sha256(value: Any) -> str:
    return text_sha256(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
