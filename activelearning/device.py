"""One training or scoring at a time on a host, over all projects."""

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


@contextmanager
def ours(*, wanted: bool = True) -> Iterator[bool]:
    """Whether this host's training device is ours for the block; yes where it is not `wanted`.

    The lock is the kernel's, so it ends with its process however that dies; a worker that was only frozen still holds it.
    """
    if not wanted:
        yield True
        return
    folder = Path(settings.DATA_DIR) / "rounds"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"device-{socket.gethostname()}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
