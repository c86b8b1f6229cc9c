"""Training and scoring run as child processes: one GPU context, all memory free at exit, killed as a group, gone when we are gone.

The web process and the Celery parent never import torch; they know the reward model by its command line alone.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from activelearning import device
from annotation import priority
from annotation.errors import DomainError

TICK = 1.0  # seconds between two looks at the child: a cancelled round is gone within two of them
LOG_TAIL = 4_000  # characters
# A child needs no secret of ours, and model code is the last place to leave one lying about.
WITHHELD = ("SECRET", "PASSWORD", "TOKEN", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "GENERATORS")


class ChildFailed(Exception):
    """The child broke: it ended with another code than 0, and not by its own refusal."""


class ChildRefused(DomainError):
    """The child said `error: …` and ended with 1: its input or settings are at fault, and the same again would end the same."""

    code = "refused_by_child"
    status = 409


class ProgressFile:
    """The JSON lines that a child appends, read as they come. A line torn by a kill is passed over, the next one counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._rest = b""

    def new(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._offset)
            read = file.read()
        self._offset += len(read)
        *lines, self._rest = (self._rest + read).split(b"\n")
        return [record for line in lines if (record := _record(line)) is not None]


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def run(module: str, arguments: list[str], *, log: Path, tick: Callable[[], None]) -> None:
    """`python -m MODULE ARGUMENTS`, its output appended to `log`; `tick` is called every second and stops it by raising.

    Raises `ChildFailed` or `ChildRefused`. Whatever ends this call, the child's whole process group is gone when it returns.
    """
    command = [sys.executable, "-m", module, *arguments, "--die-with-parent", str(os.getpid())]
    with log.open("ab") as output, _process(command, output) as process:
        begin = output.tell()
        while process.poll() is None:
            tick()
            _wait(process)
        tick()
    if process.returncode == 0:
        return
    end = tail(log, begin=begin)
    if process.returncode == 1 and (said := _refusal(end)):
        raise ChildRefused(said)
    raise ChildFailed(_broken(module, process.returncode, end))


def _broken(module: str, code: int, end: str) -> str:
    ended = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    last = next((line.strip() for line in reversed(end.splitlines()) if line.strip()), "it wrote nothing")
    return f"{module.rpartition('.')[2]} {ended}: {last}"[:1000]


def _refusal(end: str) -> str:
    """What stands after the last `error: ` at the beginning of a line, unless a traceback follows it."""
    _, mark, said = f"\n{end}".rpartition("\nerror: ")
    return "" if not mark or "Traceback (most recent call last)" in said else said.strip()[:2000]


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=TICK)
    except subprocess.TimeoutExpired:
        return


@contextmanager
def _process(command: list[str], output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=settings.BASE_DIR,
        env=environment(),
        start_new_session=True,
    )
    try:
        priority.lower(process.pid, priority.CHILDREN)
        yield process
    finally:
        _kill_group(process)


def environment() -> dict[str, str]:
    """What the child may know: our environment without secrets, our devices, one thread a library, and no way to the model hub."""
    kept = {name: value for name, value in os.environ.items() if not any(word in name for word in WITHHELD)}
    ours = device.held()
    return {
        **kept,
        # A GPU is one job's: the others of this host may be another's.
        **({"CUDA_VISIBLE_DEVICES": ",".join(ours)} if ours else {}),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Nothing gentler than SIGKILL: checkpoints are written beside and renamed, so there is nothing to save."""
    with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM of a group whose only member is a zombie
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tail(log: Path, *, begin: int = 0) -> str:
    """The end of a log as text, whatever bytes are in it; nothing from before `begin`, where another child wrote."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(begin, log.stat().st_size - LOG_TAIL))
        return file.read().decode("utf-8", errors="replace").replace("\0", "\ufffd")
