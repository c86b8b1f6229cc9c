"""In which order solutions are trained on: random, with little padding, and the same again from the seed alone.

All are shuffled; inside windows of some batches they are sorted by length and cut into batches; the batches are shuffled. On a CPU this
measured better than packed rows with a dense mask. Being a function of (lengths, seed, epoch), the order needs no place in a checkpoint.
"""

from collections.abc import Sequence

import numpy as np

WINDOW = 8  # batches that are sorted together


def epoch_batches(
    lengths: Sequence[int], *, batch_size: int, batch_tokens: int, seed: int, epoch: int
) -> list[list[int]]:
    """Every index once, in batches of at most `batch_size` and of at most `batch_tokens` padded tokens (one alone may have more)."""
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(lengths)).tolist()
    batches: list[list[int]] = []
    for start in range(0, len(order), WINDOW * batch_size):
        window = sorted(order[start : start + WINDOW * batch_size], key=lambda index: (lengths[index], index))
        batches.extend(token_batches(window, lengths, batch_size=batch_size, batch_tokens=batch_tokens))
    return [batches[index] for index in rng.permutation(len(batches)).tolist()]


def token_batches(
    order: Sequence[int], lengths: Sequence[int], *, batch_size: int, batch_tokens: int
) -> list[list[int]]:
    """`order` cut into batches as it stands."""
    batches: list[list[int]] = []
    batch: list[int] = []
    longest = 0
    for index in order:
        longest_with = max(longest, lengths[index])
        if batch and (len(batch) == batch_size or longest_with * (len(batch) + 1) > batch_tokens):
            batches.append(batch)
            batch, longest_with = [], lengths[index]
        batch.append(index)
        longest = longest_with
    return [*batches, batch] if batch else batches


def epochs_needed(tokens: int, *, epochs: int, min_tokens: int, max_epochs: int) -> int:
    """`epochs`, and more of them for little data until `min_tokens` are seen, up to `max_epochs`."""
    return min(max(epochs, -(-min_tokens // max(tokens, 1))), max_epochs)
