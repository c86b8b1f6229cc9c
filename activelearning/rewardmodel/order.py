"""In which order solutions are trained on: at random, every one once an epoch, and the same again from the seed alone.

Being a function of (how many, seed, epoch), the order needs no place in a checkpoint. Rows have no padding, so nothing is sorted by length.
"""

import numpy as np


def epoch_batches(count: int, *, batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Every index under `count` once, in batches of `batch_size` (the last one may have fewer)."""
    order = np.random.default_rng([seed, epoch]).permutation(count).tolist()
    return [order[start : start + batch_size] for start in range(0, count, batch_size)]


def epochs_needed(tokens: int, *, epochs: int, min_tokens: int, max_epochs: int) -> int:
    """`epochs`, and more of them for little data until `min_tokens` are seen, up to `max_epochs`."""
    return min(max(epochs, -(-min_tokens // max(tokens, 1))), max_epochs)
