"""The loss, and what a batch's outputs are worth beside it."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def loss_of(logits: Tensor, targets: Tensor, share: Tensor, class_weights: Tensor | None) -> Tensor:
    """Cross-entropy summed over places: (places, heads, labels) logits, (places, labels) targets, (places, heads) weights; heads' mean."""
    places, heads, labels = logits.shape
    losses = functional.cross_entropy(
        logits.reshape(-1, labels), targets.repeat_interleave(heads, dim=0), weight=class_weights, reduction="none"
    )
    return (losses.view(places, heads) * share).mean(dim=1).sum()


def hits_of(logits: Tensor, targets: Tensor, lengths: Sequence[int]) -> tuple[int, int]:
    """Of the places of solutions of these `lengths`: labels that the likeliest one hits, and solutions whose first bad step is found."""
    said = logits.softmax(-1).mean(1).argmax(-1)
    true = targets.argmax(-1)
    found = 0
    for one, other in zip(torch.split(said == 0, list(lengths)), torch.split(true == 0, list(lengths)), strict=True):
        found += _first(one) == _first(other)
    return int((said == true).sum()), found


def _first(flags: Tensor) -> int:
    """The first that is set, -1 for none."""
    places = flags.nonzero()
    return int(places[0]) if len(places) else -1
