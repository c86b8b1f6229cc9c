"""The command line as a child: killed at random points it ends with the same bits, and it dies with its parent."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from activelearning.rewardmodel import train
from activelearning.rewardmodel.checkpoint import sha256_of
from activelearning.rewardmodel.child import Progress, bar
from tests.activelearning.records import SMALL, mixed_records, write

KILLS = 20 if os.environ.get("LABELAPP_TEST_ALL") == "1" else 2
STEPS = 90


def command(folder: Path, output: str) -> list[str]:
    words = ["--kind", "prm", "--data", folder / "data.jsonl", "--output", folder / output]
    words += ["--config", folder / "config.json", "--progress", folder / f"{output}.progress"]
    return [sys.executable, "-m", "activelearning.rewardmodel.train", *map(str, words)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "data.jsonl", mixed_records(24))
    settings = SMALL | {"epochs": STEPS // 6, "dropout": 0.1}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    return tmp_path


def steps_done(folder: Path, output: str) -> int:
    names = [path.stem for path in (folder / output / "checkpoint").glob("state-*.safetensors")]
    return max((int(name.partition("-")[2]) for name in names), default=0)


@pytest.mark.long
def test_a_training_killed_at_random_points_ends_with_the_bits_of_an_unbroken_one(folder: Path) -> None:
    _, _, _, *words = command(folder, "unbroken")
    assert train.main(words) == 0
    dice = random.Random(20)
    points = sorted(dice.sample(range(5, STEPS - 5), KILLS))
    killed = 0
    for point in points:
        child = subprocess.Popen(command(folder, "broken"), stderr=subprocess.PIPE)
        while child.poll() is None and steps_done(folder, "broken") < point:
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        killed += child.returncode == -signal.SIGKILL
    assert killed >= 1
    subprocess.run(command(folder, "broken"), check=True, capture_output=True)
    assert sha256_of(folder / "broken" / "model.safetensors") == sha256_of(folder / "unbroken" / "model.safetensors")
    broken, unbroken = (json.loads((folder / name / "training.json").read_text()) for name in ("broken", "unbroken"))
    assert broken["loss"] == unbroken["loss"]
    reports = [json.loads(line) for line in (folder / "unbroken.progress").read_text().splitlines()]
    assert set(reports[-1]) == {
        "stage", "step", "steps", "epoch", "loss", "step_accuracy", "first_error_accuracy", "tokens_per_second",
        "eta_seconds",
    }  # fmt: skip
    assert reports[-1]["step"] == reports[-1]["steps"] == STEPS


PARENT = """
import os, subprocess, sys
child = subprocess.Popen([*sys.argv[1:], "--die-with-parent", str(os.getpid())], stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
child.wait()
"""


def alive(pid: int) -> bool:
    """Whether it runs: a dead child that nobody waits for is a zombie, which runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("after_steps", [0, 1])
def test_a_killed_parent_leaves_no_orphan(folder: Path, after_steps: int) -> None:
    settings = json.loads((folder / "config.json").read_text()) | {"epochs": 9000, "max_epochs": 9000}
    (folder / "config.json").write_text(json.dumps(settings))
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *command(folder, "model")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    deadline = time.monotonic() + 120
    while steps_done(folder, "model") < after_steps and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0 if after_steps else 0.5)
    parent.kill()
    parent.communicate()
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    left = alive(child)
    if left:
        os.kill(child, signal.SIGKILL)
    assert not left


def test_a_child_that_starts_after_its_parent_died_ends_at_once(folder: Path) -> None:
    words = [*command(folder, "model"), "--die-with-parent", "999999999"]
    done = subprocess.run(words, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert not (folder / "model").exists()


def test_wrong_usage_exits_with_2_and_refused_input_with_1(folder: Path) -> None:
    wrong = subprocess.run([*command(folder, "model"), "--kind", "xyz"], capture_output=True, text=True)
    assert wrong.returncode == 2
    (folder / "config.json").write_text('{"epochs": 0}')
    refused = subprocess.run(command(folder, "model"), capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: epochs must be a whole number")


def test_progress_is_thinned_but_always_says_the_last(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "p", every=1000.0)
    for step in range(10):
        progress.report(step=step, last=step == 9)
    progress.close()
    assert [json.loads(line)["step"] for line in (tmp_path / "p").read_text().splitlines()] == [0, 9]


def test_the_bar_shows_how_far_it_is() -> None:
    shown = bar({"stage": "train", "step": 15, "steps": 30, "loss": 0.5, "eta_seconds": 3.2})
    assert shown.startswith(f"train [{'#' * 15}{'.' * 15}] 15/30 loss 0.500 eta 3 s")
    assert bar({"stage": "score", "done": 4, "total": None}).startswith("score [..............................] 4/?")
