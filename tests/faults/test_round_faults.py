"""F14: what Redis forgets is sent again. F16, F19: a worker is killed with -9 in each stage, at its end and before its word of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone

from activelearning import rounds
from activelearning.models import Round, RoundState, Selected, Stage
from annotation import projects
from annotation.models import JobState, Project, Score, WorkItem
from tests.activelearning.loop import QUICK, fill_pool, label_solutions
from tests.labelapp.processes import database_url, free_port

# Those that leave the most behind; all of them with LABELAPP_TEST_ALL=1.
KILLED = [spec.name for spec in rounds.STAGES] if os.environ.get("LABELAPP_TEST_ALL") else ["freeze", "score", "queue"]
CONFIG: dict[str, Any] = {"training": {**QUICK, "epochs": 2}, "budget": 4}


@pytest.fixture
def data_folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A Redis of its own, so that it can be emptied; its address."""
    port = free_port()
    command = [os.environ.get("LABELAPP_REDIS_BIN", "redis-server"), "--port", str(port), "--bind", "127.0.0.1"]
    server = subprocess.Popen([*command, "--save", "", "--dir", str(tmp_path)], stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait()


def in_a_worker(folder: Path, code: str, *words: str, broker: str = "") -> "subprocess.CompletedProcess[str]":
    """These lines in a process as a worker is one, on the test's own database."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("REDIS_URL", "PYTEST"))}
    settings = {"DATABASE_URL": database_url(), "LABELAPP_DATA_DIR": str(folder), "LABELAPP_PROCESS": "worker"}
    settings |= {
        "SECRET_KEY": "not a secret, only long enough for a test's checks",
        **({"REDIS_URL": broker} if broker else {}),
    }
    return subprocess.run(
        [sys.executable, "-c", f"{SET_UP}{code}", *words],
        cwd=django_settings.BASE_DIR, env={**kept, **settings, "DJANGO_SETTINGS_MODULE": "labelapp.settings"},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip


SET_UP = """
import os, signal, sys
import django
django.setup()
from activelearning import child, rounds, tasks
"""


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_f14_f15_what_redis_forgot_in_the_middle_of_a_round_is_sent_again_by_the_sweeper(
    project: Project, data_folder: Path, broker: str
) -> None:
    label_solutions(project, problems=10)
    started = rounds.start_round(project=project, config=CONFIG)
    rounds.advance(round_pk=started.pk)  # freeze is done; whoever did it dies before the next stage is announced
    with redis.Redis.from_url(broker) as messages:
        assert in_a_worker(data_folder, "tasks.reap()", broker=broker).returncode == 0
        assert messages.llen("train") == 1
        messages.flushall()
        assert in_a_worker(data_folder, "tasks.reap()", broker=broker).returncode == 0
        assert messages.llen("train") == 0, "what was just sent is given time to arrive"
        long_ago = timezone.now() - timedelta(seconds=3 * django_settings.REAPER_INTERVAL + 1)
        Stage.objects.filter(round=started, name="train").update(nudged_at=long_ago)
        assert in_a_worker(data_folder, "tasks.reap()", broker=broker).returncode == 0
        assert messages.llen("train") == 1


WORKER = """
import importlib
from dataclasses import replace
def in_process(module, arguments, *, log, tick):  # it is the worker that is killed here; a child of its own takes seconds to start
    log.touch()
    assert importlib.import_module(module).main(arguments) == 0
    tick()
child.run = in_process
name, round_pk = sys.argv[1], int(sys.argv[2])
def carry_out(attempt, real=rounds.SPECS[name].carry_out):
    real(attempt)
    os.kill(os.getpid(), signal.SIGKILL)
rounds.SPECS[name] = replace(rounds.SPECS[name], carry_out=carry_out)
while rounds.advance(round_pk=round_pk):
    pass
"""


def work_until_killed_in(name: str, started: Round, folder: Path) -> None:
    """A worker that carries out what is due and dies at the end of this stage, before it can say that it was done."""
    done = in_a_worker(folder, WORKER, name, str(started.pk))
    assert done.returncode == -9, done.stderr[-2000:]


@pytest.mark.long
@pytest.mark.one_engine
@pytest.mark.django_db(transaction=True)
def test_f16_a_worker_that_is_killed_in_every_stage_costs_no_label_and_doubles_nothing(data_folder: Path) -> None:
    project = projects.create_project(slug="algebra")
    label_solutions(project, problems=12)
    fill_pool(project, problems=4)
    started = rounds.start_round(project=project, config=CONFIG)
    for name in KILLED:
        work_until_killed_in(name, started, data_folder)
        dead = Stage.objects.get(round=started, name=name)
        if dead.state == JobState.DONE:
            continue  # it is done in one transaction with what it makes
        Stage.objects.filter(pk=dead.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
        assert rounds.reap() == 1
    while rounds.advance(round_pk=started.pk):
        pass
    started = Round.objects.get(pk=started.pk)
    assert (started.state, started.error) == (RoundState.DONE, "")
    assert Score.objects.count() == 16
    assert Selected.objects.filter(round=started).count() == 4
    assert WorkItem.objects.filter(batch=started.batch).count() == 4
    assert project.rounds.count() == project.snapshots.count() == project.reward_models.count() == 1
