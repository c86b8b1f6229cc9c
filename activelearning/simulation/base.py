"""The pretrained model's stand-in: a small language model of worked solutions, read before any label is.

Its texts are right solutions in which some lines are first written wrongly and then taken back ("no"), as in books and on the net; but
only lines of some kinds (the domain says which), so that there is something left to learn. Every reward model of an experiment begins from
it, and its own word on steps, one less the chance that "no" follows, is the zero-label control.
"""

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from activelearning.domains.chains import NO
from activelearning.rewardmodel.data import IGNORED, encode
from activelearning.rewardmodel.model import RewardModel, build_tiny
from activelearning.simulation.attempts import DOCUMENTS, Groups, stream_seed
from activelearning.simulation.learning import Floats, Origin, config_of, scores, untrained

WARMUP = 50  # steps

Document = tuple[str, Sequence[str]]  # a problem and its lines


def pretrained(documents: Sequence[Document], training: Mapping[str, Any], *, folder: Path, seed: int) -> RewardModel:
    """A language model that read every document `epochs` times, also saved in `folder` for reward models to begin from."""
    config = config_of({**training, "form": "rating-tokens"})
    texts = [text for problem, lines in documents for text in (problem, *lines)]
    model = build_tiny(config, kind="prm", texts=texts, seed=seed)
    network: Any = model.network
    packed = network.config._attn_implementation
    network.set_attn_implementation(
        "sdpa"
    )  # short texts of like length: padded batches cost little and are quicker here
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=0.01, fused=True)
    sequences = [_sequence(model, document) for document in documents]
    plan = [batch for epoch in range(config.epochs) for batch in _batches(sequences, config.batch_size, seed, epoch)]
    for step, batch in enumerate(plan):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * min(1.0, (step + 1) / WARMUP) * (1 - step / len(plan))
        _loss(network, [sequences[index] for index in batch]).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    network.eval()
    network.set_attn_implementation(packed)
    network.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return model


def own_word(model: RewardModel, groups: Groups) -> list[Floats]:
    """What the base itself says of solutions, by problem: the product over steps of 1 - P("no" follows)."""
    vocabulary = len(model.tokenizer)
    form = replace(model.form, tokens=tuple(range(vocabulary)), labels=vocabulary)
    reading = replace(model, form=form)
    no = model.encoder.text(NO)[0]
    attempts = [attempt for group in groups for attempt in group]
    encoded = [encode(model.encoder, one.problem, one.steps, max_length=model.limit) for one in attempts]
    found = np.zeros(len(attempts))
    prompts = [int(tokens.ends[0]) for tokens in encoded]
    for members, row in reading.rows([tokens.ids for tokens in encoded], tokens=1_200, unasked=prompts):
        ends = [row.places[place][encoded[member].ends] for place, member in enumerate(members)]
        with torch.inference_mode():
            follows = reading.logits(row, np.concatenate(ends))[:, 0].double().softmax(-1)[:, no]
        for member, chances in zip(members, torch.split(follows, [len(places) for places in ends]), strict=True):
            found[member] = math.prod((1.0 - chances).tolist())
    return np.split(found, np.cumsum([len(group) for group in groups])[:-1])


@contextmanager
def beginning(
    domain: str, documents: int, training: Mapping[str, Any], *, texts: Sequence[str], seed: int
) -> Iterator[tuple[Origin, RewardModel | None]]:
    """Where the models of a seed begin, and the base itself; with no documents, weights at random and no base."""
    if not documents:
        yield Origin(texts=texts), None
        return
    with tempfile.TemporaryDirectory() as folder:
        read = DOCUMENTS[domain](documents, stream_seed("documents", seed))
        base = pretrained(read, training, folder=Path(folder), seed=seed)
        yield Origin(folder=Path(folder)), base


def control(
    base: RewardModel | None, training: Mapping[str, Any], groups: Groups, *, origin: Origin, seed: int
) -> list[Floats]:
    """Scores without a label: the base's own word, or without a base those of a PRM that learnt nothing."""
    if base is not None:
        return own_word(base, groups)
    return scores(untrained(training, kind="prm", origin=origin, seed=seed), groups)


def _sequence(model: RewardModel, document: Document) -> tuple[np.ndarray[Any, Any], int]:
    """Tokens, and how many of them are the problem's, which are not learnt: nobody can foresee a problem."""
    problem, lines = document
    prompt = model.encoder.prompt(problem)
    return np.array([*prompt, *(i for line in model.encoder.steps(lines) for i in line)]), len(prompt)


def _batches(sequences: Sequence[Any], size: int, seed: int, epoch: int) -> list[list[int]]:
    """Sequences of like length together, in random order."""
    rng = np.random.default_rng([seed, 8, epoch])
    order = sorted(rng.permutation(len(sequences)).tolist(), key=lambda index: len(sequences[index][0]))
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    return [batches[place] for place in rng.permutation(len(batches))]


def _loss(network: Any, batch: Sequence[tuple[np.ndarray[Any, Any], int]]) -> Any:
    longest = max(len(ids) for ids, _ in batch)
    ids = np.zeros((len(batch), longest), dtype=np.int64)
    wanted = np.full((len(batch), longest), IGNORED, dtype=np.int64)
    for place, (tokens, prompt) in enumerate(batch):
        ids[place, : len(tokens)] = tokens
        wanted[place, prompt : len(tokens)] = tokens[prompt:]
    logits = network(torch.from_numpy(ids)).logits[:, :-1]
    return functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), torch.from_numpy(wanted)[:, 1:].reshape(-1), ignore_index=IGNORED
    )
