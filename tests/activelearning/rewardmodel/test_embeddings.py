"""Embeddings are the last hidden states that plain transformers shows, however the sequences were packed, and change no score."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForTokenClassification, RobertaConfig, RobertaForTokenClassification

from activelearning.rewardmodel import score
from activelearning.rewardmodel.attention import Packing, fit
from activelearning.rewardmodel.config import TrainingConfig
from activelearning.rewardmodel.data import Encoder, encode
from activelearning.rewardmodel.forms import Form
from activelearning.rewardmodel.model import RewardModel, build_tiny
from activelearning.rewardmodel.scoring import score_solutions
from activelearning.strategies.choose import select
from activelearning.strategies.lines import pool_of
from tests.activelearning.rewardmodel.test_bases import SHAPE, tokenizer

SOLUTIONS = [(f"Problem {i % 3}: what is it?", [f"Step {j} of {i}." for j in range(1 + i % 4)]) for i in range(12)]


def tiny(form: str) -> RewardModel:
    config = TrainingConfig(form=form, hidden=32, layers=2, feed_forward=64)
    return build_tiny(config, kind="prm", texts=[problem for problem, _ in SOLUTIONS], seed=1)


def foreign(network: Any, config: Any) -> RewardModel:
    words = tokenizer()
    torch.manual_seed(1)
    made = network(config(vocab_size=len(words), num_labels=3, pad_token_id=0, **SHAPE)).eval()
    return RewardModel(made, words, Encoder(words), Form(), 1024, fit(made))


MODELS = {
    Packing.SHARED: lambda: tiny("classification"),
    "language model": lambda: tiny("rating-tokens"),
    Packing.WHOLE: lambda: foreign(BertForTokenClassification, BertConfig),
    Packing.PADDED: lambda: foreign(RobertaForTokenClassification, RobertaConfig),
}


@pytest.mark.parametrize("kind", MODELS)
def test_an_embedding_is_the_last_hidden_state_of_the_solution_alone(kind: str) -> None:
    model = MODELS[kind]()
    assert model.packing == (kind if kind in list(Packing) else Packing.SHARED)
    model.network.eval()
    found = score_solutions(model, SOLUTIONS, row_tokens=100, embeddings=True)
    assert [one.prm_score for one in found] == [
        one.prm_score for one in score_solutions(model, SOLUTIONS, row_tokens=100)
    ]
    network: Any = model.network
    network.set_attn_implementation("eager")
    for one, (problem, steps) in zip(found, SOLUTIONS, strict=True):
        tokens = encode(model.encoder, problem, steps, max_length=model.limit)
        ids = torch.from_numpy(tokens.ids.astype(np.int64))[None]
        with torch.inference_mode():
            expected = network(input_ids=ids, output_hidden_states=True).hidden_states[-1][0, int(tokens.ends[-1])]
        assert one.embedding is not None
        assert np.allclose(one.embedding, expected.numpy(), atol=1e-4)


def test_the_command_writes_lines_that_diversity_goes_by(trained: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [{"problem": problem, "steps": steps, "answer": "", "is_correct": False} for problem, steps in SOLUTIONS]
    lines.append({**lines[0], "steps": ["too long " * 9000]})
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ["--model", str(trained), "--input", str(source), "--output", str(output)]
    assert score.main([*words, "--embeddings"]) == 0
    scored = [json.loads(line) for line in output.read_text().splitlines()]
    assert scored[-1]["embedding"] is None
    assert {len(line["embedding"]) for line in scored[:-1]} == {len(scored[0]["embedding"])}
    picks = select(pool_of(scored, strategy="diversity"), strategy="diversity", budget=13)
    assert len(picks) == 12  # all but the one that the model could not read
    assert picks[1].reason.endswith("by embeddings")


def test_lines_that_were_asked_less_are_not_gone_on_with(trained: Path, tmp_path: Path) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps({"problem": p, "steps": steps}) + "\n" for p, steps in SOLUTIONS))
    words = ["--model", str(trained), "--input", str(source), "--output", str(output)]
    assert score.main(words) == 0
    half = output.read_text().splitlines(keepends=True)[:6]  # as if it had been killed here
    output.with_name("out.jsonl.new").write_text("".join(half))
    manifest = json.loads((trained / "training.json").read_text())
    asked = {
        "model": manifest["fingerprint"],
        "dropout_passes": 0,
        "dropout_rate": None,
        "seed": 0,
        "embeddings": False,
    }
    output.with_name("out.jsonl.new.of").write_text(json.dumps(asked))
    assert score.main([*words, "--embeddings"]) == 0
    assert all(json.loads(line)["embedding"] for line in output.read_text().splitlines())
