"""`manage.py up` for real: one command serves, a nudge crosses the folder queue, what dies comes back, an end loses nothing (F32)."""

import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from labelapp import alive, celery, probe
from tests.labelapp.processes import ROOT, children, end, environment, eventually, free_port, run, runs

pytestmark = pytest.mark.serial


@dataclass
class Installation:
    """One data folder with `up` on it."""

    folder: Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.env = environment(self.folder, JOB_DEAD_AFTER="2", REAPER_INTERVAL="1")
        self.log = self.folder / "up.log"
        with self.log.open("w") as log:
            command = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(self.port)]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log, text=True)

    def below(self, word: str) -> list[int]:
        """The processes of this installation whose command line names `word`."""
        return [pid for pid in children(self.process.pid) if word in _command_line(pid)]

    def answers(self) -> bool:
        return probe.answers(port=self.port)

    def wait_until_ready(self) -> None:
        eventually(lambda: "labelapp is ready" in self.log.read_text(), "the greeting")


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for all tests that leave it running, whatever they do to it; in any order."""
    installation = Installation(tmp_path_factory.mktemp("up"))
    yield installation
    end(installation.process)


@pytest.fixture
def ending(tmp_path: Path) -> Iterator[Installation]:
    """One of the test's own, which may end."""
    installation = Installation(tmp_path)
    yield installation
    end(installation.process)


def test_one_command_makes_the_tables_and_serves(up: Installation) -> None:
    up.wait_until_ready()

    assert f"http://127.0.0.1:{up.port}/" in up.log.read_text()
    assert up.answers()
    again = run(["manage.py", "up", "--port", str(free_port())], up.env)
    assert again.returncode == 1
    assert "runs already" in again.stderr
    taken = run(["manage.py", "up", "--port", str(up.port)], up.env)
    assert taken.returncode == 1
    assert "--port" in taken.stderr


def test_clock_queue_and_worker_bring_back_a_job_whose_worker_died(up: Installation) -> None:
    up.wait_until_ready()
    left_behind = """
from datetime import timedelta
from django.utils import timezone
from annotation import projects
from annotation.models import Import
Import.objects.create(project=projects.create_project(slug="p"), state="running", attempt=1, format="prm800k",
    file_name="gone.jsonl", path="gone", heartbeat_at=timezone.now() - timedelta(hours=1))
"""
    made = run(["manage.py", "shell", "-c", left_behind], up.env)
    assert made.returncode == 0, made.stderr

    def attempts() -> int:
        with sqlite3.connect(up.folder / "labelapp.sqlite3") as database:
            return int(database.execute("SELECT attempt FROM annotation_import").fetchone()[0])

    eventually(lambda: attempts() > 1, "another worker has taken it")


def test_orders_that_are_no_nudges_of_ours_are_refused_and_the_worker_lives_on(up: Installation) -> None:
    """A75: a pickled message, one for a task that is none, one that is no message at all."""
    up.wait_until_ready()
    canary = up.folder / "canary"
    pickled = b"cos\nsystem\n(S'touch " + bytes(canary) + b"'\ntR."
    delivery = {
        "delivery_info": {"exchange": "", "routing_key": "default"},
        "delivery_tag": "x",
        "body_encoding": "base64",
    }
    orders = [
        {
            "body": base64.b64encode(pickled).decode(),
            "content-type": "application/x-python-serialize",
            "content-encoding": "binary",
            "headers": {"task": "annotation.tasks.reap", "id": "1"},
        },
        {
            "body": base64.b64encode(json.dumps([["touch " + str(canary)], {}, {}]).encode()).decode(),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {"task": "os.system", "id": "2"},
        },
    ]
    queue = up.folder / "broker" / "default"
    eventually(lambda: queue.exists() and bool(up.below("celery -A labelapp --quiet worker")), "the worker runs")
    for number, order in enumerate(orders):
        (queue / f"0{number}").write_text(
            json.dumps({**order, "properties": {**delivery, "delivery_tag": f"x{number}"}})
        )
    (queue / "02").write_text("no message at all")
    worker = min(up.below("celery -A labelapp --quiet worker"))

    eventually(lambda: not any((queue / f"0{number}").exists() for number in range(3)), "they are taken")
    refused = ("application/x-python-serialize", "os.system", "an unreadable message was dropped")
    eventually(lambda: all(word in up.log.read_text() for word in refused), "they are refused")

    assert not canary.exists()
    assert min(up.below("celery -A labelapp --quiet worker")) == worker


