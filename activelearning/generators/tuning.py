"""The loop of `tune.py`, where torch is: batches of like length in random order, AdamW, a rate that rises briefly and falls to nothing."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from activelearning.generators.local import LanguageModel
from activelearning.generators.tune import LEAST, WARM_UP, Text, TuningRefused

IGNORED = -100  # not learnt: the problem, and what fills a row up


def tune(options: argparse.Namespace, texts: Sequence[Text], folder: Path) -> tuple[list[float], int]:
    """The loss of every step and how many texts were too long; the model lies in `folder`. Raises `TuningRefused`, `CheckpointRefused`."""
    torch.manual_seed(options.seed)
    model = LanguageModel.open(options.base, device=options.device)
    network = model.network.float().train()
    rows = [_row(model, text) for text in texts]
    fitting = [row for row in rows if len(row[0]) <= min(options.max_length, model.limit)]
    if len(fitting) < LEAST:
        raise TuningRefused(f"only {len(fitting)} solutions are short enough for --max-length and the model")
    plan = [
        batch for epoch in range(options.epochs) for batch in _batches(fitting, options.batch_size, options.seed, epoch)
    ]
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=0.0)
    warm = max(int(WARM_UP * len(plan)), 1)
    losses = []
    for step, batch in enumerate(plan):
        for group in optimiser.param_groups:
            group["lr"] = options.learning_rate * min((step + 1) / warm, 1.0) * (1 - step / len(plan))
        loss = _loss(network, [fitting[place] for place in batch])
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(loss.item())
    network.eval().save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return losses, len(rows) - len(fitting)


def _row(model: LanguageModel, text: Text) -> tuple[list[int], int]:
    """Tokens, and how many of them are the problem's. They are made apart, so that a step begins where sampling will begin."""
    prompt = list(model.tokenizer(text.prompt).input_ids)
    solution = list(model.tokenizer(text.solution, add_special_tokens=False).input_ids)
    end = model.tokenizer.eos_token_id
    return [*prompt, *solution, *([] if end is None else [end])], len(prompt)


def _batches(rows: Sequence[tuple[list[int], int]], size: int, seed: int, epoch: int) -> list[list[int]]:
    rng = np.random.default_rng([seed, epoch])
    order = sorted(rng.permutation(len(rows)).tolist(), key=lambda place: len(rows[place][0]))
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    return [batches[place] for place in rng.permutation(len(batches))]


def _loss(network: Any, batch: Sequence[tuple[list[int], int]]) -> torch.Tensor:
    """Cross entropy a token of the solutions."""
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    seen = torch.zeros((len(batch), longest), dtype=torch.long)
    wanted = torch.full((len(batch), longest), IGNORED, dtype=torch.long)
    for place, (tokens, prompt) in enumerate(batch):
        row = torch.tensor(tokens)
        ids[place, : len(tokens)], seen[place, : len(tokens)] = row, 1
        wanted[place, prompt : len(tokens)] = row[prompt:]
    device = network.device
    logits = network(ids.to(device), attention_mask=seen.to(device)).logits[:, :-1].float()
    return functional.cross_entropy(logits.flatten(0, 1), wanted[:, 1:].flatten().to(device), ignore_index=IGNORED)
