"""Messages are nudges: which queue they go by, what a lost or repeated one costs, and what the processes that send them must not load."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kombu.exceptions import OperationalError as BrokerAway

from activelearning import rounds, tasks
from activelearning.models import Round, RoundState
from annotation.models import JobState, Project

Sent = list[tuple[int, str]]


@pytest.fixture(autouse=True)
def own_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """What would have been sent: (round, queue)."""
    found: Sent = []

    def remember(arguments: tuple[int, str], queue: str) -> None:
        assert arguments[1] == queue
        found.append(arguments)

    monkeypatch.setattr(tasks.advance, "apply_async", remember)
    return found


@pytest.fixture
def started(project: Project, monkeypatch: pytest.MonkeyPatch) -> Round:
    """A round whose stages do nothing."""
    specs = {name: replace(spec, carry_out=lambda _: {}) for name, spec in rounds.SPECS.items()}
    monkeypatch.setattr(rounds, "SPECS", specs)
    return rounds.start_round(project=project, config={})


def test_training_and_scoring_go_by_the_train_queue_and_the_rest_by_the_default_one(started: Round, sent: Sent) -> None:
    tasks.nudge(started.pk)
    while sent and len(sent) < 20:
        tasks.advance(*sent[-1])
        if Round.objects.get().state == RoundState.DONE:
            break
    queues = ["default", "train", "train", "default", "default", "train", "default", "default"]
    assert [queue for _, queue in sent] == queues


def test_a_repeated_message_changes_nothing(started: Round, sent: Sent) -> None:
    tasks.advance(started.pk, "default")
    before = list(started.stages.values_list("state", "attempt"))
    for _ in range(10):
        tasks.advance(started.pk, "default")
    assert list(started.stages.values_list("state", "attempt")) == before


def test_a_message_of_a_round_that_is_gone_changes_nothing(project: Project) -> None:
    tasks.advance(12345, "default")
    assert not Round.objects.exists()


def test_f15_a_lost_message_is_sent_again_by_the_reaper_and_a_fresh_one_is_not(started: Round, sent: Sent) -> None:
    tasks.reap()
    tasks.reap()
    assert sent == [(started.pk, "default")]


def test_f14_without_a_broker_the_round_is_kept_and_nudged_later(
    started: Round, monkeypatch: pytest.MonkeyPatch, sent: Sent
) -> None:
    remember: Callable[..., None] = tasks.advance.apply_async

    def away(*_: Any, **__: Any) -> None:
        raise BrokerAway("connection refused")

    monkeypatch.setattr(tasks.advance, "apply_async", away)
    tasks.nudge(started.pk)
    monkeypatch.setattr(tasks.advance, "apply_async", remember)
    tasks.reap()
    assert sent == [(started.pk, "default")]


def test_nothing_is_sent_for_a_round_that_is_over(started: Round, sent: Sent) -> None:
    rounds.cancel_round(round_=started)
    tasks.nudge(started.pk)
    tasks.reap()
    assert sent == []
    assert set(started.stages.values_list("state", flat=True)) == {JobState.CANCELLED}


@pytest.mark.parametrize("module", ["labelapp.wsgi", "labelapp.celery"])
def test_neither_the_web_process_nor_the_worker_loads_torch(module: str) -> None:
    program = (
        f"import sys, importlib; importlib.import_module('{module}')\n"
        "import django; django.setup()\n"
        "import activelearning.tasks, annotation.tasks, labelapp.urls\n"
        "heavy = {'torch', 'transformers', 'accelerate', 'peft'} & sys.modules.keys()\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
