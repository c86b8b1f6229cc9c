"""Celery's queue in a folder, for an installation without Redis: one file a message, put and taken by renaming.

kombu's own filesystem transport creates a message's file in the place where readers look and then writes it, so that a reader may take
it half-written; the JSON error ends the whole worker. It also moves what it takes across file systems into the folder for temporary files.
"""

import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

import structlog
from kombu.transport import virtual

LONGEST_WAIT = 0.2  # seconds

log = structlog.get_logger(__name__)


class Channel(virtual.Channel):
    """Messages lie in `FOLDER/QUEUE/`, the oldest first by name. No exchanges beyond the direct ones: nothing here broadcasts."""

    supports_fanout = False

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        folder = self._folder(queue)
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
        beside = folder.parent / f"{name}.new"
        beside.write_text(json.dumps(message), encoding="utf-8")
        beside.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        folder = self._folder(queue)
        for name in sorted(os.listdir(folder)):
            mine = folder.parent / f"{name}.taken"
            try:
                (folder / name).rename(mine)
            except FileNotFoundError:  # another worker was faster
                continue
            text = mine.read_bytes()
            mine.unlink()
            try:
                message: dict[str, Any] = json.loads(text)
            except ValueError:
                # A crash of the machine can leave a name without its content. A nudge is lost; the reaper sends another.
                log.warning("an unreadable message was dropped", queue=queue, name=name)
                continue
            return message
        raise Empty

    def _size(self, queue: str) -> int:
        return len(os.listdir(self._folder(queue)))

    def _purge(self, queue: str) -> int:
        names = os.listdir(self._folder(queue))
        for name in names:
            (self._folder(queue) / name).unlink(missing_ok=True)
        return len(names)

    def _folder(self, queue: str) -> Path:
        """Queues are named by our own settings, so a name is a folder's name as it stands."""
        folder = Path(self.connection.client.transport_options["folder"]) / queue
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class Transport(virtual.Transport):
    """Queues' bindings are kept in memory: every process declares those that it uses."""

    Channel = Channel
    driver_type = driver_name = "folder"
    global_state = virtual.BrokerState()

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)  # type: ignore[no-untyped-call]
        self.state = self.global_state

    def drain_events(self, connection: Any, timeout: float | None = None, **more: Any) -> None:
        """A worker that is told to end does so between two waits, after one more: they are short."""
        shorter = timeout if timeout is None else min(timeout, LONGEST_WAIT)
        super().drain_events(connection, timeout=shorter, **more)  # type: ignore[no-untyped-call]

    def driver_version(self) -> str:
        return "1"
