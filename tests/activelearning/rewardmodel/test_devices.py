"""Several processes give what one gives; bfloat16 and gradient checkpointing give nearly and exactly the same; curves can be read."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboardX.proto import event_pb2

from tests.activelearning.records import SMALL, mixed_records, write
from tests.activelearning.rewardmodel.conftest import run_training
from tests.activelearning.rewardmodel.test_training import manifest, weights


def command(folder: Path, records: list[dict[str, Any]], **config: Any) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    data = write(folder / "data.jsonl", records)
    settings = folder / "config.json"
    settings.write_text(json.dumps(SMALL | config))
    words = ["--kind", "prm", "--data", data, "--output", folder / "model", "--config", settings, "--seed", "1"]
    return [sys.executable, "-m", "activelearning.rewardmodel.train", *map(str, words)]


@pytest.mark.long
def test_two_processes_give_the_losses_of_one(tmp_path: Path, trained: Path) -> None:
    """Thirteen solutions in batches of four: the last batch has one, so that one of the processes has nothing to do."""
    records = mixed_records(13)
    assert run_training(tmp_path / "one", records) == 0
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    progress = tmp_path / "progress.jsonl"
    words = [*command(tmp_path / "two", records, processes=2), "--progress", str(progress)]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    one, two = manifest(tmp_path / "one" / "model"), manifest(tmp_path / "two" / "model")
    assert two["processes"] == 2
    assert two["loss"] == pytest.approx(one["loss"], abs=1e-4)
    assert two["step_accuracy"] == pytest.approx(one["step_accuracy"])
    lines = [json.loads(line) for line in progress.read_text().splitlines()]
    assert lines[-1]["step"] == lines[-1]["steps"] == len(two["loss"])


def test_gradient_checkpointing_gives_the_same_bits(tmp_path: Path, trained: Path) -> None:
    assert run_training(tmp_path, mixed_records(12), gradient_checkpointing=True) == 0
    assert weights(tmp_path / "model") == weights(trained)


def test_bfloat16_gives_nearly_the_same_losses_and_says_so(tmp_path: Path, trained: Path) -> None:
    assert run_training(tmp_path, mixed_records(12), precision="bf16") == 0
    found = manifest(tmp_path / "model")
    assert found["precision"] == "bf16"
    assert found["loss"] == pytest.approx(manifest(trained)["loss"], rel=0.05)
    assert found["loss"] != manifest(trained)["loss"]


def test_the_curves_are_event_files_that_tensorboard_reads(trained: Path) -> None:
    (path,) = (trained / "tensorboard").glob("events.out.tfevents.*")
    seen: dict[str, list[float]] = {}
    data = path.read_bytes()
    while data:
        length = int.from_bytes(data[:8], "little")
        event = event_pb2.Event.FromString(data[12 : 12 + length])
        for value in event.summary.value:
            seen.setdefault(value.tag, []).append(value.simple_value)
        data = data[16 + length :]
    assert set(seen) >= {"train/loss", "train/step_accuracy", "train/first_error_accuracy", "train/tokens_per_second"}
    assert seen["train/loss"][-1] == pytest.approx(manifest(trained)["loss"][-1])
