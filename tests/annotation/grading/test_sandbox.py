"""The child process: killed at its limit, replaced by a warm one, gone with its parent."""

import os
import signal
import threading
import time

import pytest

from annotation.grading.sandbox import Sandbox, SandboxFailed, _Child

SLOW = {"given": "(x+y+z+w)^{60}", "truth": "3"}
QUICK = {"given": "x+1", "truth": "1+x"}


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_case_over_its_time_is_given_up_and_a_warm_spare_takes_over() -> None:
    with Sandbox(case_seconds=0.2) as sandbox:
        reply, seconds = sandbox.ask(SLOW)
        assert reply is None
        assert seconds == 0.2
        killed = sandbox.started
        sandbox.case_seconds = 60.0
        assert sandbox.ask(QUICK)[0] == {"symbolic": True}
        assert killed == 2
        assert sandbox.started == 3


def test_a_case_that_the_machine_keeps_waiting_is_answered_and_one_that_waits_for_ever_is_not() -> None:
    with Sandbox(case_seconds=60.0) as sandbox:
        sandbox.ask(QUICK)
        assert sandbox._child is not None
        pid = sandbox._child.process.pid
        sandbox.case_seconds = 0.2
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(0.6, os.kill, (pid, signal.SIGCONT)).start()
        assert sandbox.ask(QUICK) == ({"symbolic": True}, 0.2)
        os.kill(pid, signal.SIGSTOP)
        assert sandbox.ask(QUICK) == (None, 0.2)
        assert gone(pid)


def test_a_child_that_dies_of_a_case_is_no_answer() -> None:
    with Sandbox(case_seconds=60.0) as sandbox:
        assert sandbox.ask(QUICK)[0] == {"symbolic": True}
        assert sandbox._child is not None
        os.kill(sandbox._child.process.pid, signal.SIGKILL)
        assert sandbox.ask(QUICK)[0] is None
        assert sandbox.ask(QUICK)[0] == {"symbolic": True}


def test_no_process_is_left_behind() -> None:
    with Sandbox(case_seconds=60.0) as sandbox:
        sandbox.ask(QUICK)
        children = [child.process.pid for child in (sandbox._child, sandbox._spare) if child is not None]
    assert len(children) == 2
    assert all(gone(pid) for pid in children)


def test_a_child_whose_parent_has_gone_ends_by_itself() -> None:
    child = _Child()
    child.wait_until_ready()
    assert child.process.stdin is not None
    child.process.stdin.close()
    assert child.process.wait(timeout=60) == 0
    assert child.process.stdout is not None
    child.process.stdout.close()


def test_the_child_has_at_most_256_megabytes_and_no_files_to_write() -> None:
    child = _Child()
    child.wait_until_ready()
    with open(f"/proc/{child.process.pid}/limits", encoding="ascii") as file:
        limits = {line[:26].strip(): line[26:47].strip() for line in file}
    child.end()
    assert limits["Max address space"] == str(256 * 1024 * 1024)
    assert limits["Max file size"] == "0"
    assert limits["Max core file size"] == "0"


def test_the_child_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    child = _Child()
    child.wait_until_ready()
    with open(f"/proc/{child.process.pid}/environ", "rb") as file:
        environment = file.read()
    child.end()
    assert b"canary" not in environment


def test_a_child_that_does_not_start_is_an_error_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.grading.sandbox._CHILD", "/nonexistent/child.py")
    with Sandbox() as sandbox, pytest.raises(SandboxFailed, match="does not start"):
        sandbox.ask(QUICK)


def test_requests_larger_than_a_pipe_arrive_whole() -> None:
    with Sandbox(case_seconds=60.0) as sandbox:
        started = time.process_time()
        assert sandbox.ask({"differences": [["2", "😀" * 100_000]]})[0] == {"strict": False}
        assert time.process_time() >= started
