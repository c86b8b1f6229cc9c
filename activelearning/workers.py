"""Which workers there are, on which hosts, with which devices: each worker says so of itself, when it starts and every half minute.

A row is what a worker last said; one that is silent for longer may be dead. Nothing is decided by these rows: they are for people.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.utils import timezone

from activelearning import hardware
from activelearning.models import WorkerHost
from annotation import jobs

TELL_EVERY = 30.0  # seconds
SILENT_AFTER = timedelta(seconds=100)  # three times unheard
FORGOTTEN_AFTER = timedelta(days=1)
LEAVE_WITHIN = 5.0  # seconds that an ending worker waits for its last word

log = structlog.get_logger(__name__)


def tell(*, queues: Sequence[str], found: hardware.Hardware) -> WorkerHost:
    """This process works on these queues with this hardware. A worker that was started anew takes the row of the one before it."""
    said = {
        "process": jobs.this_process(),
        "gpus": [{"name": g.name, "memory_total": g.memory_total, "memory_free": g.memory_free} for g in found.gpus],
        "cores": found.cores,
        "memory_total": found.memory_total,
        "memory_free": found.memory_free,
        "seen_at": Now(),
    }
    row, _ = WorkerHost.objects.update_or_create(host=_host(), queues=_joined(queues), defaults=said)
    return row


def leave(*, queues: Sequence[str]) -> None:
    """This process ends in order: its row goes, unless another has taken it."""
    WorkerHost.objects.filter(host=_host(), queues=_joined(queues), process=jobs.this_process()).delete()


def forget_silent() -> None:
    """Delete what nobody has heard of for a day."""
    WorkerHost.objects.filter(seen_at__lt=Now() - FORGOTTEN_AFTER).delete()


def present() -> list[WorkerHost]:
    """Trainers first, then by host."""
    return sorted(WorkerHost.objects.all(), key=lambda row: (not row.trains, row.host, row.queues))


def is_silent(row: WorkerHost) -> bool:
    return timezone.now() - row.seen_at > SILENT_AFTER


class Teller:
    """Tells from a thread of its own, so that neither a slow driver nor a locked database holds the worker's loop up.

    Its connection is closed after each time: nothing open may be inherited by a child that the worker starts.
    """

    def __init__(self, queues: Sequence[str], *, look: Callable[[], hardware.Hardware] = hardware.look) -> None:
        self._queues, self._look = list(queues), look
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_telling, name="teller", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(LEAVE_WITHIN)
        self._try(lambda: leave(queues=self._queues))

    def _keep_telling(self) -> None:
        while not self._over.is_set():
            self._try(lambda: tell(queues=self._queues, found=self._look()))
            self._over.wait(TELL_EVERY)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except DatabaseError as error:  # it may be back the next time
            log.warning("this worker could not say that it is here", reason=str(error).partition("\n")[0][:200])
        finally:
            connection.close()


def _host() -> str:
    return socket.gethostname()[:100]


def _joined(queues: Sequence[str]) -> str:
    return ",".join(sorted(queues))[:200]
