"""Parts of the problems that are looked at by themselves: subject, level, and how hard the generator finds them."""

from collections.abc import Mapping, Sequence

import numpy as np

QUINTILES = 5
BY = ("subject", "level", "quintile")


def quintiles(pass_rates: Mapping[str, float]) -> dict[str, str]:
    """Each problem's fifth by pass rate (of its samples, the share that is right): "1" is the hardest fifth, "5" the easiest.

    Problems with one pass rate stand in one fifth, that of their middle, so fifths may be uneven, or empty: to part equals would be
    to part by chance.
    """
    ordered = np.sort(np.array(list(pass_rates.values()), dtype=np.float64))
    found = {}
    for problem, rate in pass_rates.items():
        ends = np.searchsorted(ordered, rate, side="left") + np.searchsorted(ordered, rate, side="right")
        middle = ends / (2 * len(ordered))
        found[problem] = str(min(int(middle * QUINTILES), QUINTILES - 1) + 1)
    return found


def parts(keys: Sequence[str]) -> dict[str, list[int]]:
    """The places of each key, keys in order ("2" before "10"); "" (not said) is in no part."""
    found: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        if key:
            found.setdefault(key, []).append(place)
    return {key: found[key] for key in sorted(found, key=_natural)}


def _natural(key: str) -> tuple[int, int, str]:
    return (0, int(key), "") if key.isascii() and key.isdigit() else (1, 0, key)
