"""Every form of a reward model: what it is trained towards, that it trains, scores and opens elsewhere, and says the same there."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification, Qwen2Config, Qwen2ForCausalLM

from activelearning.rewardmodel import score, train
from activelearning.rewardmodel.checkpoint import CheckpointRefused
from activelearning.rewardmodel.data import encode
from activelearning.rewardmodel.forms import Form, FormError, shares
from activelearning.rewardmodel.model import RewardModel, open_published, open_trained
from activelearning.rewardmodel.qwen2_prm import ARCHITECTURE, STEP_END, Qwen2ForProcessRewardModel
from activelearning.rewardmodel.scoring import SolutionScore, score_solutions
from tests.activelearning.records import SMALL, mixed_records, write
from tests.activelearning.rewardmodel.test_bases import SHAPE, tokenizer

PROBLEM, STEPS = "What is 2 + 3?", ["2 + 3 is 5.", "So it is 5.", "Five it is."]


@pytest.fixture(scope="session")
def chat_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2 with the tokens of a chat, as nobody of us would have made it."""
    folder = tmp_path_factory.mktemp("base")
    words = tokenizer()
    words.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    words.save_pretrained(folder)
    torch.manual_seed(0)
    size = Qwen2Config(vocab_size=len(words) + 8, num_key_value_heads=2, pad_token_id=0, **SHAPE)
    Qwen2ForCausalLM(size).save_pretrained(folder)
    return folder


