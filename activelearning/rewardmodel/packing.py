"""Sequences side by side in one row, without padding; what several have in common stands there once.

A row is a forest laid out depth first. A segment is a run of tokens; each of its tokens sees the segment's tokens up to itself and all
tokens of the segments that it goes on from (its ancestors), nothing else. Training lays every sequence out whole; scoring lays out the
prompt of many samples, and the steps that samples share, once, and a row may go on from the end of the row before it (its trunk). Linear
layers see one long row of real tokens; attention is computed segment by segment. Measured in bench/RESULTS.md, `train` and `score`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Span = tuple[int, int]  # of a row: from, up to and without

# A branch of its own costs a call in each layer; sharing fewer tokens than this saves less.
LEAST_SHARED = 16


@dataclass(slots=True)
class Memory:
    """What a network keeps of a row for the next one: keys and values of some of its tokens, by layer. One a series of rows."""

    of_layer: dict[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trunk:
    """`size` tokens of the row before are gone on from; the next row goes on from `kept`, places of these and then of the row's own."""

    size: int
    kept: Ids
    memory: Memory


@dataclass(frozen=True, slots=True)
class Segment:
    """`ancestors` are the spans that it goes on from, in reading order; they count the trunk's tokens first, then the row's."""

    start: int
    stop: int
    ancestors: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """`places[i]` says where in the row each token of sequence i stands; `positions` is a token's place in its own sequence.

    Tokens that stand in the trunk have no place in the row: theirs are below 0.
    """

    ids: Ids
    positions: Ids
    segments: tuple[Segment, ...]
    places: tuple[Ids, ...]
    trunk: Trunk | None = None


def side_by_side(sequences: Sequence[Ids]) -> Row:
    """Every sequence whole, in the order given."""
    ends = np.cumsum([len(ids) for ids in sequences]).tolist()
    starts = [0, *ends[:-1]]
    return Row(
        ids=np.concatenate(sequences),
        positions=np.concatenate([np.arange(len(ids), dtype=np.int32) for ids in sequences]),
        segments=tuple(Segment(start, end) for start, end in zip(starts, ends, strict=True)),
        places=tuple(np.arange(start, end, dtype=np.int32) for start, end in zip(starts, ends, strict=True)),
    )


def rows_of_whole(sequences: Sequence[Ids], *, tokens: int) -> Iterator[tuple[list[int], Row]]:
    """Rows of at most `tokens` tokens (one longer sequence has a row alone) with like lengths together, and which sequences each holds."""
    members: list[int] = []
    size = 0
    for index in sorted(range(len(sequences)), key=lambda i: len(sequences[i])):
        if members and size + len(sequences[index]) > tokens:
            yield members, side_by_side([sequences[i] for i in members])
            members, size = [], 0
        members.append(index)
        size += len(sequences[index])
    if members:
        yield members, side_by_side([sequences[i] for i in members])


def rows_sharing(
    sequences: Sequence[Ids], *, tokens: int, unasked: Sequence[int] | None = None
) -> Iterator[tuple[list[int], Row]]:
    """Rows of at most `tokens` tokens (one longer sequence has a row alone) with common prefixes once, and which sequences each holds.

    Equal sequences, and one that begins another, cost nothing beside it. With `unasked`, how many of each sequence's first tokens nobody
    asks the network about, a row goes on from the one before it as far as that: such rows are to be computed in this order, once.
    """
    order = sorted(range(len(sequences)), key=lambda index: sequences[index].tolist())
    builder = _Builder(Memory() if unasked is not None else None)
    for index in order:
        if builder.members and builder.size_with(sequences[index]) > tokens:
            shared = 0 if unasked is None else min(builder.shared(sequences[index]), unasked[index])
            yield builder.members, builder.row(keep=shared)
            builder = builder.next(shared)
        builder.add(index, sequences[index])
    if builder.members:
        yield builder.members, builder.row(keep=0)


class _Builder:
    """A row under construction from sequences in lexicographic order. The path is the latest sequence's, as spans of trunk and row."""

    def __init__(self, memory: Memory | None, trunk: Ids | None = None) -> None:
        self.members: list[int] = []
        self._memory = memory
        self._ids: list[Ids] = []
        self._positions: list[Ids] = []
        self._places: list[Ids] = []
        self._runs: list[tuple[Span, tuple[Span, ...]]] = []  # appended runs of tokens with what they go on from
        self._trunk = 0 if trunk is None else len(trunk)
        # Ids and places of the latest sequence.
        self._latest = None if trunk is None else (trunk, np.arange(len(trunk), dtype=np.int32))
        self._size = 0

    def shared(self, ids: Ids) -> int:
        """How many first tokens the latest sequence has in common with this one, where that is worth a branch."""
        if self._latest is None:
            return 0
        latest = self._latest[0]
        most = min(len(latest), len(ids))
        differ = np.flatnonzero(latest[:most] != ids[:most])
        shared = int(differ[0]) if len(differ) else most
        return shared if shared >= min(LEAST_SHARED, len(ids)) else 0

    def size_with(self, ids: Ids) -> int:
        return self._size + len(ids) - self.shared(ids)

    def add(self, index: int, ids: Ids) -> None:
        shared = self.shared(ids)
        before = self._latest[1][:shared] if self._latest is not None else np.empty(0, dtype=np.int32)
        span = (self._size, self._size + len(ids) - shared)
        if len(ids) > shared:
            self._runs.append((span, _spans(before)))
            self._ids.append(ids[shared:])
            self._positions.append(np.arange(shared, len(ids), dtype=np.int32))
        places = np.concatenate([before, self._trunk + np.arange(*span, dtype=np.int32)])
        self.members.append(index)
        self._places.append(places)
        self._latest = (ids, places)
        self._size = span[1]

    def row(self, *, keep: int) -> Row:
        """The row; the next one goes on from the latest sequence's first `keep` tokens."""
        trunk = None
        if self._memory is not None and self._latest is not None and (self._trunk or keep):
            trunk = Trunk(self._trunk, self._latest[1][:keep], self._memory)
        return Row(
            ids=np.concatenate(self._ids),
            positions=np.concatenate(self._positions),
            segments=tuple(Segment(start, stop, ancestors) for (start, stop), ancestors in self._runs),
            places=tuple(places - self._trunk for places in self._places),
            trunk=trunk,
        )

    def next(self, keep: int) -> "_Builder":
        trunk = self._latest[0][:keep] if keep and self._latest is not None else None
        return _Builder(self._memory, trunk)


def _spans(places: Ids) -> tuple[Span, ...]:
    """Ascending places as runs."""
    if not len(places):
        return ()
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    runs = np.split(places, breaks)
    return tuple((int(run[0]), int(run[-1]) + 1) for run in runs)
