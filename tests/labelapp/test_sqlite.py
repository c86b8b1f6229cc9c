"""Transactions of one process take turns before SQLite sees them, and a turn always ends."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

pytestmark = pytest.mark.django_db

Connect = Callable[[], BaseDatabaseWrapper]


@pytest.fixture
def connect(tmp_path: Path) -> Connect:
    """Each call is a connection of its own to the same file."""
    options = {"transaction_mode": "IMMEDIATE", "timeout": 0.2}
    handler = ConnectionHandler(
        {"default": {"ENGINE": "labelapp.sqlite", "NAME": str(tmp_path / "a.sqlite3"), "OPTIONS": options}}
    )
    return lambda: handler.create_connection("default")


def begin(connection: BaseDatabaseWrapper) -> None:
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def test_a_second_transaction_waits_for_its_turn_and_is_told_when_that_takes_too_long(connect: Connect) -> None:
    first, second = connect(), connect()
    begin(first)
    with pytest.raises(OperationalError, match="another thread's transaction"):
        begin(second)
    first.commit()
    begin(second)
    second.rollback()
    first.close()
    second.close()


def test_a_turn_ends_with_its_connection(connect: Connect) -> None:
    first, second = connect(), connect()
    begin(first)
    first.close()
    begin(second)
    assert second.connection.in_transaction
    second.commit()
    second.close()


def test_a_turn_ends_where_another_process_holds_the_lock(connect: Connect, tmp_path: Path) -> None:
    first, second = connect(), connect()
    other = sqlite3.connect(tmp_path / "a.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        begin(first)
    other.execute("ROLLBACK")
    other.close()
    begin(second)
    second.commit()
    first.close()
    second.close()
