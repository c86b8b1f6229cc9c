"""Training yields to people, in their own session and, where the system weighs sessions against each other, as a session."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotation import priority


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    found = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield found
    found.kill()
    found.wait()


def session_of(pid: int) -> str:
    """ "/autogroup-17 nice 0"; "… nice 19" where there is no such file."""
    path = Path(f"/proc/{pid}/autogroup")
    return path.read_text().strip() if path.exists() else f"nice {priority.CHILDREN}"


def test_a_process_and_its_session_go_last_and_nobody_else_does(process: subprocess.Popen[bytes]) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0), session_of(os.getpid())
    priority.lower(process.pid, priority.CHILDREN)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
    assert session_of(process.pid).endswith("nice 19")
    assert (os.getpriority(os.PRIO_PROCESS, 0), session_of(os.getpid())) == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has an idle class")
def test_training_is_in_the_idle_class_and_the_scorer_is_not(process: subprocess.Popen[bytes]) -> None:
    priority.lower(process.pid, priority.SCORER)
    assert os.sched_getscheduler(process.pid) == os.SCHED_OTHER
    priority.lower(process.pid, priority.CHILDREN)
    assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_where_the_idle_class_is_forbidden_niceness_holds(
    process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", forbidden, raising=False)
    priority.lower(process.pid, priority.CHILDREN)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19


def test_what_runs_in_somebodys_session_does_not_lower_that() -> None:
    """A scorer that was started by hand, in a shell; and it is not made to go sooner than before."""
    before = session_of(os.getpid())
    process = subprocess.Popen(["sleep", "60"])
    priority.lower(process.pid, priority.CHILDREN)
    priority.lower(process.pid, priority.SCORER)
    found = os.getpriority(os.PRIO_PROCESS, process.pid)
    process.kill()
    process.wait()
    assert found == priority.CHILDREN
    assert session_of(os.getpid()) == before


def test_a_process_that_has_ended_is_left_alone_like_all_others(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    before = os.getpriority(os.PRIO_PROCESS, 0)
    priority.lower(process.pid, priority.CHILDREN)  # no error
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
