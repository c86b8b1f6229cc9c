"""One training, scoring or sampling at a time on a device, over all projects: each GPU of a host is one, and its CPU where it has none."""

import fcntl
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from activelearning import hardware

CPU = "cpu"
_held: ContextVar[tuple[str, ...]] = ContextVar("held", default=())


@lru_cache(maxsize=1)
def here() -> tuple[str, ...]:
    """This host's devices that this process may use: the UUIDs of GPUs, or `CPU`. Asked once: a GPU does not come while a worker runs."""
    return tuple(gpu.uuid for gpu in hardware.look().gpus) or (CPU,)


def held() -> tuple[str, ...]:
    """The GPUs that are this block's, for a child process to see and no others; nothing where it computes on the CPU."""
    return tuple(name for name in _held.get() if name != CPU)


@contextmanager
def ours(*, wanted: bool = True, count: int = 1) -> Iterator[bool]:
    """Whether so many of this host's devices (all of them where it has fewer) are ours for the block; yes where none is `wanted`.

    The locks are the kernel's, so they end with their process however that dies; a worker that was only frozen still holds them.
    """
    if not wanted:
        yield True
        return
    names = here()
    with ExitStack() as locks:
        taken = _taken(locks, names, min(count, len(names)))
        if not taken:
            locks.close()
            yield False
            return
        token = _held.set(taken)
        try:
            yield True
        finally:
            _held.reset(token)


def _taken(locks: ExitStack, names: tuple[str, ...], count: int) -> tuple[str, ...]:
    """The first free ones; none of them where there are not enough."""
    folder = Path(settings.DATA_DIR) / "rounds"
    folder.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    for name in names:
        if len(found) < count:
            lock = locks.enter_context((folder / f"device-{socket.gethostname()}-{name}.lock").open("w"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found.append(name)
            except BlockingIOError:
                continue
    return tuple(found) if len(found) == count else ()
