"""Diversity: k-center greedy, each next choice the farthest from all before it (Sener and Savarese, arXiv 1708.00489).

Distances are Euclidean between `embedding`s (a model's last hidden state of the solution) where every candidate has one, else between
hashed counts of character trigrams: solutions that are worded differently are then far apart, whatever they mean.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from activelearning.strategies.pool import Cap, Features, Pick, Pool, needed

NAME = "diversity"
EMBEDDING, TEXT = "embeddings", "character trigrams"
BUCKETS = 512
_ODD = np.uint32(2654435761)  # Knuth's multiplicative hash


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    """The first by chance. Of equally far ones the first in the order of chance. Rows that are not numbers are not seen."""
    features = needed(pool.features, "features")
    known = np.isfinite(features.rows.sum(axis=1))
    order = [i for i in pool.by_chance(pool.unlabelled(), seed=seed) if known[i]]
    rows = features.rows[order]
    lengths = np.einsum("ij,ij->i", rows, rows)
    farthest = np.full(len(order), np.inf, dtype=np.float64)
    picks: list[Pick] = []
    while len(picks) < budget:
        place = _next_place(farthest, order, cap)
        if place is None:
            break
        cap.take_one(order[place])
        picks.append(Pick(index=order[place], strategy=NAME, reason=_reason(float(farthest[place]), features.made_of)))
        squares = lengths + lengths[place] - 2.0 * (rows @ rows[place])
        farthest = np.minimum(farthest, np.sqrt(np.maximum(squares, 0.0)))
        farthest[place] = -1.0
    return picks


def _next_place(farthest: npt.NDArray[np.float64], order: list[int], cap: Cap) -> int | None:
    """The farthest that the cap has room for; places that it has no room for are out for good."""
    while True:
        place = int(np.argmax(farthest)) if len(farthest) else -1
        if place < 0 or farthest[place] < 0:
            return None
        if cap.room_for(order[place]):
            return place
        farthest[place] = -1.0


def _reason(distance: float, made_of: str) -> str:
    return (
        "the first, by chance"
        if np.isinf(distance)
        else f"unlike what was chosen before it, {distance:.3f} by {made_of}"
    )


def of_embeddings(given: Sequence[Sequence[float]]) -> Features:
    """Raises `ValueError` for rows of different lengths."""
    return Features(rows=np.array(given, dtype=np.float32).reshape(len(given), -1), made_of=EMBEDDING)


def of_texts(texts: Sequence[str]) -> Features:
    """Hashed counts of the UTF-8 bytes' trigrams, each row of length 1: those with nothing in common are 1.41 apart."""
    rows = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for place, text in enumerate(texts):
        data = np.frombuffer(f"  {text} ".encode("utf-8", "surrogatepass"), dtype=np.uint8).astype(np.uint32)
        trigrams = (data[:-2] << 16) | (data[1:-1] << 8) | data[2:]
        counts = np.bincount((trigrams * _ODD) >> 23, minlength=BUCKETS)
        rows[place] = counts / np.linalg.norm(counts)
    return Features(rows=rows, made_of=TEXT)
