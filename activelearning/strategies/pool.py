"""What a strategy chooses from and what it answers: plain arrays in, ranked picks out. Nothing here depends on the order of the pool."""

import hashlib
import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Column = TypeVar("Column")


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """A row a candidate, to be told apart by; `made_of` says in words what the rows were made of."""

    rows: npt.NDArray[np.float32]
    made_of: str

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Candidates, one entry each: `scores` is the solution's score (NaN: none), `is_wrong` True only where its answer's verdict is wrong.

    Undecided answers are neither wrong nor right. `ids` name a candidate in every run alike (equal ids are ordered as they came). The other
    columns are there where a strategy that reads them was asked for. Raises `ValueError` for columns of different lengths.
    """

    ids: Sequence[str]
    problems: Sequence[str]
    scores: Floats
    is_wrong: Flags
    is_right: Flags | None = None
    doubts: Floats | None = None  # how unsure an ensemble is (`ensemble.doubt`); NaN: nobody knows
    disputes: Floats | None = None  # how far labellers part (`relabel.dispute`); NaN: fewer than two labels
    strata: Sequence[str] | None = None  # subject and level
    answers: Sequence[str | None] | None = None  # equal where the answer is the same; None: gave none
    features: Features | None = None
    says: Sequence[Hashable] | None = None  # equal where two solutions of a problem say the same
    lots: Sequence[int] | None = None  # by which chance goes first, so that an index can follow it; None: all in one
    labelled: Flags | None = None  # only `relabel` chooses these; None: it may choose any, and so may the others

    def __post_init__(self) -> None:
        columns = (getattr(self, name) for name in self.__dataclass_fields__)
        sizes = {len(column) for column in columns if column is not None}
        if len(sizes) != 1:
            raise ValueError(f"the pool's arrays have different lengths: {sorted(sizes)}")

    def __len__(self) -> int:
        return len(self.ids)

    def unlabelled(self) -> list[int]:
        return [i for i in range(len(self)) if self.labelled is None or not self.labelled[i]]

    def by_score(self, indices: Iterable[int], *, seed: int) -> list[int]:
        """Highest score first; ties in an order that only seed and id decide."""
        return self.by_value(indices, self.scores, seed=seed)

    def by_value(self, indices: Iterable[int], values: Floats, *, seed: int) -> list[int]:
        """Highest value first, of those that have one; ties in an order that only seed and id decide."""
        known = [i for i in indices if np.isfinite(values[i])]
        return sorted(known, key=lambda i: (-values[i], chance(seed, self.ids[i]), self.ids[i]))

    def by_chance(self, indices: Iterable[int], *, seed: int) -> list[int]:
        """A shuffle that only seed, lots and ids decide: the k first are a uniform choice of k."""
        if self.lots is None:
            return sorted(indices, key=lambda i: (chance(seed, self.ids[i]), self.ids[i]))
        lots = self.lots
        return sorted(indices, key=lambda i: (lot_rank(seed, lots[i]), chance(seed, self.ids[i]), self.ids[i]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A chosen candidate: its index in the pool, who chose it, and why in words that a researcher reads. Picks come in rank order."""

    index: int
    strategy: str
    reason: str


class Cap:
    """What is taken through it is taken once, and at most `per_problem` of one problem over everything; None for no cap.

    With `merge`, of solutions of a problem that say the same (the pool's `says`) the first one taken is the only one.
    """

    def __init__(self, pool: Pool, per_problem: int | None, *, merge: bool = False) -> None:
        if per_problem is not None and per_problem < 1:
            raise ValueError(f"per_problem is {per_problem}; it must be 1 or more, or None")
        self._pool, self._most = pool, per_problem
        self._says = needed(pool.says, "says") if merge else None
        self._taken: dict[str, int] = {}
        self._said: set[tuple[str, Hashable]] = set()
        self._chosen: set[int] = set()

    def room_for(self, index: int) -> bool:
        problem = self._pool.problems[index]
        if index in self._chosen or (self._most is not None and self._taken.get(problem, 0) >= self._most):
            return False
        return self._says is None or (problem, self._says[index]) not in self._said

    def take_one(self, index: int) -> None:
        problem = self._pool.problems[index]
        self._chosen.add(index)
        self._taken[problem] = self._taken.get(problem, 0) + 1
        if self._says is not None:
            self._said.add((problem, self._says[index]))

    def take(self, ranked: Iterable[int], count: int) -> list[int]:
        """The first `count` of `ranked` that are not taken yet and fit under the cap. An iterator is read no further than that."""
        found: list[int] = []
        waiting = iter(ranked)
        while len(found) < count and (index := next(waiting, None)) is not None:
            if self.room_for(index):
                self.take_one(index)
                found.append(index)
        return found


def needed(column: Column | None, name: str) -> Column:
    """The pool's column; raises `ValueError` where whoever made the pool left it out."""
    if column is None:
        raise ValueError(f"this strategy needs the pool's {name}")
    return column


def chance(seed: int, name: str) -> bytes:
    """A number from 0 to 2^128 that only (seed, name) decide, as bytes that sort like it."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16, salt=_salt(seed)).digest()


def lot_rank(seed: int, lot: int) -> bytes:
    """Where a lot stands among lots under this seed."""
    return chance(seed, f"lot {lot}")


def _salt(seed: int) -> bytes:
    return hashlib.blake2b(str(seed).encode(), digest_size=16).digest()


def share_of(budget: int, share: float) -> int:
    """The whole number nearest to `share` of `budget`, halves up."""
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"the share is {share}; it must be from 0 to 1")
    return math.floor(budget * share + 0.5 + 1e-9)
