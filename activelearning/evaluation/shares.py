"""Shares and their mean, where what cannot be said is None."""

from collections.abc import Sequence


def share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def harmonic(a: float | None, b: float | None) -> float | None:
    """0 where both are 0; None where one is not known."""
    if a is None or b is None:
        return None
    return 2 * a * b / (a + b) if a + b else 0.0
