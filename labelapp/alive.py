"""A sign of life that a worker leaves from its own main loop: one that hangs falls silent though its process stands."""

import socket
from pathlib import Path
from typing import Any

from celery import bootsteps

BEAT = 10.0  # seconds


def sign(data_folder: Path) -> Path:
    """The file that the worker on this host touches."""
    return data_folder / "alive" / socket.gethostname()


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
