"""Processes kept alive together: restarted, given up, drained in order, gone with their parent."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.labelapp.processes import ROOT, children, end, eventually, runs

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Start]:
    """`supervise(one="code", two="code", grace=5)`: a supervisor over these Python programs, which may write to their folder.

    All are vital but those that `optional` names.
    """
    started = []

    def start(
        *, grace: float = 5.0, give_up_after: int = 5, optional: tuple[str, ...] = (), **programs: str
    ) -> subprocess.Popen[str]:
        code = f"""
            import os, sys
            from labelapp import supervision
            from labelapp.supervision import Program, Supervisor
            supervision.FIRST_PAUSE, supervision.GIVE_UP_AFTER = 0.05, {give_up_after}
            programs = [
                Program(
                    name=name, command=[sys.executable, "-c", code], environment={{}}, grace={grace},
                    vital=name not in {optional!r},
                )
                for name, code in {programs!r}.items()
            ]
            sys.exit(Supervisor(programs, lambda: None).run())
        """
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        end(process)


def program(body: str, *, name: str = "") -> str:
    """Writes its pid as a line of `NAME.pids` at each start, then does `body`."""
    head = f"import os, signal, sys, time\nopen({name + '.pids'!r}, 'a').write(str(os.getpid()) + '\\n')\n"
    return head + textwrap.dedent(body)


SLEEPS = "time.sleep(600)"
# Ends on SIGTERM and says when.
ORDERLY = """
    def leave(*_):
        open('ended', 'a').write({name!r} + ' ')
        sys.exit(0)
    signal.signal(signal.SIGTERM, leave)
    open({name!r} + '.ready', 'w').close()
    time.sleep(600)
"""


def pids(folder: Path, name: str) -> list[int]:
    """Of all its starts, whole lines only."""
    path = folder / f"{name}.pids"
    return [int(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


def test_a_program_that_ends_is_started_again(supervise: Start, tmp_path: Path) -> None:
    supervise(one=program(SLEEPS, name="one"))
    eventually(lambda: len(pids(tmp_path, "one")) == 1, "started")

    os.kill(pids(tmp_path, "one")[0], signal.SIGKILL)

    eventually(lambda: len(pids(tmp_path, "one")) == 2, "started again")
    assert runs(pids(tmp_path, "one")[1])


def test_the_first_program_that_fails_for_good_gives_the_exit_code_and_ends_the_others(
    supervise: Start, tmp_path: Path
) -> None:
    supervisor = supervise(
        steady=program(SLEEPS, name="steady"), broken=program("sys.exit(7)", name="broken"), give_up_after=3
    )

    assert supervisor.wait(timeout=60) == 7
    assert len(pids(tmp_path, "broken")) == 3
    assert not any(runs(pid) for pid in pids(tmp_path, "steady"))


def test_a_program_that_is_not_vital_is_tried_again_for_ever_and_takes_nobody_with_it(
    supervise: Start, tmp_path: Path
) -> None:
    supervisor = supervise(
        steady=program(SLEEPS, name="steady"),
        broken=program("sys.exit(7)", name="broken"),
        give_up_after=2,
        optional=("broken",),
    )

    eventually(lambda: len(pids(tmp_path, "broken")) >= 4, "tried more often than a vital one would be")
    assert supervisor.poll() is None
    assert runs(pids(tmp_path, "steady")[0])


def test_a_program_killed_for_good_is_told_as_a_shell_tells_it(supervise: Start) -> None:
    supervisor = supervise(broken=program("os.kill(os.getpid(), signal.SIGKILL)", name="broken"), give_up_after=2)

    assert supervisor.wait(timeout=60) == 137


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_programs_in_the_order_given(supervise: Start, tmp_path: Path, number: int) -> None:
    names = ("web", "clock", "worker")
    supervisor = supervise(**{name: program(ORDERLY.format(name=name), name=name) for name in names})
    eventually(lambda: all((tmp_path / f"{name}.ready").exists() for name in names), "all ready")

    supervisor.send_signal(number)

    assert supervisor.wait(timeout=60) == 0
    assert (tmp_path / "ended").read_text().split() == list(names)


def test_a_program_that_will_not_end_is_killed_with_its_children(supervise: Start, tmp_path: Path) -> None:
    stubborn = """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            open('child.pids', 'a').write(str(os.getpid()) + '\\n')
        time.sleep(600)
    """
    supervisor = supervise(one=program(stubborn, name="one"), grace=0.5)
    eventually(lambda: bool(pids(tmp_path, "child")), "its child runs")

    supervisor.terminate()

    assert supervisor.wait(timeout=60) == 0
    eventually(lambda: not any(runs(pid) for pid in pids(tmp_path, "one") + pids(tmp_path, "child")), "all are gone")


def test_a_second_signal_waits_for_nobody(supervise: Start, tmp_path: Path) -> None:
    supervisor = supervise(
        one=program("signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)", name="one"), grace=600
    )
    eventually(lambda: bool(pids(tmp_path, "one")), "started")

    supervisor.terminate()
    supervisor.send_signal(signal.SIGINT)  # another one: two of a kind may arrive as one

    assert supervisor.wait(timeout=60) == 0
    assert not any(runs(pid) for pid in pids(tmp_path, "one"))


def test_programs_die_with_a_supervisor_that_was_killed(supervise: Start, tmp_path: Path) -> None:
    supervisor = supervise(one=program(SLEEPS, name="one"), two=program(SLEEPS, name="two"))
    eventually(lambda: bool(pids(tmp_path, "one") and pids(tmp_path, "two")), "started")
    below = children(supervisor.pid)
    assert set(below) >= {*pids(tmp_path, "one"), *pids(tmp_path, "two")}

    supervisor.kill()

    eventually(lambda: not any(runs(pid) for pid in below), "all are gone", within=10)
