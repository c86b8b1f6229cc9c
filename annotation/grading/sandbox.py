"""A child process that parses and compares answers, killed at its time limit; a warm spare stands ready, so a kill costs no re-import."""

import json
import math
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CASE_SECONDS = 2.0  # the child's processor time for one case: a busy machine changes no verdict
BUSY = 10  # times as long by the clock, and the case is given up all the same
_START_SECONDS = 120.0  # imports on a busy machine; never part of a case's time
_CHILD = Path(__file__).with_name("child.py")
_LONGEST_REPLY = 10_000


class SandboxFailed(RuntimeError):
    """The child does not start here: a broken installation, not a verdict."""


class Sandbox:
    """One case at a time; use from one thread. Children start when first needed and end with the `with` block.

    A child whose parent dies reads the end of its input and ends, or runs into its own CPU limit.
    """

    def __init__(self, *, case_seconds: float = CASE_SECONDS) -> None:
        self.case_seconds = case_seconds
        self.started = 0  # children, for those who watch
        self._child: _Child | None = None
        self._spare: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for child in (self._child, self._spare):
            if child is not None:
                child.end()
        self._child = self._spare = None

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any] | None, float]:
        """The child's reply, or None where it took too long or died of the case (memory, CPU); and the seconds that the case took.

        They are seconds by the clock, `case_seconds` at most: beyond these the child works on only where the machine kept it waiting.
        """
        child = self._ready_child()
        started = time.monotonic()
        reply = child.ask(request, self.case_seconds)
        seconds = min(time.monotonic() - started, self.case_seconds)
        if reply is None:
            child.end()
            self._child = None
        return reply, seconds

    def _ready_child(self) -> "_Child":
        if self._child is None:
            self._child, self._spare = self._spare or self._start(), None
            self._child.wait_until_ready()
        if self._spare is None:
            self._spare = self._start()
        return self._child

    def _start(self) -> "_Child":
        self.started += 1
        return _Child()


class _Child:
    def __init__(self) -> None:
        # A bare environment: no PYTHONPATH, no secrets; a fixed hash seed, so that the same case is the same work.
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
            cwd="/",
            bufsize=0,
        )
        self.ready = False

    def wait_until_ready(self) -> None:
        if not self.ready and self._line(_START_SECONDS) != b"ready":
            self.end()
            raise SandboxFailed("The answer checker's process does not start; is math-verify installed?")
        self.ready = True

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        stdin = self.process.stdin
        if stdin is None:
            return None
        try:
            left = memoryview(json.dumps(request).encode("ascii") + b"\n")
            while left:
                left = left[stdin.write(left) :]
        except BrokenPipeError:
            return None
        line = self._line(BUSY * seconds, working=seconds)
        if line is None:
            return None
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _line(self, seconds: float, *, working: float = math.inf) -> bytes | None:
        """One line of its output; None after so many seconds or so much of its own work, at its end, or where it says too much."""
        stdout = self.process.stdout
        if stdout is None:
            return None
        output = select.poll()
        output.register(stdout, select.POLLIN)
        deadline, spent = time.monotonic() + seconds, _processor_seconds(self.process.pid)
        found = b""
        while not found.endswith(b"\n"):
            left = min(deadline - time.monotonic(), spent + working - _processor_seconds(self.process.pid))
            if left <= 0:
                return None
            if not output.poll(left * 1000):
                continue  # its work is looked at again
            piece = stdout.read(4096)
            if not piece or len(found) > _LONGEST_REPLY:
                return None
            found += piece
        return found.strip()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def _processor_seconds(pid: int) -> float:
    """What a child of ours has worked so far, to the kernel's tick. Where nobody tells (no Linux): the clock, as if it never waited."""
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return time.monotonic()
    user, system = told.rpartition(b")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
