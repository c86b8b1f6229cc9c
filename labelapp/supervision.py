"""A few processes kept alive together: restarted with growing pauses, drained in order, gone with their parent.

No thread and no framework: one loop that looks every tenth of a second.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

TICK = 0.1
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a restart; doubled each time
STEADY_AFTER = 30.0  # a process that ran this long has recovered: its next failure counts as the first
GIVE_UP_AFTER = 5  # failures in a row
PR_SET_PDEATHSIG = 1


@dataclass(kw_only=True)
class Program:
    """One process to keep alive, and how it is asked to end: with SIGTERM, and SIGKILL for its group `grace` seconds later."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    grace: float
    # What the kernel sends where we were killed ourselves. A web process may still answer what it has accepted.
    orphan_signal: signal.Signals = signal.SIGKILL
    # Whether the others are of no use without it. One that is not vital is tried again for ever.
    vital: bool = True
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_at: float = 0.0
    due_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours alone: we say who ends when
            preexec_fn=_dies_with(os.getpid(), self.orphan_signal),
        )
        self.started_at = time.monotonic()

    def failed(self) -> int | None:
        """The exit code where the process has ended, and the time of its next start is set; None while it runs or waits."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self._kill_group()
        self.process = None
        now = time.monotonic()
        self.failures = 1 if now - self.started_at >= STEADY_AFTER else self.failures + 1
        self.due_at = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self.failures - 1))
        return _shell_code(code)

    def stop(self, *, hurry: Callable[[], bool]) -> None:
        """Ended when this returns; `hurry` cuts the grace short."""
        if self.process is None:
            return
        self.process.terminate()
        deadline = time.monotonic() + self.grace
        while self.process.poll() is None and time.monotonic() < deadline and not hurry():
            time.sleep(TICK)
        if self.process.poll() is None:
            log.warning("killed: it did not end in time", program=self.name, seconds=self.grace)
        self._kill_group()
        self.process.wait()
        self.process = None

    def _kill_group(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Supervisor:
    """Keeps `programs` alive until a signal or until a vital one fails for good; `tick` is called at each look."""

    programs: list[Program]
    tick: Callable[[], None]
    signals: list[int] = field(default_factory=list)

    def run(self) -> int:
        """The exit code: 0 after SIGTERM or SIGINT, else that of the first program that failed for good."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._remember)
        try:
            return self._watch()
        finally:
            for program in self.programs:  # in the order given: the web first, so that nobody is cut off
                program.stop(hurry=lambda: len(self.signals) > 1)

    def _watch(self) -> int:
        while not self.signals:
            for program in self.programs:
                code = program.failed()
                if code is not None and program.vital and program.failures >= GIVE_UP_AFTER:
                    log.error("given up", program=program.name, exit_code=code, failures=program.failures)
                    return code or 1
                if code is not None:
                    pause = round(program.due_at - time.monotonic(), 1)
                    log.warning("ended; it will be started again", program=program.name, exit_code=code, seconds=pause)
                if program.process is None and time.monotonic() >= program.due_at:
                    program.start()
            self.tick()
            time.sleep(TICK)
        return 0

    def _remember(self, number: int, _: FrameType | None) -> None:
        self.signals.append(number)


def _shell_code(code: int) -> int:
    """128 + n for one that signal n ended, as a shell says it."""
    return code if code >= 0 else 128 - code


def _dies_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """To run in the child before it becomes its program: the kernel sends it `number` when we are gone (Linux)."""

    def ask_the_kernel() -> None:
        if sys.platform != "linux":
            return
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # gone before the kernel was told
            os._exit(1)

    return ask_the_kernel
