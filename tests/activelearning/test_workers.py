"""Workers say that they are there: one row a host and its queues, gone when they end in order. A host's device is one."""

import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery.signals import worker_ready, worker_shutdown
from django.db import DatabaseError, connection
from django.utils import timezone

from activelearning import child, device, tasks, workers
from activelearning.hardware import Gpu, Hardware
from activelearning.models import WorkerHost

pytestmark = pytest.mark.django_db

CPU = Hardware(gpus=(), cores=2, memory_total=4 << 30, memory_free=1 << 30)
GPU = Hardware(
    gpus=(Gpu(name="NVIDIA H200", memory_total=139 << 30, memory_free=100 << 30),),
    cores=16, memory_total=128 << 30, memory_free=64 << 30,
)  # fmt: skip


@pytest.fixture
def as_host(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda name: monkeypatch.setattr("socket.gethostname", lambda: name)


def test_any_number_of_hosts_stand_side_by_side_trainers_first(as_host: Any) -> None:
    for host, queues, found in (("web1", ["default"], CPU), ("gpu2", ["train"], GPU), ("gpu1", ["train"], GPU)):
        as_host(host)
        workers.tell(queues=queues, found=found)
    assert [(row.host, row.trains) for row in workers.present()] == [("gpu1", True), ("gpu2", True), ("web1", False)]
    first = workers.present()[0]
    assert first.gpus == [{"name": "NVIDIA H200", "memory_total": 139 << 30, "memory_free": 100 << 30}]
    assert not workers.is_silent(first)


def test_a_worker_that_tells_again_keeps_its_one_row() -> None:
    workers.tell(queues=["train", "default"], found=CPU)
    workers.tell(queues=["default", "train"], found=GPU)
    row = WorkerHost.objects.get()
    assert (row.queues, row.cores) == ("default,train", 16)


def test_one_that_ends_leaves_and_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    workers.tell(queues=["train"], found=CPU)
    monkeypatch.setattr("annotation.jobs.this_process", lambda: "the one before")
    workers.leave(queues=["train"])
    assert WorkerHost.objects.count() == 1
    monkeypatch.undo()
    workers.leave(queues=["train"])
    assert WorkerHost.objects.count() == 0


def test_a_silent_one_is_said_to_be_so_and_forgotten_after_a_day() -> None:
    row = workers.tell(queues=["train"], found=CPU)
    for ago, silent, kept in (
        (timedelta(seconds=30), False, 1),
        (timedelta(minutes=5), True, 1),
        (timedelta(days=2), True, 0),
    ):
        WorkerHost.objects.filter(pk=row.pk).update(seen_at=timezone.now() - ago)
        assert workers.is_silent(WorkerHost.objects.get(pk=row.pk)) == silent
        tasks.reap()
        assert WorkerHost.objects.count() == kept


class Patient:
    """A teller in this thread, which goes round so many times; its connection is the test's and stays open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
        monkeypatch.setattr(connection, "close", lambda: None)
        self.looked = 0
        self.teller = workers.Teller(["train"], look=self._look)
        left = iter([False] * turns + [True])
        monkeypatch.setattr(self.teller, "_over", SimpleNamespace(is_set=lambda: next(left), wait=lambda _: None))

    def _look(self) -> Hardware:
        self.looked += 1
        return CPU

    def run(self) -> None:
        self.teller._keep_telling()


def test_it_tells_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    patient = Patient(monkeypatch, 3)
    patient.run()
    assert (patient.looked, WorkerHost.objects.count()) == (3, 1)


def test_a_database_that_is_away_is_told_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tell, faults = workers.tell, iter([DatabaseError("away"), None])

    def unreliable(**said: Any) -> None:
        if fault := next(faults):
            raise fault
        tell(**said)

    monkeypatch.setattr(workers, "tell", unreliable)
    Patient(monkeypatch, 2).run()
    assert WorkerHost.objects.count() == 1


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, list[str]]]]:
    """What a worker's teller was asked to do, instead of its thread."""
    done: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(workers.Teller, "start", lambda self: done.append(("start", self._queues)))
    monkeypatch.setattr(workers.Teller, "stop", lambda self: done.append(("stop", self._queues)))
    yield done
    assert not tasks._tellers


def test_a_celery_worker_begins_to_tell_when_it_is_ready_and_stops_when_it_ends(told: Any) -> None:
    class Consumer:
        task_consumer = SimpleNamespace(queues=[SimpleNamespace(name="default"), SimpleNamespace(name="train")])

    worker_ready.send(sender=Consumer())
    worker_shutdown.send(sender=None)
    assert told == [("start", ["default", "train"]), ("stop", ["default", "train"])]


# --- one job a device (over all projects: test_rounds.py) ----------------------------------------------------------------------------


def test_another_hosts_device_is_another_one_and_light_work_needs_none(
    settings: Any, tmp_path: Path, as_host: Any
) -> None:
    settings.DATA_DIR = tmp_path
    as_host("gpu1")
    with device.ours() as first, device.ours() as second, device.ours(wanted=False) as light:
        as_host("gpu2")
        with device.ours() as elsewhere:
            assert (first, second, light, elsewhere) == (True, False, True, True)
    as_host("gpu1")
    with device.ours() as again:
        assert again


def test_each_gpu_of_a_host_has_one_job_and_a_child_sees_its_own_alone(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(device, "here", lambda: ("GPU-a", "GPU-b"))
    with device.ours(count=2) as both, device.ours() as third:
        assert (both, third) == (True, False)
        assert child.environment()["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b"
    with device.ours() as first:
        assert child.environment()["CUDA_VISIBLE_DEVICES"] == "GPU-a"
        with device.ours(count=2) as two_more:
            assert not two_more
        with device.ours() as second, device.ours() as third:
            assert (first, second, third) == (True, True, False)
            assert child.environment()["CUDA_VISIBLE_DEVICES"] == "GPU-b"
        assert child.environment()["CUDA_VISIBLE_DEVICES"] == "GPU-a"
    monkeypatch.setattr(device, "here", lambda: ("cpu",))
    with device.ours(count=4) as alone:
        assert alone
        assert child.environment().get("CUDA_VISIBLE_DEVICES") == os.environ.get("CUDA_VISIBLE_DEVICES")


def test_the_lock_holds_against_another_thread_too(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    got: list[bool] = []

    def try_it() -> None:
        with device.ours() as free:
            got.append(free)

    with device.ours():
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert got == [False]
