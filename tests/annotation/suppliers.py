"""Suppliers of next steps as one may meet them: good, careless, broken, slow."""

from collections.abc import Sequence
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

calls: list[dict[str, Any]] = []


def good(*, problem: str, steps: Sequence[str], count: int, seed: int) -> list[str]:
    calls.append({"problem": problem, "steps": steps, "count": count, "seed": seed})
    after = f" after {len(steps)}" if steps else ""
    return [f"One{after}.", f"Two{after}."]


def careless(**asked: Any) -> list[Any]:
    """Duplicates, too many, and much that is no step."""
    return ["One.", " one", "$One$", "", "  ", None, 5, b"x", "a\0b", "\ud800", "x" * 10_001, *"abcdefgh"]


def empty(**asked: Any) -> list[str]:
    return []


def of_nothing(**asked: Any) -> list[Any]:
    return ["", None, "x" * 10_001]


def no_list(**asked: Any) -> Any:
    return "One step, as a text."


def broken(**asked: Any) -> list[str]:
    raise RuntimeError("the model is away")


def hanging(**asked: Any) -> list[str]:
    """As Celery ends it."""
    raise SoftTimeLimitExceeded
