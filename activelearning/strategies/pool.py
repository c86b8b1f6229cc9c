"""What a strategy chooses from and what it answers: plain arrays in, ranked picks out. Nothing here depends on the order of the pool."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Candidates, one entry each: `scores` is the solution's score (NaN: none), `is_wrong` True only where its answer's verdict is wrong.

    Undecided answers are not wrong. `ids` name a candidate in every run alike (equal ids are ordered as they came). Raises `ValueError` for
    arrays of different lengths.
    """

    ids: Sequence[str]
    problems: Sequence[str]
    scores: npt.NDArray[np.float64]
    is_wrong: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        sizes = {len(self.ids), len(self.problems), len(self.scores), len(self.is_wrong)}
        if len(sizes) != 1:
            raise ValueError(f"the pool's arrays have different lengths: {sorted(sizes)}")

    def __len__(self) -> int:
        return len(self.ids)

    def scored(self) -> npt.NDArray[np.bool_]:
        return np.isfinite(self.scores)

    def by_score(self, indices: Iterable[int], *, seed: int) -> list[int]:
        """Highest score first; ties in an order that only seed and id decide."""
        return sorted(indices, key=lambda i: (-self.scores[i], chance(seed, self.ids[i]), self.ids[i]))

    def by_chance(self, indices: Iterable[int], *, seed: int) -> list[int]:
        """A shuffle that only seed and ids decide: the k first are a uniform choice of k."""
        return sorted(indices, key=lambda i: (chance(seed, self.ids[i]), self.ids[i]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A chosen candidate: its index in the pool, who chose it, and why in words that a researcher reads. Picks come in rank order."""

    index: int
    strategy: str
    reason: str


class Cap:
    """At most `per_problem` picks of one problem, over everything that is taken through it; None for no cap. `without`: never taken."""

    def __init__(self, pool: Pool, per_problem: int | None, *, without: Iterable[int] = ()) -> None:
        if per_problem is not None and per_problem < 1:
            raise ValueError(f"per_problem is {per_problem}; it must be 1 or more, or None")
        self._pool, self._most = pool, per_problem
        self._taken: dict[str, int] = {}
        self._chosen: set[int] = set(without)

    def take(self, ranked: Iterable[int], count: int) -> list[int]:
        """The first `count` of `ranked` that are not taken yet and fit under the cap."""
        found: list[int] = []
        for index in ranked:
            if len(found) >= count:
                break
            problem = self._pool.problems[index]
            if index in self._chosen or (self._most is not None and self._taken.get(problem, 0) >= self._most):
                continue
            self._chosen.add(index)
            self._taken[problem] = self._taken.get(problem, 0) + 1
            found.append(index)
        return found


def chance(seed: int, name: str) -> bytes:
    """A number from 0 to 2^128 that only (seed, name) decide, as bytes that sort like it."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16, salt=_salt(seed)).digest()


def _salt(seed: int) -> bytes:
    return hashlib.blake2b(str(seed).encode(), digest_size=16).digest()


def share_of(budget: int, share: float) -> int:
    """The whole number nearest to `share` of `budget`, halves up."""
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"the share is {share}; it must be from 0 to 1")
    return math.floor(budget * share + 0.5 + 1e-9)
