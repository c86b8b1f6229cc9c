"""Shares, their mean and their interval, where what cannot be said is None."""

import math
from collections.abc import Sequence


def share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def wilson(hits: float, of: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of `hits` in `of` (one or more): what few of them say is little."""
    part = hits / of
    middle = (part + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(part * (1 - part) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def harmonic(a: float | None, b: float | None) -> float | None:
    """0 where both are 0; None where one is not known."""
    if a is None or b is None:
        return None
    return 2 * a * b / (a + b) if a + b else 0.0
