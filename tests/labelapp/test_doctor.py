"""`manage.py doctor`: what is wrong is named, with what to do; nothing is changed."""

import json
from pathlib import Path
from typing import Any

from tests.labelapp.processes import SAFE, environment, run


def findings(text: str) -> dict[str, dict[str, Any]]:
    return {finding["name"]: finding for finding in json.loads(text)["findings"]}


def test_an_installation_without_tables_and_broker_is_told_so(tmp_path: Path) -> None:
    ended = run(
        ["manage.py", "doctor", "--json"], environment(tmp_path, REDIS_URL="redis://:x@127.0.0.1:9/0"), timeout=200
    )

    assert ended.returncode == 1
    told = findings(ended.stdout)
    assert not told["migrations"]["ok"]
    assert told["migrations"]["todo"] == "python manage.py migrate"
    assert not told["broker"]["ok"]
    assert told["torch"]["ok"]
    assert "Traceback" not in ended.stderr


def test_an_unsafe_production_whose_database_does_not_answer_is_told_of_both(tmp_path: Path) -> None:
    changes = SAFE | {"DEBUG": "1", "DATABASE_URL": "postgres://x:y@127.0.0.1:9/z"}
    ended = run(["manage.py", "doctor"], environment(tmp_path, **changes), timeout=200)

    assert ended.returncode == 1
    assert "DEBUG is on" in ended.stdout
    assert "WRONG database: postgresql does not answer" in ended.stdout
    assert "mend DATABASE_URL" in ended.stdout
    assert "y@" not in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_safe_production_is_judged_as_at_its_start(tmp_path: Path) -> None:
    ended = run(["manage.py", "doctor"], environment(tmp_path, **SAFE), timeout=200)

    assert "nothing unsafe found" in ended.stdout
