"""Shares of strategies that add up to one, and what they are of a budget in whole numbers that add up to it."""

import math
from collections.abc import Mapping

NEARLY = 1e-6


def checked(shares: Mapping[str, float]) -> dict[str, float]:
    """The shares, in their order. Raises `ValueError` unless each is over 0 and they add up to 1."""
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise ValueError(f"the share of {name} is {share}; it must be over 0 and at most 1")
    if abs(math.fsum(shares.values()) - 1) > NEARLY:
        raise ValueError(f"the shares add up to {math.fsum(shares.values()):g}; they must add up to 1")
    return {name: float(share) for name, share in shares.items()}


def counts_of(budget: int, shares: Mapping[str, float]) -> dict[str, int]:
    """Whole numbers that add up to the budget: the largest remainders are rounded up, of equal ones those named first."""
    exact = {name: budget * share for name, share in shares.items()}
    found = {name: math.floor(value + NEARLY) for name, value in exact.items()}
    for name in sorted(exact, key=lambda name: round(found[name] - exact[name], 6))[: budget - sum(found.values())]:
        found[name] += 1
    return found


def parsed(text: str) -> str | dict[str, float]:
    """A strategy's name as it is, or `name=share,name=share,…`. Raises `ValueError`."""
    if "=" not in text:
        return text
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = (piece.strip() for piece in part.partition("="))
        if name in found:
            raise ValueError(f"{name} is named twice")
        try:
            found[name] = float(share)
        except ValueError:
            raise ValueError(f"the share of {name} is {share!r}; it must be a number") from None
    return checked(found)
