"""Packed rows: every token of every sequence is there, what is common is there once, and a network says what it says of each alone."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from activelearning.rewardmodel.attention import IMPLEMENTATION, Packing, fit, over_padded, over_row
from activelearning.rewardmodel.packing import LEAST_SHARED, Ids, Row, rows_of_whole, rows_sharing, side_by_side

SHAPE = {
    "vocab_size": 300,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 256,
    "num_labels": 3,
    "pad_token_id": 0,
    "bos_token_id": None,
    "eos_token_id": None,
}
GROUPED = {"num_key_value_heads": 2}
SHORT_SIGHTED = {
    "layer_types": ["sliding_attention", "full_attention"],
    "use_sliding_window": True,
    "sliding_window": 6,
    "max_window_layers": 0,
    "num_key_value_heads": 2,
    "head_dim": 8,
}
SHARED = {
    "qwen2": GROUPED,
    "qwen3": SHORT_SIGHTED,
    "llama": GROUPED,
    "mistral": GROUPED | {"head_dim": 8},
    "gemma": GROUPED | {"head_dim": 8},
    "phi3": GROUPED,
    "smollm3": GROUPED,
    "gpt_neox": {},
    "gpt2": {},
}


def network(kind: str, **more: Any) -> Any:
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, **SHAPE, **more)
    return transformers.AutoModelForTokenClassification.from_config(config).eval()


def ids(*tokens: int) -> Ids:
    return np.array(tokens, dtype=np.int32)


def samples() -> list[Ids]:
    """Of one problem: a prompt, some with steps in common, one twice, one that begins another; and a stranger."""
    rng = np.random.default_rng(3)

    def some(count: int) -> Ids:
        return rng.integers(1, 300, count).astype(np.int32)

    prompt, step = some(30), some(25)
    apart = [np.r_[prompt, some(20)] for _ in range(3)]
    together = [np.r_[prompt, step, some(12)] for _ in range(3)]
    return [*apart, *together, apart[1].copy(), np.r_[prompt, step], some(9)]


def said(net: Any, rows: Iterator[tuple[list[int], Row]], count: int) -> list[torch.Tensor]:
    found: dict[int, torch.Tensor] = {}
    with torch.inference_mode():
        for members, row in rows:
            logits = over_row(net, row)
            for member, places in zip(members, row.places, strict=True):
                found[member] = logits[torch.from_numpy(places.astype(np.int64))]
    return [found[index] for index in range(count)]


@pytest.mark.parametrize("kind", SHARED)
def test_a_packed_network_says_of_each_sequence_what_it_says_of_it_alone(kind: str) -> None:
    net = network(kind, **SHARED[kind])
    with torch.inference_mode():
        alone = [net(input_ids=torch.from_numpy(s.astype(np.int64))[None]).logits[0] for s in samples()]
    assert fit(net) == Packing.SHARED
    assert net.config._attn_implementation == IMPLEMENTATION
    for rows in (rows_sharing(samples(), tokens=120), rows_of_whole(samples(), tokens=120)):
        for got, expected in zip(said(net, rows, len(alone)), alone, strict=True):
            torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", SHARED)
@pytest.mark.parametrize("tokens", [40, 60, 90])
def test_a_row_goes_on_from_the_one_before_it_where_nobody_asks_for_the_beginning(kind: str, tokens: int) -> None:
    net = network(kind, **SHARED[kind])
    with torch.inference_mode():
        alone = [net(input_ids=torch.from_numpy(s.astype(np.int64))[None]).logits[0] for s in samples()]
        fit(net)
        rows = list(rows_sharing(samples(), tokens=tokens, unasked=[30] * 8 + [0]))
        assert sum(len(row.ids) for _, row in rows) < sum(
            len(row.ids) for _, row in rows_sharing(samples(), tokens=tokens)
        )
        for members, row in rows:
            logits = over_row(net, row)
            for member, places in zip(members, row.places, strict=True):
                asked = places[30 if member < 8 else 0 :]
                assert (asked >= 0).all()
                got = logits[torch.from_numpy(asked.astype(np.int64))]
                torch.testing.assert_close(got, alone[member][-len(asked) :], atol=1e-5, rtol=1e-5)


def test_gradients_of_a_shared_prefix_are_those_of_its_copies() -> None:
    net = network("qwen2", **GROUPED)
    fit(net)
    grads = []
    for rows in ([side_by_side(samples())], [row for _, row in rows_sharing(samples(), tokens=10_000)]):
        net.zero_grad()
        for row in rows:
            logits = over_row(net, row)
            ends = torch.tensor([int(places[-1]) for places in row.places])
            torch.logsumexp(logits[ends], -1).sum().backward()
        grads.append([weight.grad.clone() for weight in net.parameters()])
    for whole, shared in zip(*grads, strict=True):
        torch.testing.assert_close(shared, whole, atol=1e-5, rtol=1e-4)


def test_an_encoder_is_packed_whole_and_one_that_cannot_be_packed_is_padded() -> None:
    bert, roberta = network("bert"), network("roberta")
    with torch.inference_mode():
        alone = [roberta(input_ids=torch.from_numpy(s.astype(np.int64))[None]).logits[0] for s in samples()]
    assert (fit(bert), fit(roberta)) == (Packing.WHOLE, Packing.PADDED)
    assert roberta.config._attn_implementation != IMPLEMENTATION
    row = side_by_side(samples())
    with torch.inference_mode():
        logits = over_padded(roberta, row)
    for places, expected in zip(row.places, alone, strict=True):
        torch.testing.assert_close(logits[torch.from_numpy(places.astype(np.int64))], expected, atol=1e-5, rtol=1e-5)


def test_a_training_network_stays_one() -> None:
    net = network("qwen2", **GROUPED).train()
    fit(net)
    assert net.training


def test_a_prompt_and_common_steps_stand_in_a_row_once() -> None:
    ((members, row),) = rows_sharing(samples(), tokens=10_000)
    assert sorted(members) == list(range(9))
    # prompt 30, three ends of 20, the common step 25, three ends of 12, the stranger 9; the copy and the beginning cost nothing
    assert len(row.ids) == 30 + 3 * 20 + 25 + 3 * 12 + 9


def test_little_in_common_is_no_branch() -> None:
    a = np.arange(40, dtype=np.int32)
    b = np.r_[a[: LEAST_SHARED - 1], a[::-1]].astype(np.int32)
    ((_, row),) = rows_sharing([a, b], tokens=1000)
    assert len(row.ids) == len(a) + len(b)
    assert all(segment.ancestors == () for segment in row.segments)


def test_a_row_keeps_its_bound_and_one_long_sequence_goes_alone() -> None:
    sequences = [ids(*range(size)) + 1000 * size for size in (50, 300, 40, 60)]
    for rows in (rows_sharing, rows_of_whole):
        found = [(members, len(row.ids)) for members, row in rows(sequences, tokens=100)]
        assert sorted(m for members, _ in found for m in members) == [0, 1, 2, 3]
        assert all(size <= 100 or members == [1] for members, size in found)


TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=60).map(lambda given: ids(*given))


@settings(max_examples=150, deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=8), st.integers(1, 200))
def test_whatever_is_packed_every_sequence_can_be_read_back(sequences: list[Ids], tokens: int) -> None:
    for rows in (rows_sharing, rows_of_whole):
        seen = []
        for members, row in rows(sequences, tokens=tokens):
            seen += members
            for member, places in zip(members, row.places, strict=True):
                assert row.ids[places].tolist() == sequences[member].tolist()
                assert row.positions[places].tolist() == list(range(len(places)))
                assert visible(row, int(places[-1])) == set(places.tolist())
        assert sorted(seen) == list(range(len(sequences)))


def visible(row: Row, place: int) -> set[int]:
    """What the token at this place sees, by the segments."""
    (segment,) = (s for s in row.segments if s.start <= place < s.stop)
    spans = [*segment.ancestors, (segment.start, place + 1)]
    return {at for start, stop in spans for at in range(start, stop)}
