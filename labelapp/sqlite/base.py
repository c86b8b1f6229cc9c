"""SQLite with one writer at a time by a lock of the process, so that threads wait for each other there and not inside SQLite.

SQLite hands its one write lock out unfairly: whoever waits sleeps and tries again. Worse, a thread that waits inside SQLite keeps its
connection's mutex all the while. Where another thread's garbage collection comes to finalise a statement of that connection, it waits for
the mutex with Python's own lock in hand, and the whole process stands still until the wait ends. Waiting outside avoids both. Other
processes are still waited for by SQLite's own time-out.
"""

import threading
from collections import defaultdict
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

_writers: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # by the database's name


class DatabaseWrapper(base.DatabaseWrapper):
    """Every transaction is one that writes (`transaction_mode` is IMMEDIATE), and takes its turn before it begins."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: threading.Lock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        turn = _writers[str(self.settings_dict["NAME"])]
        if not turn.acquire(timeout=self.settings_dict.get("OPTIONS", {}).get("timeout", 5)):
            raise OperationalError("database is locked: another thread's transaction took too long")
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            turn.release()
            raise
        self._turn = turn

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.release()
