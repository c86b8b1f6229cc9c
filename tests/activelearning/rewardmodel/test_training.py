"""The loop: a golden loss, bitwise resumption, broken losses, memory, what is refused; with a model of 16 numbers a token."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from activelearning.rewardmodel import training
from activelearning.rewardmodel.checkpoint import digest_of, sha256_of
from activelearning.rewardmodel.config import TrainingConfig, for_base
from activelearning.rewardmodel.loop import Run, learning_rate
from activelearning.rewardmodel.model import RewardModel, open_trained
from activelearning.rewardmodel.packing import Row
from tests.activelearning.records import mixed_records, record, write
from tests.activelearning.rewardmodel.conftest import run_training

# Of the first and the last step of the fixture `trained`. A change that moves them is shown in EXPERIMENTS.md, before and after.
GOLDEN_FIRST, GOLDEN_LAST = 1.0434, 0.8484


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "training.json").read_text())


def weights(folder: Path) -> str:
    return sha256_of(folder / "model.safetensors")


def test_the_loss_at_a_fixed_seed_is_the_golden_one(trained: Path) -> None:
    losses = manifest(trained)["loss"]
    assert losses[0] == pytest.approx(GOLDEN_FIRST, abs=2e-4)
    assert losses[-1] == pytest.approx(GOLDEN_LAST, abs=2e-3)


def test_the_manifest_says_what_went_in_and_how(trained: Path) -> None:
    found = manifest(trained)
    assert found["id2label"] == {"0": "-1", "1": "0", "2": "1"}
    assert found["neutral"] == "good"
    assert found["data"] == [{"name": "data.jsonl", "sha256": sha256_of(trained.parent / "data.jsonl")}]
    assert found["labels"] == {"-1": 6, "0": 6, "1": 20}
    assert found["steps"] == len(found["loss"]) == 6
    assert set(found["files"]) >= {"config.json", "model.safetensors", "tokenizer.json"}
    assert found["files"]["config.json"] == sha256_of(trained / "config.json")
    assert not (trained / "checkpoint").exists()


def test_another_seed_gives_other_weights_and_the_same_seed_the_same(trained: Path, tmp_path: Path) -> None:
    assert run_training(tmp_path / "same", mixed_records(12)) == 0
    assert run_training(tmp_path / "other", mixed_records(12), seed=2) == 0
    assert weights(tmp_path / "same" / "model") == weights(trained)
    assert weights(tmp_path / "other" / "model") != weights(trained)


class Stopped(BaseException):
    """Stands in for a kill between two steps."""


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_training_that_stops_at_every_step_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dropout: float
) -> None:
    records = mixed_records(12)
    assert run_training(tmp_path / "unbroken", records, dropout=dropout) == 0
    step = Run._step

    def once(self: Run, number: int) -> None:
        if done:
            raise Stopped
        step(self, number)
        done.append(number)

    starts = 0
    monkeypatch.setattr(Run, "_step", once)
    while not (tmp_path / "broken" / "model" / "training.json").exists():
        done: list[int] = []
        starts += 1
        try:
            run_training(tmp_path / "broken", records, dropout=dropout)
        except Stopped:
            torch.manual_seed(starts)  # a new process has another random state
    assert starts == 6
    assert weights(tmp_path / "broken" / "model") == weights(tmp_path / "unbroken" / "model")
    assert manifest(tmp_path / "broken" / "model")["loss"] == manifest(tmp_path / "unbroken" / "model")["loss"]


def test_a_damaged_state_is_passed_over_and_the_one_before_it_taken(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Run._step

    def up_to_three(self: Run, number: int) -> None:
        if number == 3:
            raise Stopped
        step(self, number)

    with monkeypatch.context() as patched:
        patched.setattr(Run, "_step", up_to_three)
        with pytest.raises(Stopped):
            run_training(tmp_path, mixed_records(12))
    newest, _older = sorted((tmp_path / "model" / "checkpoint").glob("state-*"), reverse=True)
    newest.write_bytes(newest.read_bytes()[:-10])
    assert run_training(tmp_path, mixed_records(12)) == 0
    assert f"passed over: {newest} is truncated" in capsys.readouterr().err
    assert weights(tmp_path / "model") == weights(trained)


def test_a_finished_training_returns_at_once_and_another_one_is_refused(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(trained.parent, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(training, "_model", lambda *given: pytest.fail("trained again"))
    assert run_training(tmp_path, mixed_records(12)) == 0
    assert run_training(tmp_path, mixed_records(12), seed=9) == 1
    assert "another --output" in capsys.readouterr().err
    assert run_training(tmp_path, mixed_records(11)) == 1


def test_f22_a_loss_that_is_not_finite_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accumulate = Run._accumulate
    seen: list[str] = []

    def broken_once(self: Run, examples: Any) -> tuple[float, int, int]:
        seen.append(digest_of(self.weights))
        loss, hits, labels = accumulate(self, examples)
        return (math.nan if len(seen) == 2 else loss), hits, labels

    monkeypatch.setattr(Run, "_accumulate", broken_once)
    assert run_training(tmp_path, mixed_records(12)) == 0
    assert seen[0] != seen[1] == seen[2] != seen[3]
    found = manifest(tmp_path / "model")
    assert found["loss"][1] is None
    assert found["skipped_steps"] == 1


def test_f22_gradients_that_are_not_finite_are_skipped_and_then_stop_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accumulate = Run._accumulate

    def broken(self: Run, examples: Any) -> tuple[float, int, int]:
        found = accumulate(self, examples)
        next(iter(self.weights.values())).grad.fill_(math.inf)  # type: ignore[union-attr]
        return found

    monkeypatch.setattr(Run, "_accumulate", broken)
    assert run_training(tmp_path, mixed_records(12), max_bad_steps=3) == 1
    assert "not finite in 3 steps in a row" in capsys.readouterr().err
    assert not (tmp_path / "model" / "training.json").exists()
    assert not (tmp_path / "model" / "model.safetensors").exists()


def test_f21_out_of_memory_halves_the_rows_three_times_and_then_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logits = RewardModel.logits
    most = 100

    def small_memory(self: RewardModel, row: Row, at: Any) -> Any:
        if len(row.ids) > most:
            raise torch.OutOfMemoryError("no memory")
        return logits(self, row, at)

    monkeypatch.setattr(RewardModel, "logits", small_memory)
    assert run_training(tmp_path / "a", mixed_records(12), batch_size=8, row_tokens=800) == 0
    said = capsys.readouterr().err
    assert [f"rows have {tokens} tokens from here on" in said for tokens in (400, 200, 100, 50)] == [True] * 3 + [False]
    most = 0
    assert run_training(tmp_path / "b", mixed_records(12), batch_size=8, row_tokens=800) == 1
    assert "error: Out of memory with rows of 100 tokens" in capsys.readouterr().err


def test_a_batch_in_several_rows_gives_the_same_loss(
    tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Run.__init__

    def in_two(self: Run, *given: Any, **named: Any) -> None:
        original(self, *given, **named)
        self.history.splits = 8

    monkeypatch.setattr(Run, "__init__", in_two)
    assert run_training(tmp_path, mixed_records(12), row_tokens=400) == 0
    assert manifest(tmp_path / "model")["loss"] == pytest.approx(manifest(trained)["loss"], abs=1e-4)


@pytest.mark.parametrize(
    "records", [[], [record([1, 1])], [record([0, 0])], [record([-1])], [record([None])], [record([])]]
)
def test_f24_data_that_teaches_nothing_is_refused(
    tmp_path: Path, records: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_training(tmp_path, records) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "model" / "training.json").exists()


def test_one_problem_is_enough(tmp_path: Path) -> None:
    assert run_training(tmp_path, [record([1, -1])] * 3) == 0
    assert all(math.isfinite(loss) for loss in manifest(tmp_path / "model")["loss"])


def test_an_orm_learns_outcomes_and_says_that_it_is_one(tmp_path: Path) -> None:
    outcomes = [{"problem": "p", "steps": ["a", "b"], "is_correct": i % 2 == 0} for i in range(6)]
    assert run_training(tmp_path, outcomes, kind="orm") == 0
    model, found = open_trained(tmp_path / "model")
    assert model.kind == found["kind"] == "orm"
    assert found["id2label"] == {"0": "wrong", "1": "right"}


def test_an_orm_grades_the_answers_of_labelled_lines(tmp_path: Path) -> None:
    wrong = record([1, -1])
    wrong["question"]["pre_generated_answer"] = "3"
    assert run_training(tmp_path, [record([1, 1]), wrong], kind="orm") == 0
    labels = manifest(tmp_path / "model")["labels"]
    assert labels["right"] > 0
    assert labels["wrong"] > 0


def test_a_local_folder_is_a_base_and_keeps_its_body(trained: Path, tmp_path: Path) -> None:
    """The path of any transformers folder: here our own tiny's, whose head is drawn anew for two classes."""
    base = tmp_path / "base"
    base.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(trained / name, base / name)
    data = write(tmp_path / "data.jsonl", mixed_records(6))
    settings = tmp_path / "config.json"
    settings.write_text(json.dumps({"epochs": 1, "learning_rate": 1e-9, "device": "cpu"}))
    from activelearning.rewardmodel import train

    words = ["--kind", "prm", "--data", data, "--output", tmp_path / "model", "--base", base, "--config", settings]
    assert train.main([str(word) for word in words]) == 0
    old, _ = open_trained(trained)
    new, _ = open_trained(tmp_path / "model")
    old_body = old.network.get_input_embeddings().weight  # type: ignore[operator]
    new_body = new.network.get_input_embeddings().weight  # type: ignore[operator]
    assert torch.allclose(old_body, new_body, atol=1e-6)
    (base / "pytorch_model.bin").write_bytes(b"x")
    assert train.main([str(word) for word in words]) == 1


def test_the_rate_warms_up_and_falls_to_zero() -> None:
    config = for_base("tiny", {"learning_rate": 1.0, "warmup": 0.1})
    rates = [learning_rate(config, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == rates[10] == 1.0
    assert rates[-1] == pytest.approx(1 / 90)
    cosine = TrainingConfig(schedule="cosine", learning_rate=1.0, warmup=0.0)
    assert learning_rate(cosine, 50, 100) == pytest.approx(0.5)
