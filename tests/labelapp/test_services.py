"""`script/services`: private, durable, and gone afterwards, whatever ended it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from tests.labelapp.processes import ROOT, end, eventually, runs

pytestmark = [pytest.mark.serial, pytest.mark.postgres_only]
SERVICES = [sys.executable, "script/services", "exec", "--without", "chromium", "--"]
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "LABELAPP_PG_ADMIN_URL", "LABELAPP_PG_DATA", "LABELAPP_PG_PORT")


@pytest.fixture
def env() -> dict[str, str]:
    """As a person has it who gave no addresses."""
    ours = (*ADDRESSES, "TEST_DATABASE_URL", "TEST_REDIS_URL")
    return {name: value for name, value in os.environ.items() if name not in ours}


def test_the_command_sees_durable_servers_and_its_exit_code_is_ours(env: dict[str, str]) -> None:
    command = ["bash", "-c", f"for name in {' '.join(ADDRESSES)}; do echo ${{!name}}; done; exit 7"]

    ended = subprocess.run([*SERVICES, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)

    assert ended.returncode == 7, ended.stderr
    database, broker, _, data, _ = ended.stdout.split()
    assert not Path(data).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database, connect_timeout=5)
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(broker).ping()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running_by(number: int, env: dict[str, str], tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = [
        "bash",
        "-c",
        f"echo $DATABASE_URL $LABELAPP_PG_DATA >{told}.new && mv {told}.new {told}; exec sleep 600",
    ]
    process = subprocess.Popen([*SERVICES, *command], cwd=ROOT, env=env, text=True)
    try:
        eventually(told.exists, "the command runs")
        database, data = told.read_text().split()
        server = int((Path(data) / "postmaster.pid").read_text().split()[0])
        with psycopg.connect(database) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
            assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (
                False,
            )

        process.send_signal(number)

        eventually(lambda: not runs(server), "PostgreSQL is gone")
    finally:
        end(process)
    shutil.rmtree(Path(data).parent, ignore_errors=True)  # a SIGKILL leaves the folder


def test_a_service_that_cannot_be_had_is_named(env: dict[str, str], tmp_path: Path) -> None:
    bare = {**env, "PATH": str(tmp_path), "LABELAPP_PG_BIN": str(tmp_path)}
    command = [
        sys.executable,
        "script/services",
        "exec",
        "--without",
        "chromium",
        "--without",
        "postgres",
        "--",
        "true",
    ]

    ended = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, timeout=60)

    assert ended.returncode == 1
    assert "TEST_REDIS_URL" in ended.stderr
    assert "Traceback" not in ended.stderr
