"""An installation in processes of its own: a database and a web process, each of which a test may kill and start again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.private_postgres import PrivatePostgres, free_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Installation:
    """A database, a web process that can be killed, and the environment in which our own programs see both.

    Without a PostgreSQL of its own it has an SQLite file in its data folder.
    """

    postgres: PrivatePostgres | None
    data_dir: Path
    port: int = field(default_factory=free_port)
    web: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        # Redis is of no account to a label: the installation has none.
        kept = {k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "DATABASE_URL", "LABELAPP_PROCESS")}
        database = {"DATABASE_URL": self.postgres.url} if self.postgres else {}
        return {**kept, **database, "LABELAPP_DATA_DIR": str(self.data_dir), "LOG_LEVEL": "CRITICAL"}

    @property
    def database(self) -> PrivatePostgres:
        if self.postgres is None:
            raise RuntimeError("this installation has no PostgreSQL server")
        return self.postgres

    def execute(self, statement: str) -> None:
        """One SQL statement, beside the running web process."""
        if self.postgres:
            with psycopg.connect(self.postgres.url, autocommit=True) as connection:
                connection.execute(statement)  # type: ignore[call-overload]  # the tests' own text
        else:
            with closing(sqlite3.connect(self.data_dir / "labelapp.sqlite3", timeout=20)) as file, file:
                file.execute(statement)

    def run(self, *arguments: str) -> str:
        done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start_web(self) -> None:
        self.web = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "labelapp.wsgi", "--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread",
                "--threads", "8", "--log-level", "critical",
            ],
            cwd=ROOT, env={**self.env, "LABELAPP_PROCESS": "web"}, start_new_session=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill_web(self) -> None:
        if self.web is not None:
            os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait()

    def close(self) -> None:
        self.kill_web()
        if self.postgres:
            self.postgres.close()


def stored_in(installation: Installation) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(installation.run("tests/faults/ledger_app.py", "audit"))
    return rows
