"""A sign of life that worker and scorer leave from their own main loops: one that hangs falls silent though its process stands."""

import socket
import time
from pathlib import Path
from typing import Any

from celery import bootsteps

BEAT = 10.0  # seconds


def sign(data_folder: Path, what: str = "worker") -> Path:
    """The file that the worker on this host touches, or the scorer."""
    name = socket.gethostname()
    return data_folder / "alive" / (name if what == "worker" else f"{name}.{what}")


class Beat:
    """A sign of life for a loop that is its own: call it at each turn, and it touches the file every `BEAT` seconds."""

    def __init__(self, path: Path) -> None:
        self._path, self._next = path, 0.0
        path.parent.mkdir(exist_ok=True)

    def __call__(self) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + BEAT
            self._path.touch()


class SignOfLife(bootsteps.StartStopStep):  # type: ignore[misc]
    """Runs in the worker's loop of timers."""

    requires = {"celery.worker.components:Timer"}

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._repeated: Any = None

    def start(self, worker: Any) -> None:
        from django.conf import settings  # here: the settings need this package

        path = sign(settings.DATA_DIR)
        path.parent.mkdir(exist_ok=True)
        path.touch()
        self._repeated = worker.timer.call_repeatedly(BEAT, path.touch)

    def stop(self, worker: Any) -> None:
        if self._repeated is not None:
            self._repeated.cancel()
