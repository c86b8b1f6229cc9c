"""The queue in a folder: what is put is taken once, whole, the oldest first."""

import json
import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.transport import virtual

from labelapp.broker import LONGEST_WAIT, Channel


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    with Connection(
        "folder://localhost", transport="labelapp.broker:Transport", transport_options={"folder": str(tmp_path)}
    ) as connection:
        yield connection.channel()


def test_messages_come_in_the_order_in_which_they_were_put(channel: Channel) -> None:
    for number in range(20):
        channel._put("default", {"number": number})

    assert [channel._get("default")["number"] for _ in range(20)] == list(range(20))
    with pytest.raises(Empty):
        channel._get("default")


def test_a_queue_holds_its_own_messages_alone(channel: Channel) -> None:
    channel._put("default", {})
    channel._put("train", {})

    assert channel._purge("default") == 1
    assert (channel._size("default"), channel._size("train")) == (0, 1)


def test_an_unreadable_message_is_dropped_and_the_next_one_taken(channel: Channel, tmp_path: Path) -> None:
    (tmp_path / "default").mkdir()
    (tmp_path / "default" / "0").write_text('{"torn": ')
    channel._put("default", {"number": 1})

    assert channel._get("default") == {"number": 1}
    assert list((tmp_path).rglob("*.taken")) == []


def test_several_readers_take_every_message_once_and_never_half_written(channel: Channel) -> None:
    messages, taken, broken = 400, [], []
    done = threading.Event()

    def read() -> None:
        while True:
            finished = done.is_set()
            try:
                message = channel._get("default")
            except Empty:
                if finished:
                    return
                continue
            (taken if len(message["body"]) == 5_000 else broken).append(message["number"])

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(messages):
        channel._put("default", {"number": number, "body": "x" * 5_000})
    done.set()
    for reader in readers:
        reader.join()

    assert broken == []
    assert sorted(taken) == list(range(messages))


def test_waits_for_messages_are_short_so_that_a_worker_ends_soon(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float | None] = []
    monkeypatch.setattr(virtual.Transport, "drain_events", lambda self, connection, timeout: waits.append(timeout))
    for asked in (2.0, 0.05, None):
        channel.connection.client.drain_events(timeout=asked)
    assert waits == [LONGEST_WAIT, 0.05, None]


def test_a_message_on_disk_is_plain_json(channel: Channel, tmp_path: Path) -> None:
    channel._put("default", {"text": "é"})

    (file,) = (tmp_path / "default").iterdir()
    assert json.loads(file.read_text(encoding="utf-8")) == {"text": "é"}
