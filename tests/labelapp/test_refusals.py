"""A72: production refuses to start unsafe: the real programs, each reason in one clear line, exit code 1, no traceback."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from labelapp.checks import missing_supplier, unusable_generators
from tests.faults.private_postgres import PrivatePostgres
from tests.labelapp.processes import SAFE, environment, free_port, run

UNSAFE = {
    "a missing key": ({"SECRET_KEY": None}, "SECRET_KEY is not set."),
    "a default key": ({"SECRET_KEY": "django-insecure-" + "abcdefgh" * 8}, "SECRET_KEY is a default one"),
    "a short key": ({"SECRET_KEY": "abcdefghijklmnopqrstuvwxyz"}, "SECRET_KEY is too easy to guess"),
    "a monotonous key": ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY is too easy to guess"),
    "debugging": ({"DEBUG": "1"}, "DEBUG is on"),
    "any host": ({"ALLOWED_HOSTS": "labels.example.org,*"}, "ALLOWED_HOSTS is *"),
    "no host": ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is not set"),
    "SQLite unasked for": ({"LABELAPP_ALLOW_SQLITE": None}, "DATABASE_URL is not set or names SQLite"),
    "a database that does not answer": (
        {"DATABASE_URL": "postgres://x:y@127.0.0.1:9/z"},
        "The database does not answer",
    ),
    "an open Redis elsewhere": (
        {"REDIS_URL": "redis://redis.example.org:6379/0"},
        "Redis on redis.example.org is used without a password",
    ),
    "no public address": ({"PUBLIC_URL": None}, "PUBLIC_URL is not set"),
    "a supplier that is not there": (
        {"LABELAPP_STEP_SUPPLIER": "activelearning.domains.next_steps.nothing"},
        "STEP_SUPPLIER names 'activelearning.domains.next_steps.nothing', which is not there",
    ),
    "a public address in the clear": ({"PUBLIC_URL": "http://labels.example.org"}, "is not https"),
}
GUNICORN = ["-m", "gunicorn", "--bind", "127.0.0.1:0"]


# By default some; six of the reasons are said by three programs below in any case.
CASES = UNSAFE if os.environ.get("LABELAPP_TEST_ALL") else [*UNSAFE][:1] + [*UNSAFE][-5:]


@pytest.mark.parametrize("case", CASES)
def test_the_web_refuses_to_start_with(case: str, tmp_path: Path) -> None:
    changes, line = UNSAFE[case]

    ended = run(GUNICORN, environment(tmp_path, **(SAFE | changes)))

    assert ended.returncode == 1
    said = [text for text in ended.stderr.splitlines() if text.startswith("labelapp refuses to start: ")]
    assert len(said) == 1
    assert line in said[0]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "program",
    [
        ["-m", "celery", "-A", "labelapp", "worker", "-c", "1"],
        ["-m", "celery", "-A", "labelapp", "beat", "--pidfile="],
        ["manage.py", "up", "--port", "0"],
    ],
    ids=["worker", "clock", "up"],
)
def test_every_reason_is_said_at_once_by(program: list[str], tmp_path: Path) -> None:
    ended = run(
        program,
        environment(tmp_path, LABELAPP_ENV="production", DEBUG="1", ALLOWED_HOSTS="*", REDIS_URL="redis://10.0.0.1/0"),
    )

    assert ended.returncode == 1
    for reason in ("SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "PUBLIC_URL", "Redis", "SQLite"):
        assert reason in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_value_that_cannot_be_read_is_named_without_a_traceback(tmp_path: Path) -> None:
    ended = run(["manage.py", "check"], environment(tmp_path, LABELAPP_ENV="prodcution"))

    assert ended.returncode == 1
    assert "LABELAPP_ENV is 'prodcution'; it must be one of local, production." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_deployment_check_shows_the_same_reasons(tmp_path: Path) -> None:
    ended = run(["manage.py", "check", "--deploy"], environment(tmp_path, LABELAPP_ENV="production"))

    assert ended.returncode == 1
    assert all(code in ended.stderr for code in ("labelapp.E001", "labelapp.E003", "labelapp.E004", "labelapp.E006"))


def test_a_safe_installation_passes_the_deployment_check(tmp_path: Path) -> None:
    ended = run(["manage.py", "check", "--deploy", "--fail-level", "WARNING"], environment(tmp_path, **SAFE))

    assert ended.returncode == 0, ended.stderr


def test_up_refuses_a_database_that_lags_behind_in_production(tmp_path: Path) -> None:
    ended = run(["manage.py", "up", "--port", str(free_port())], environment(tmp_path, **SAFE))

    assert ended.returncode == 1
    assert "python manage.py migrate" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
def careless_postgres() -> Iterator[PrivatePostgres]:
    server = PrivatePostgres(fsync="off", synchronous_commit="off", full_page_writes="off")
    yield server
    server.close()


@pytest.mark.postgres_only
def test_a_postgres_that_may_lose_labels_is_refused(careless_postgres: PrivatePostgres, tmp_path: Path) -> None:
    ended = run(GUNICORN, environment(tmp_path, **SAFE, DATABASE_URL=careless_postgres.url))

    assert ended.returncode == 1
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"PostgreSQL has {name} off" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("path", "is_there"),
    [
        ("", True),
        ("activelearning.domains.next_steps.next_steps", True),
        ("tests.labelapp.test_refusals.run", True),
        ("tests.labelapp.test_refusals.GUNICORN", True),
        ("activelearning.domains.next_steps.nothing", False),
        ("activelearning.domains.nothing.next_steps", False),
        ("nothing.at.all", False),
        ("next_steps", False),
        ("..next_steps", False),
    ],
)
def test_a_supplier_is_looked_for_without_being_imported(
    path: str, is_there: bool, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "activelearning.domains.next_steps", raising=False)
    settings.STEP_SUPPLIER = path
    assert [found.id for found in missing_supplier(None)] == ([] if is_there else ["labelapp.E009"])
    assert "activelearning.domains.next_steps" not in sys.modules


@pytest.mark.parametrize(
    ("generators", "steps_by", "said"),
    [
        ({}, "", ""),
        ({"qwen": {"url": "http://gpu1:8000/v1", "model": "m"}}, "qwen", ""),
        ({"qwen": {"url": "file:///etc/passwd", "model": "m"}}, "", "qwen: url must begin with http"),
        ([], "", "must be an object of servers by name"),
        ({}, "qwen", "STEP_GENERATOR names 'qwen', which is no server of GENERATORS"),
    ],
)
def test_a_generator_that_nobody_could_ask_stops_every_start(
    generators: Any, steps_by: str, said: str, settings: LazySettings
) -> None:
    settings.GENERATORS, settings.STEP_GENERATOR = generators, steps_by
    found = unusable_generators(None)
    assert [problem.id for problem in found] == (["labelapp.E010"] if said else [])
    assert all(said in problem.msg for problem in found)


def test_a_local_generator_of_steps_must_be_a_folder_that_is_there(settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.STEP_SUPPLIER = tmp_path, "scorer"
    assert missing_supplier(None) == []
    for name in ("", "small"):
        settings.STEP_GENERATOR = name
        (problem,) = unusable_generators(None)
        assert f"STEP_GENERATOR names {name!r}, which is no folder of DATA_DIR/bases" in problem.msg
    (tmp_path / "bases" / "small").mkdir(parents=True)
    (tmp_path / "bases" / "small" / "config.json").write_text("{}")
    assert unusable_generators(None) == []
