"""Sequences side by side in one row, without padding; what several have in common stands there once.

A row is a forest laid out depth first. A segment is a run of tokens; each of its tokens sees the segment's tokens up to itself and all
tokens of the segments that it goes on from (its ancestors), nothing else. Training lays every sequence out whole; scoring lays out the
prompt of many samples, and the steps that samples share, once. Linear layers see one long row of real tokens; attention is computed
segment by segment. Measured on a CPU: 3.5 times the tokens a second of padded random batches (bench/RESULTS.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Span = tuple[int, int]  # of a row: from, up to and without

# A branch of its own costs a call in each layer; sharing fewer tokens than this saves less.
LEAST_SHARED = 16


@dataclass(frozen=True, slots=True)
class Segment:
    """`ancestors` are the spans that it goes on from, in reading order."""

    start: int
    stop: int
    ancestors: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """`places[i]` says where in the row each token of sequence i stands; `positions` is a token's place in its own sequence."""

    ids: Ids
    positions: Ids
    segments: tuple[Segment, ...]
    places: tuple[Ids, ...]


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


def rows_sharing(sequences: Sequence[Ids], *, tokens: int) -> Iterator[tuple[list[int], Row]]:
    """Rows of at most `tokens` tokens (one longer sequence has a row alone) with common prefixes once, and which sequences each holds.

    Equal sequences, and one that begins another, cost nothing beside it.
    """
    order = sorted(range(len(sequences)), key=lambda index: sequences[index].tolist())
    builder = _Builder()
    for index in order:
        if builder.members and builder.size_with(sequences[index]) > tokens:
            yield builder.members, builder.row()
            builder = _Builder()
        builder.add(index, sequences[index])
    if builder.members:
        yield builder.members, builder.row()


class _Builder:
    """A row under construction from sequences in lexicographic order. The path is the latest sequence's, as spans of the row."""

    def __init__(self) -> None:
        self.members: list[int] = []
        self._ids: list[Ids] = []
        self._positions: list[Ids] = []
        self._places: list[Ids] = []
        self._runs: list[tuple[Span, tuple[Span, ...]]] = []  # appended runs of tokens with what they go on from
        self._latest: tuple[Ids, Ids] | None = None  # ids and places of the latest sequence
        self._size = 0

    def _shared(self, ids: Ids) -> int:
        """How many first tokens the latest sequence has in common with this one, where that is worth a branch."""
        if self._latest is None:
            return 0
        latest = self._latest[0]
        most = min(len(latest), len(ids))
        differ = np.flatnonzero(latest[:most] != ids[:most])
        shared = int(differ[0]) if len(differ) else most
        return shared if shared >= min(LEAST_SHARED, len(ids)) else 0

    def size_with(self, ids: Ids) -> int:
        return self._size + len(ids) - self._shared(ids)

    def add(self, index: int, ids: Ids) -> None:
        shared = self._shared(ids)
        before = self._latest[1][:shared] if self._latest is not None else np.empty(0, dtype=np.int32)
        span = (self._size, self._size + len(ids) - shared)
        if len(ids) > shared:
            self._runs.append((span, _spans(before)))
            self._ids.append(ids[shared:])
            self._positions.append(np.arange(shared, len(ids), dtype=np.int32))
        places = np.concatenate([before, np.arange(*span, dtype=np.int32)])
        self.members.append(index)
        self._places.append(places)
        self._latest = (ids, places)
        self._size = span[1]

    def row(self) -> Row:
        return Row(
            ids=np.concatenate(self._ids),
            positions=np.concatenate(self._positions),
            segments=tuple(Segment(start, stop, ancestors) for (start, stop), ancestors in self._runs),
            places=tuple(self._places),
        )


def _spans(places: Ids) -> tuple[Span, ...]:
    """Ascending places as runs."""
    if not len(places):
        return ()
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    runs = np.split(places, breaks)
    return tuple((int(run[0]), int(run[-1]) + 1) for run in runs)
