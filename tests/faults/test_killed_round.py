"""A worker is killed with -9 while it trains: nothing of it stays behind, and the round ends by itself with the same weights, bit for bit.

Real processes: a Celery worker with its clock on the filesystem broker, its pool, its training child, against the test's own database.
Three kills; ten with LABELAPP_TEST_ALL=1. The timers are shortened.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from activelearning import rounds, tasks
from activelearning.attempt import folder_of
from activelearning.child import ProgressFile
from activelearning.models import Round, RoundState, Stage
from activelearning.rewardmodel import train
from annotation import projects
from annotation.models import WorkItem
from tests.activelearning.loop import QUICK, fill_pool, label_solutions
from tests.labelapp.processes import database_url

KILLS = 10 if os.environ.get("LABELAPP_TEST_ALL") else 3
TIMERS = {"JOB_HEARTBEAT": "0.5", "JOB_DEAD_AFTER": "4", "REAPER_INTERVAL": "1"}
# Seconds of work on one thread, saved every half second.
EPOCHS = 150 if KILLS > 3 else 40
TRAINING = {**QUICK, "epochs": EPOCHS, "max_epochs": EPOCHS, "checkpoint_seconds": 0.5}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]


@pytest.fixture
def data_folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


class Processes:
    """A Celery worker and the clock, as `manage.py up` runs them, each in a process group of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        arguments = {
            "worker": ["worker", "-Q", "default,train", "-c", "2", "-n", f"killed{random.randrange(10**9)}@test"],
            "clock": ["beat", "-s", str(self.folder / "beat"), "--pidfile", ""],
        }[name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "labelapp", *arguments, "-l", "info"],
                cwd=django_settings.BASE_DIR,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REDIS_URL", "PYTEST"))}
        return {
            **kept,
            **TIMERS,
            "DATABASE_URL": database_url(),
            "LABELAPP_DATA_DIR": str(self.folder),
            "LABELAPP_PROCESS": "worker",
            "SECRET_KEY": "not a secret, only long enough for the checks of a test",
        }

    def kill(self, name: str) -> None:
        """-9 to the one process that a supervisor would see die; what it started must go by itself."""
        process = self.running.pop(name, None)
        if process is not None:
            process.kill()
            process.wait()

    def end(self) -> None:
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def processes(data_folder: Path) -> Iterator[Processes]:
    found = Processes(data_folder)
    yield found
    found.end()
    wait_until(lambda: not processes_of(data_folder), seconds=20, what="all processes to be gone")


def processes_of(folder: Path) -> list[int]:
    """Living processes that were started with this data folder."""
    mark = f"LABELAPP_DATA_DIR={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                alive = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                if alive and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until(true: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


def training_of(started: Round) -> Stage:
    return Stage.objects.get(round=started, name="train")


def steps_done(started: Round) -> tuple[int, int]:
    """What the child itself has written: up to half a second old, where the database's may be two."""
    told = ProgressFile(folder_of(started) / "train.progress.jsonl").new()
    steps = [(found["step"], found["steps"]) for found in told if "steps" in found]
    return steps[-1] if steps else (0, 1)


def training_children(folder: Path) -> list[int]:
    return [pid for pid in processes_of(folder) if train.__name__.encode() in command_of(pid)]


def command_of(pid: int) -> bytes:
    """Nothing of a process that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def hold_still(started: Round, folder: Path) -> None:
    """The training stops where it is, until the round knows how far it came: on a quick machine it would be over before."""
    (child,) = training_children(folder)
    os.kill(child, signal.SIGSTOP)
    done, _ = steps_done(started)
    wait_until(
        lambda: training_of(started).progress.get("done", 0) >= done, seconds=20, what=f"step {done} to be known"
    )


def refuse_an_end(started: Round) -> None:
    found = Round.objects.get(pk=started.pk)
    assert found.state == RoundState.RUNNING, found.error


def weights_of(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def unbroken_weights(started: Round, folder: Path) -> str:
    """The same training, from the same frozen files, left alone, in this process."""
    files = folder_of(started)
    words: list[object] = ["--kind", "prm", "--seed", "1", "--data", files / "train.jsonl"]
    words += ["--config", files / "train_config.json", "--output", folder]
    assert train.main([str(word) for word in words]) == 0
    return weights_of(folder)


@pytest.mark.long
def test_f16_a_killed_workers_round_goes_on_by_itself_and_ends_with_the_same_weights(
    data_folder: Path, processes: Processes
) -> None:
    project = projects.create_project(slug="algebra")
    label_solutions(project, problems=30)
    fill_pool(project, problems=4)
    started = rounds.start_round(project=project, config={"training": TRAINING, "budget": 4, "hold_out": 0.01})
    tasks.nudge(started.pk)
    processes.start("clock")
    processes.start("worker")
    chance = random.Random(int(os.environ.get("LABELAPP_TEST_SEED", "7")))
    points = sorted(chance.uniform(0.02, 0.9) for _ in range(KILLS))
    came_back: list[float] = []
    last = 0
    for number, point in enumerate(points, start=1):

        def reached(share: float = point, before: int = last) -> bool:
            """There, and further than at the last kill: three deaths in a row without progress are poison, and end a round."""
            refuse_an_end(started)
            done, total = steps_done(started)
            return done >= max(share * total, before + 0.02 * total) and len(training_children(data_folder)) == 1

        wait_until(reached, seconds=180, what=f"{point:.0%} of the training")
        hold_still(started, data_folder)
        assert training_of(started).attempt == number
        processes.kill("worker")
        last, _ = steps_done(started)
        clock = processes.running["clock"].pid
        wait_until(lambda c=clock: processes_of(data_folder) == [c], seconds=10, what="pool and child to die with it")
        killed_at = time.monotonic()
        processes.start("worker")
        wait_until(lambda n=number: training_of(started).attempt > n, seconds=90, what="the round to go on by itself")
        came_back.append(time.monotonic() - killed_at)
    wait_until(
        lambda: Round.objects.get(pk=started.pk).state != RoundState.RUNNING, seconds=300, what="the round to end"
    )
    started.refresh_from_db()
    assert (started.state, started.error) == (RoundState.DONE, "")
    assert training_of(started).attempt == KILLS + 1
    assert WorkItem.objects.filter(batch=started.batch).count() == 4
    assert weights_of(folder_of(started) / "model") == unbroken_weights(started, data_folder / "unbroken")
    print(f"{KILLS} kills; went on after {', '.join(f'{seconds:.1f} s' for seconds in came_back)}")