def trained_in(folder: Path, base: Path | str, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    data = write(folder / "data.jsonl", mixed_records(6))
    settings = folder / "config.json"
    settings.write_text(json.dumps((SMALL if base == "tiny" else {"device": "cpu"}) | {"epochs": 1} | config))
    words = ["--kind", "prm", "--data", data, "--output", folder / "model", "--base", base, "--config", settings]
    assert train.main([str(word) for word in words]) == 0
    return folder / "model"


def only_score(model: RewardModel) -> SolutionScore:
    (found,) = score_solutions(model, [(PROBLEM, STEPS)])
    return found


def plain_logits(network: Any, model: RewardModel) -> torch.Tensor:
    """(steps, outputs) as somebody gets them who knows transformers and the layout in config.json, and nothing of ours."""
    tokens = encode(model.encoder, PROBLEM, STEPS, max_length=1000)
    with torch.no_grad():
        logits = network.eval()(input_ids=torch.tensor(tokens.ids[None].astype(np.int64))).logits[0]
    return logits[torch.tensor(tokens.ends.astype(np.int64))].double()


def test_two_labels_count_neutral_as_they_were_told() -> None:
    good, bad = Form(labels=2), Form(labels=2, neutral="bad")
    assert [good.target(rating) for rating in (-1, 0, 1)] == [(1, 0), (0, 1), (0, 1)]
    assert [bad.target(rating) for rating in (-1, 0, 1)] == [(1, 0), (1, 0), (0, 1)]
    assert good.rating_probabilities(np.array([[0.25, 0.75]])).tolist() == [[0.25, 0.0, 0.75]]


def test_three_labels_keep_the_ratings_and_what_lies_between() -> None:
    assert [Form().target(rating) for rating in (-1, 0, 1)] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert Form().target(0.75) == (0.25, 0.0, 0.75)
    assert Form().target((0.25, 0.25, 0.5)) == (0.25, 0.25, 0.5)
    assert Form(labels=2).target((0.25, 0.25, 0.5)) == (0.25, 0.75)
    assert Form(labels=2, neutral="bad").target((0.25, 0.25, 0.5)) == (0.5, 0.5)


@pytest.mark.parametrize("base", ["tiny", "folder"])
def test_the_papers_form_opens_as_a_language_model_that_says_the_same(
    tmp_path: Path, chat_base: Path, base: str
) -> None:
    folder = trained_in(tmp_path, "tiny" if base == "tiny" else chat_base, form="rating-tokens")
    model, _ = open_trained(folder)
    vocabulary = model.tokenizer.get_vocab()
    assert model.form.tokens == tuple(vocabulary[sign] for sign in "-0+")
    plain = plain_logits(AutoModelForCausalLM.from_pretrained(folder), model)[:, list(model.form.tokens)]
    assert np.allclose(only_score(model).rating_probs or (), plain.softmax(-1).numpy(), atol=1e-5)


@pytest.mark.parametrize("config", [{}, {"labels": 2}, {"ensemble": 3}], ids=["three labels", "two", "three heads"])
def test_a_classification_opens_as_one_and_says_the_same(tmp_path: Path, config: dict[str, Any]) -> None:
    folder = trained_in(tmp_path, "tiny", **config)
    model, _ = open_trained(folder)
    network = AutoModelForTokenClassification.from_pretrained(folder)
    assert network.config.id2label == model.form.outputs
    by_head = plain_logits(network, model).view(len(STEPS), model.form.heads, model.form.labels).softmax(-1)
    found = only_score(model)
    expected = model.form.rating_probabilities(by_head.numpy())
    assert np.allclose(found.rating_probs or (), expected.mean(axis=1), atol=1e-5)
    if model.form.heads == 1:
        assert found.deviation is None
    else:
        good = expected[..., 1] + expected[..., 2]
        assert np.allclose(found.deviation or (), good.std(axis=1), atol=1e-5)
        assert min(found.deviation or ()) > 0


def test_the_heads_of_an_ensemble_see_the_data_in_other_shares() -> None:
    drawn = shares(1000, 3, seed=1)
    assert np.allclose(drawn.mean(axis=0), 1.0, atol=0.15)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 0.1
    assert (shares(1000, 3, seed=1) == drawn).all()
    assert (shares(4, 1, seed=1) == 1).all()


def test_the_qwen2_form_has_the_published_names_and_reads_the_published_chat(tmp_path: Path, chat_base: Path) -> None:
    folder = trained_in(tmp_path, chat_base, form="qwen2-prm")
    model, _ = open_trained(folder)
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == [ARCHITECTURE]
    assert config["model_type"] == "qwen2"
    names = set(model.network.state_dict())
    assert {"score.0.weight", "score.0.bias", "score.2.weight", "score.2.bias", "model.norm.weight"} <= names
    tokens = encode(model.encoder, PROBLEM, STEPS[:2], max_length=1000)
    assert model.tokenizer.decode(tokens.ids) == (
        "<|im_start|>system\nPlease reason step by step, and put your final answer within \\boxed{}.<|im_end|>\n"
        f"<|im_start|>user\n{PROBLEM}<|im_end|>\n<|im_start|>assistant\n{STEPS[0]}{STEP_END}{STEPS[1]}{STEP_END}"
    )
    found = only_score(model).rating_probs
    plain = plain_logits(Qwen2ForProcessRewardModel.from_pretrained(folder), model).softmax(-1)
    assert found is not None
    assert [step[1] for step in found] == [0.0] * 3
    assert np.allclose([(bad, good) for bad, _, good in found], plain.numpy(), atol=1e-5)


def test_a_published_folder_scores_and_none_of_its_code_runs(
    tmp_path: Path, chat_base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = trained_in(tmp_path, chat_base, form="qwen2-prm")
    ours = only_score(open_trained(folder)[0])
    (folder / "training.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    del config["reward_model"]
    config |= {"auto_map": {"AutoModel": "modeling_qwen2_rm.Qwen2ForProcessRewardModel"}, "model_type": "qwen2"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "modeling_qwen2_rm.py").write_text("raise SystemExit('code of a folder was run')\n")
    assert only_score(open_published(folder)) == ours
    lines = write(tmp_path / "lines.jsonl", [{"problem": PROBLEM, "steps": STEPS}])
    assert score.main(["--model", str(folder), "--input", str(lines), "--output", str(tmp_path / "out.jsonl")]) == 0
    scored = json.loads((tmp_path / "out.jsonl").read_text())
    assert scored["prm_score"] == pytest.approx(ours.prm_score)
    with pytest.raises(CheckpointRefused, match=r"no training.json"):
        open_published(chat_base)


def test_what_a_folder_says_of_its_form_is_checked() -> None:
    good = Form().as_dict()
    assert Form.from_dict(good, vocabulary=9) == Form()
    signs = good | {"form": "rating-tokens", "rating_tokens": [1, 2, 3]}
    assert Form.from_dict(signs, vocabulary=9).tokens == (1, 2, 3)
    for wrong in ({"form": "vote"}, {"labels": 4}, {"labels": True}, {"heads": 0}, {"kind": "orm"}, {"neutral": ""}):
        with pytest.raises(FormError, match=r"reward_model\."):
            Form.from_dict(good | wrong, vocabulary=9)
    with pytest.raises(FormError, match="rating_tokens"):
        Form.from_dict(signs, vocabulary=3)


def test_a_form_that_cannot_be_had_is_refused_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for config, reason in (
        ({"form": "qwen2-prm"}, "needs a Qwen2 folder"),
        ({"form": "rating-tokens", "ensemble": 2}, "ensemble"),
        ({"labels": 4}, "labels must be 2 or 3"),
    ):
        settings = tmp_path / "config.json"
        settings.write_text(json.dumps(config))
        data = write(tmp_path / "data.jsonl", mixed_records(6))
        words = ["--kind", "prm", "--data", data, "--output", tmp_path / "model", "--config", settings]
        assert train.main([str(word) for word in words]) == 1
        assert reason in capsys.readouterr().err
