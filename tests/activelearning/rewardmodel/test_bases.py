"""Any local transformers folder is a base: a causal language model and an encoder that nothing of ours has made."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from activelearning.rewardmodel import train
from activelearning.rewardmodel.model import open_trained
from activelearning.rewardmodel.scoring import score_solutions
from tests.activelearning.records import mixed_records, write

SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 1024,
}


def tokenizer() -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        ["2 + 3 is 5"], trainers.BpeTrainer(special_tokens=["<pad>", "<eos>"], initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token="<pad>", eos_token="<eos>")


def save_base(folder: Path, form: str, *, spare: int = 8) -> None:
    """`spare` rows of the embedding are left over: transformers gives some families tokens of their own."""
    words = tokenizer()
    words.save_pretrained(folder)
    torch.manual_seed(0)
    size = len(words) + spare
    if form == "causal language model":
        Qwen2ForCausalLM(Qwen2Config(vocab_size=size, num_key_value_heads=2, pad_token_id=0, **SHAPE)).save_pretrained(
            folder
        )
    else:
        BertModel(BertConfig(vocab_size=size, pad_token_id=0, **SHAPE)).save_pretrained(folder)


@pytest.mark.parametrize("form", ["causal language model", "encoder"])
def test_a_foreign_folder_is_trained_on_and_scores(tmp_path: Path, form: str) -> None:
    base, output = tmp_path / "base", tmp_path / "model"
    save_base(base, form)
    data = write(tmp_path / "data.jsonl", mixed_records(6))
    settings = tmp_path / "config.json"
    settings.write_text(json.dumps({"epochs": 1, "device": "cpu"}))
    words = ["--kind", "prm", "--data", data, "--output", output, "--base", base, "--config", settings]
    assert train.main([str(word) for word in words]) == 0
    model, manifest = open_trained(output)
    assert manifest["base"] == "base"
    (scored,) = score_solutions(model, [("What is 2 + 3?", ["2 + 3 is 5.", "So 5."])])
    assert scored.rating_probs is not None
    assert [sum(step) for step in scored.rating_probs] == pytest.approx([1.0, 1.0])


def test_a_base_whose_tokenizer_has_more_tokens_than_the_model_is_refused_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_base(tmp_path / "base", "encoder", spare=-3)
    data = write(tmp_path / "data.jsonl", mixed_records(6))
    words = ["--kind", "prm", "--data", data, "--output", tmp_path / "model", "--base", tmp_path / "base"]
    assert train.main([str(word) for word in words]) == 1
    assert "more tokens than the model" in capsys.readouterr().err
