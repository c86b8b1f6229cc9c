"""Reading one field of a record: strict types, stated limits, and the path of what is refused. `true`, `"1"` and `1.0` are no ratings."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from annotation.formats.rows import LONGEST_NAME, LONGEST_TEXT, MOST_STEPS


class Unreadable(ValueError):
    """A record that is refused: the path of the field and the reason, as a `Refusal` shows them."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def required(record: Mapping[str, Any], key: str, path: str = "") -> Any:
    if key not in record:
        raise Unreadable(path + key, "is missing")
    return record[key]


def known_keys(record: Mapping[str, Any], known: Collection[str], path: str = "") -> None:
    for key in record:
        if key not in known:
            raise Unreadable(path + key[:60], "is not a known field")


def an_object(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(field, "must be an object")
    return value


def a_list(value: Any, field: str, *, longest: int) -> list[Any]:
    if not isinstance(value, list):
        raise Unreadable(field, "must be a list")
    if len(value) > longest:
        raise Unreadable(field, f"has {len(value)} entries, more than {longest}")
    return value


def text(value: Any, field: str, *, empty: bool = True) -> str:
    """Text of at most `LONGEST_TEXT` characters, byte for byte as it came."""
    if not isinstance(value, str):
        raise Unreadable(field, "must be text")
    if len(value) > LONGEST_TEXT:
        raise Unreadable(field, f"has {len(value)} characters, more than {LONGEST_TEXT}")
    if not empty and not value.strip():
        raise Unreadable(field, "must not be blank")
    return value


def text_or_none(value: Any, field: str) -> str | None:
    return None if value is None else text(value, field)


def name(value: Any, field: str) -> str:
    """An identifier of at most `LONGEST_NAME` characters: text, or a whole number, which becomes its digits; null becomes ""."""
    if value is None:
        return ""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str):
        raise Unreadable(field, "must be text")
    if len(value) > LONGEST_NAME:
        raise Unreadable(field, f"has {len(value)} characters, more than {LONGEST_NAME}")
    return value


def whole(value: Any, field: str, *, low: int, high: int) -> int:
    if type(value) is not int:
        raise Unreadable(field, "must be a whole number")
    if not low <= value <= high:
        raise Unreadable(field, f"must be from {low} to {high}")
    return value


def generation(value: Any, field: str = "generation") -> int | None:
    return None if value is None else whole(value, field, low=-1, high=1_000_000)


def truth(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise Unreadable(field, "must be true or false")
    return value


def number_or_none(value: Any, field: str) -> float | None:
    """A finite number. A whole one beyond a double's range is refused, not rounded to infinity."""
    if value is None:
        return None
    if type(value) not in (int, float):
        raise Unreadable(field, "must be a number")
    try:
        return _finite(float(value))
    except OverflowError:
        raise Unreadable(field, "is too large a number") from None


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise OverflowError
    return value


def step_texts(value: Any, field: str, *, least: int = 1) -> tuple[str, ...]:
    steps = a_list(value, field, longest=MOST_STEPS)
    if len(steps) < least:
        raise Unreadable(field, "has no steps")
    return tuple(text(step, f"{field}[{index}]") for index, step in enumerate(steps))
