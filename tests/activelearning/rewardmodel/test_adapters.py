"""Low-rank adapters: trained beside a frozen body, kept as an adapter, merged into weights that open without peft and say the same."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForTokenClassification

from activelearning.rewardmodel import train
from activelearning.rewardmodel.model import open_trained
from tests.activelearning.records import mixed_records, write
from tests.activelearning.rewardmodel.test_bases import save_base
from tests.activelearning.rewardmodel.test_forms import only_score, plain_logits


def trained_with_adapter(folder: Path, base: str, **config: Any) -> Path:
    save_base(folder / "base", base)
    data = write(folder / "data.jsonl", mixed_records(6))
    settings = folder / "config.json"
    settings.write_text(json.dumps({"epochs": 2, "device": "cpu", "lora_rank": 4, "learning_rate": 0.01} | config))
    words = ["--kind", "prm", "--data", data, "--output", folder / "model", "--base", folder / "base"]
    assert train.main([str(word) for word in (*words, "--config", settings)]) == 0
    return folder / "model"


@pytest.mark.parametrize("form", ["causal language model", "encoder"])
def test_the_adapter_on_its_base_says_what_the_merged_weights_say(tmp_path: Path, form: str) -> None:
    folder = trained_with_adapter(tmp_path, form)
    model, manifest = open_trained(folder)
    assert {"adapter/adapter_model.safetensors", "adapter/adapter_config.json"} <= set(manifest["files"])
    body = AutoModelForTokenClassification.from_pretrained(tmp_path / "base", num_labels=3)
    with_adapter = PeftModel.from_pretrained(body, folder / "adapter")
    said = plain_logits(with_adapter, model).softmax(-1).numpy()
    assert np.allclose(only_score(model).rating_probs or (), said, atol=1e-5)


def test_only_adapter_and_head_are_trained(tmp_path: Path) -> None:
    folder = trained_with_adapter(tmp_path, "causal language model")
    kept = load_file(folder / "adapter" / "adapter_model.safetensors")
    assert {name.rsplit(".", 2)[-2] for name in kept} <= {"lora_A", "lora_B", "score"}
    base = load_file(tmp_path / "base" / "model.safetensors")
    merged = load_file(folder / "model.safetensors")
    assert torch.equal(merged["model.embed_tokens.weight"], base["model.embed_tokens.weight"])
    assert not torch.equal(merged["model.layers.0.mlp.up_proj.weight"], base["model.layers.0.mlp.up_proj.weight"])


def test_a_language_models_own_output_layer_stays_as_it_was(tmp_path: Path) -> None:
    folder = trained_with_adapter(tmp_path, "causal language model", form="rating-tokens")
    base, merged = load_file(tmp_path / "base" / "model.safetensors"), load_file(folder / "model.safetensors")
    assert torch.equal(merged["lm_head.weight"], base["lm_head.weight"])


def test_an_adapter_needs_something_to_adapt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "config.json"
    settings.write_text(json.dumps({"lora_rank": 4}))
    data = write(tmp_path / "data.jsonl", mixed_records(6))
    words = ["--kind", "prm", "--data", data, "--output", tmp_path / "model", "--config", settings]
    assert train.main([str(word) for word in words]) == 1
    assert "lora_rank needs a pretrained folder" in capsys.readouterr().err
