"""Our own programs, started for real in an environment of the test's making."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "LABELAPP_ENV": "production",
    "SECRET_KEY": "m3TfWvM9zJqkYpQ7dXn2rLc8hBs5gKw1uEa6oZi4-tests-only-0x",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "PUBLIC_URL": "https://labels.example.org",
    "LABELAPP_ALLOW_SQLITE": "1",
}
# Services under test, and what the browser tests ask of Django for their own process.
TAKEN_AWAY = ("DATABASE_URL", "REDIS_URL", "DJANGO_ALLOW_ASYNC_UNSAFE")


def environment(data_dir: Path, **changes: str | None) -> dict[str, str]:
    """Ours without what belongs to this run alone, with a data folder of its own; None takes a variable away."""
    merged = (
        {k: v for k, v in os.environ.items() if k not in TAKEN_AWAY} | {"LABELAPP_DATA_DIR": str(data_dir)} | changes
    )
    return {name: value for name, value in merged.items() if value is not None}


def database_url() -> str:
    """Where a program of ours finds the database of the test that runs."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    password = f":{quote(found['PASSWORD'], safe='')}" if found["PASSWORD"] else ""
    where = f"{found['HOST'] or 'localhost'}:{found['PORT'] or 5432}"
    return f"postgres://{quote(found['USER'], safe='')}{password}@{where}/{found['NAME']}"


def run(arguments: list[str], env: dict[str, str], *, timeout: float = 90) -> subprocess.CompletedProcess[str]:
    """`python ARGUMENTS` until it ends."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(true: Callable[[], bool], what: str, *, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Whether the process still does anything: a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    """Every process below this one."""
    try:
        direct = [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return direct + [below for child in direct for below in children(child)]


def end(process: subprocess.Popen[str]) -> None:
    """Whatever the test left of it."""
    for pid in [*children(process.pid), process.pid]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
