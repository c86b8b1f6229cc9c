"""Monte-Carlo dropout: how far a trained network parts from itself where a share of it is left out by chance (Gal and Ghahramani, arXiv
1506.02142). It is an approximate posterior where the network was trained with dropout, and a heuristic where it was not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

PLAIN_RATE = 0.1  # of a network that was trained without dropout


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes:
    """`count` passes with dropout beside the one without; `rate` None: the network's own, or `PLAIN_RATE` where that is 0."""

    count: int
    rate: float | None = None
    seed: int = 0


def own_rate(network: nn.Module) -> float:
    """The largest rate that the network was trained with; `PLAIN_RATE` where it was with none."""
    rates = [module.p for module in network.modules() if isinstance(module, nn.Dropout)]
    rates += [_rate(module) for module in network.modules() if _attends(module)]
    return max(rates, default=0.0) or PLAIN_RATE


@contextmanager
def dropping(network: nn.Module, rate: float, *, seed: int) -> Iterator[None]:
    """Within the block dropout layers and attention leave this share out, drawn from the seed; all else computes as in evaluation."""
    touched = [module for module in network.modules() if isinstance(module, nn.Dropout) or _attends(module)]
    before = [(module.training, _rate(module)) for module in touched]
    torch.manual_seed(seed)
    try:
        for module in touched:
            _set(module, rate, training=True)
        yield
    finally:
        for module, (training, old) in zip(touched, before, strict=True):
            _set(module, old, training=training)


def _attends(module: nn.Module) -> bool:
    """Whether it is an attention layer of transformers, which hands its own rate to the attention function while it trains."""
    return isinstance(getattr(module, "attention_dropout", None), float | int)


def _rate(module: nn.Module) -> float:
    return module.p if isinstance(module, nn.Dropout) else float(module.attention_dropout)  # type: ignore[arg-type]


def _set(module: nn.Module, rate: float, *, training: bool) -> None:
    # Not `module.train()`, which would reach the layers below it.
    module.training = training
    if isinstance(module, nn.Dropout):
        module.p = rate
    else:
        module.attention_dropout = rate  # type: ignore[assignment]
