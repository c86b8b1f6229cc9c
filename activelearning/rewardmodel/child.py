"""What a child process owes its parent: to die with it, and to say how far it is. No torch, so that it stands before anything slow."""

import ctypes
import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

_PR_SET_PDEATHSIG = 1
_LOOK = 0.5  # seconds between looks at the parent where the kernel does not tell
_AT_START = os.getppid()


@contextmanager
def importing() -> Iterator[None]:
    """Around the import of torch and transformers: what they make stays, and looking for garbage in it is a sixth of their time."""
    if "torch" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def die_with_parent(parent: int | None = None) -> None:
    """From here on this process is killed when its parent dies; at once where it already has.

    `parent` is the parent's process id where the caller gave it; else the one that was there when this module was imported. On Linux the
    kernel kills (when the *thread* that started us ends, so start children from a thread that stays); elsewhere a thread looks.
    """
    expected = parent or _AT_START
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    threading.Thread(target=_watch, args=(expected,), daemon=True, name="watch-parent").start()
    # The parent may have died before the line above took hold.
    if os.getppid() != expected:
        _die()


def _watch(expected: int) -> None:
    while os.getppid() == expected:
        time.sleep(_LOOK)
    _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Progress:
    """Appends one JSON line a report to a file, at most one every `every` seconds (the last of a stage always); a bar on a terminal."""

    def __init__(self, path: Path | None, *, terminal: TextIO | None = None, every: float = 0.5) -> None:
        self._file = path.open("a", encoding="utf-8") if path else None
        self._terminal = terminal if terminal is not None and terminal.isatty() else None
        self._every = every
        self._next = 0.0

    def report(self, *, last: bool = False, **facts: Any) -> None:
        if not last and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every
        if self._file is not None:
            self._file.write(json.dumps(facts) + "\n")
            self._file.flush()
        if self._terminal is not None:
            self._terminal.write("\r" + bar(facts) + ("\n" if last else ""))
            self._terminal.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def bar(facts: Mapping[str, Any], width: int = 30) -> str:
    """`train [#####.....] 120/450 loss 0.512 eta 14 s`."""
    done, total = facts.get("step", facts.get("done", 0)), facts.get("steps", facts.get("total"))
    filled = round(width * done / total) if total else 0
    words = [f"{facts.get('stage')} [{'#' * filled}{'.' * (width - filled)}] {done}/{total or '?'}"]
    if facts.get("loss") is not None:
        words.append(f"loss {facts['loss']:.3f}")
    if facts.get("eta_seconds") is not None:
        words.append(f"eta {facts['eta_seconds']:.0f} s")
    return " ".join(words).ljust(78)