def test_the_web_comes_back_after_a_kill(up: Installation) -> None:
    up.wait_until_ready()
    killed = up.below("gunicorn")
    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    eventually(lambda: up.answers() and not set(killed) & set(up.below("gunicorn")), "the web answers again")
    assert up.process.poll() is None


def test_the_scorer_comes_back_after_a_kill_and_stays_without_torch_where_there_is_no_model(up: Installation) -> None:
    up.wait_until_ready()
    eventually(lambda: bool(up.below("manage.py scorer")), "the scorer runs")
    (killed,) = up.below("manage.py scorer")
    sign = alive.sign(up.folder, "scorer")
    eventually(sign.exists, "it looks for work")
    os.kill(killed, signal.SIGKILL)
    sign.unlink()

    eventually(lambda: set(up.below("manage.py scorer")) not in (set(), {killed}), "it runs again")
    eventually(lambda: sign.exists() and probe.is_alive("scorer", up.folder, now=time.time()), "it looks for work")
    (again,) = up.below("manage.py scorer")
    assert "libtorch" not in Path(f"/proc/{again}/maps").read_text()
    assert up.process.poll() is None


def test_nothing_outlives_a_killed_supervisor(ending: Installation) -> None:
    ending.wait_until_ready()
    eventually(lambda: len(ending.below("celery")) >= 4, "clock, worker and its two hands run")
    eventually(lambda: bool(ending.below("manage.py scorer")), "the scorer runs")
    below = children(ending.process.pid)

    ending.process.kill()

    eventually(lambda: not any(runs(pid) for pid in below), "all are gone", within=40)
    assert len(below) >= 4


def test_a_hand_that_begins_while_its_worker_dies_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(celery, "_worker", os.getppid())
    celery.end_with_the_worker()
    assert ended == []
    monkeypatch.setattr(celery, "_worker", os.getpid())  # anybody but the parent
    celery.end_with_the_worker()
    assert ended == [1]


def test_an_end_answers_what_was_accepted(ending: Installation) -> None:
    """Twelve labellers wait for a database that is held up when the end is asked for: each gets an answer, and it holds."""
    ending.wait_until_ready()
    tokens = json.loads(run(["tests/faults/ledger_app.py", "seed", "40"], ending.env).stdout)
    held = sqlite3.connect(ending.folder / "labelapp.sqlite3", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    answers: list[tuple[int, dict[str, Any]]] = []

    def claim(token: str) -> None:
        answer = httpx.post(
            f"http://127.0.0.1:{ending.port}/api/v1/projects/ledger/claims/",
            json={},
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        answers.append((answer.status_code, answer.json()))

    clients = [threading.Thread(target=claim, args=(token,)) for token in tokens]
    for client in clients:
        client.start()
    eventually(lambda: connections(ending.port) == (len(tokens), 0), "all are accepted")
    time.sleep(1)  # and their requests read

    begun = time.monotonic()
    ending.process.terminate()
    time.sleep(2)
    held.execute("ROLLBACK")

    assert ending.process.wait(timeout=90) == 0
    assert time.monotonic() - begun < 60
    for client in clients:
        client.join()
    assert [status for status, _ in answers] == [200] * len(tokens)
    given = [claim["id"] for _, body in answers for claim in body["claims"]]
    assert len(set(given)) == len(given) == 2 * len(tokens)
    assert held.execute("SELECT count(*) FROM annotation_handout").fetchone()[0] == len(given)
    held.close()


def connections(port: int) -> tuple[int, int]:
    """Of this port: established connections, and how many of them nobody has accepted yet."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = [row for row in rows if row[1].endswith(f":{port:04X}")]
    waiting = sum(int(row[4].split(":")[1], 16) for row in ours if row[3] == "0A")
    return sum(1 for row in ours if row[3] == "01"), waiting
