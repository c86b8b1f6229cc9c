"""Attention over a packed row, segment by segment, for any transformers model that takes its attention function from the registry.

The segments travel as a keyword through the model's layers. A model that drops them, or whose attention knows more than queries, keys,
values and a window (soft caps, position biases), cannot be packed; whether it can is tried out on a few tokens (`fit`).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface

from activelearning.rewardmodel.packing import (
    LEAST_SHARED,
    Ids,
    Row,
    Segment,
    Span,
    Trunk,
    rows_sharing,
    side_by_side,
)

IMPLEMENTATION = "packed"
SAME = 1e-4  # the most that logits of the trial may differ


class Packing(StrEnum):
    """How a network may be given sequences, from best to plainest."""

    SHARED = "shared"  # in a row, common prefixes once
    WHOLE = "whole"  # in a row, each whole: a token sees what follows it
    PADDED = "padded"  # one a row, filled up on the right


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    segments: Sequence[Segment] = (),
    trunk: Trunk | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """(1, heads, tokens, width) queries, keys and values to (1, tokens, heads, width)."""
    if not segments or others.get("softcap") is not None or others.get("position_bias") is not None:
        raise NotImplementedError("this model's attention cannot be packed")
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    causal = bool(getattr(module, "is_causal", True))
    all_keys, all_values = (key, value) if trunk is None else _with_trunk(trunk, id(module), key, value)
    # Segments tile the row. A split's gradient is one joining; that of as many slices would be as many rows of zeros.
    sizes = [segment.stop - segment.start for segment in segments]
    parts = []
    for segment, q, k, v in zip(
        segments, *(torch.split(each, sizes, dim=2) for each in (query, key, value)), strict=True
    ):
        if segment.ancestors:
            k, v = _after(segment.ancestors, all_keys, k), _after(segment.ancestors, all_values, v)
        mask = _mask(q.shape[2], k.shape[2], causal=causal, window=sliding_window, device=q.device)
        parts.append(
            functional.scaled_dot_product_attention(
                q, k, v, attn_mask=mask, is_causal=causal and mask is None, scale=scaling, dropout_p=dropout
            )
        )
    return torch.cat(parts, dim=2).transpose(1, 2), None


def _with_trunk(trunk: Trunk, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Keys and values of the trunk and then of the row; those that the next row goes on from are kept for it."""
    memory = trunk.memory.of_layer
    if trunk.size:
        before = memory[layer]
        key, value = torch.cat([before[0], key], dim=2), torch.cat([before[1], value], dim=2)
    kept = torch.from_numpy(trunk.kept.astype(np.int64)).to(key.device)
    memory[layer] = key[:, :, kept], value[:, :, kept]
    return key, value


def _after(spans: Sequence[Span], tensor: Tensor, own: Tensor) -> Tensor:
    return torch.cat([*(tensor[:, :, start:stop] for start, stop in spans), own], dim=2)


def _mask(rows: int, columns: int, *, causal: bool, window: int | None, device: torch.device) -> Tensor | None:
    """Which of `columns` keys the last `rows` of them see; None where plain causal attention, or all of it, is meant."""
    if not causal:
        if columns != rows or window is not None:
            raise NotImplementedError("a token that sees what follows it shares no prefix and has no window here")
        return None
    if columns == rows and (window is None or window >= columns):
        return None
    mask = torch.ones(rows, columns, dtype=torch.bool, device=device).tril(columns - rows)
    return mask if window is None else mask.triu(columns - rows - window + 1)


AttentionInterface.register(IMPLEMENTATION, packed_attention)
# Which token sees which follows from the segments: no mask is made of the row.
AttentionMaskInterface.register(IMPLEMENTATION, lambda *args, **kwargs: None)


def over_row(network: Any, row: Row, **options: Any) -> Tensor:
    """(tokens, outputs) logits of a packed row, for a network whose attention is ours; `options` go to its forward."""
    ids, positions = (
        torch.from_numpy(values.astype(np.int64))[None].to(network.device) for values in (row.ids, row.positions)
    )
    if row.trunk is not None:
        options["trunk"] = row.trunk
    return network(input_ids=ids, position_ids=positions, segments=row.segments, **options).logits[0]  # type: ignore[no-any-return]


def over_padded(network: Any, row: Row) -> Tensor:
    """The same of a row whose sequences stand side by side, for any network: one sequence a line, padded on the right and masked."""
    lengths = torch.tensor([len(places) for places in row.places], device=network.device)
    ids = torch.zeros(len(row.places), int(lengths.max()), dtype=torch.long)
    for line, places in enumerate(row.places):
        ids[line, : len(places)] = torch.from_numpy(row.ids[places].astype(np.int64))
    real = torch.arange(ids.shape[1], device=network.device)[None, :] < lengths[:, None]
    return network(input_ids=ids.to(network.device), attention_mask=real.long()).logits[real]  # type: ignore[no-any-return]


@torch.no_grad()
def fit(network: Any) -> Packing:
    """The best way in which the network gives each sequence what it gives it alone, tried out; its attention is set accordingly."""
    plain, training = network.config._attn_implementation, network.training
    network.eval()
    sequences = _trial(int(network.get_input_embeddings().weight.shape[0]))
    alone = [
        network(input_ids=torch.from_numpy(s.astype(np.int64))[None].to(network.device)).logits[0] for s in sequences
    ]
    network.set_attn_implementation(IMPLEMENTATION)
    # The first two in a row, the third in another that goes on from it.
    shared = [row for _, row in rows_sharing(sequences, tokens=7 * LEAST_SHARED, unasked=[LEAST_SHARED] * 3)]
    found = Packing.PADDED
    if _agrees(network, shared, alone):
        found = Packing.SHARED
    elif _agrees(network, [side_by_side(sequences)], alone):
        found = Packing.WHOLE
    else:
        network.set_attn_implementation(plain)
    network.train(training)
    return found


def _trial(vocabulary: int) -> list[Ids]:
    """Three sequences with a beginning in common, in lexicographic order."""
    tokens = np.random.default_rng(0).integers(vocabulary, size=8 * LEAST_SHARED).astype(np.int32)
    ends = np.split(tokens[2 * LEAST_SHARED :], 3)
    return sorted((np.r_[tokens[: 2 * LEAST_SHARED], end] for end in ends), key=lambda ids: ids.tolist())


def _agrees(network: Any, rows: Sequence[Row], alone: Sequence[Tensor]) -> bool:
    """Whether the rows, which hold these sequences in order, say of them what each says alone."""
    try:
        found = [(places, logits) for row in rows for logits in [over_row(network, row)] for places in row.places]
    except (NotImplementedError, ValueError, TypeError, RuntimeError, IndexError, KeyError):
        return False  # it drops the segments, or its attention is more than ours: another way then
    return all(
        torch.allclose(
            logits[torch.from_numpy(places[places >= 0].astype(np.int64))], expected[places >= 0], atol=SAME, rtol=SAME
        )
        for (places, logits), expected in zip(found, alone, strict=True)
    )
