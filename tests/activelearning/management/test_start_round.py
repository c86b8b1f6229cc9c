"""`start_round` from the command line: alone, with a worker about, refused, and what it prints."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from activelearning import rounds, tasks
from activelearning.attempt import Attempt
from activelearning.child import ChildFailed
from activelearning.management.commands import start_round
from activelearning.models import Round, RoundState
from annotation.errors import DomainError
from annotation.models import Project


@pytest.fixture(autouse=True)
def alone(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No broker, no worker, and no patience."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(tasks.advance, "apply_async", lambda *_, **__: None)
    monkeypatch.setattr(start_round, "HEAD_START", 0.0)
    monkeypatch.setattr(start_round, "LOOK_EVERY", 0.01)


@pytest.fixture
def stages_do(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Attempt], dict[str, Any]]], None]:
    def use(carry_out: Callable[[Attempt], dict[str, Any]]) -> None:
        specs = {name: replace(spec, carry_out=carry_out) for name, spec in rounds.SPECS.items()}
        monkeypatch.setattr(rounds, "SPECS", specs)

    return use


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("start_round", "algebra", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_without_wait_the_round_is_started_and_left_to_the_workers(project: Project) -> None:
    assert json.loads(run("--json"))["state"] == "running"


def test_without_a_worker_it_carries_the_stages_out_itself(project: Project, stages_do: Any) -> None:
    stages_do(lambda _: {})
    shown = json.loads(run("--wait", "--json"))
    assert shown["state"] == "done"
    assert {stage["state"] for stage in shown["stages"]} == {"done"}


def test_a_summary_is_printed_for_people(project: Project, stages_do: Any) -> None:
    stages_do(lambda _: {})
    assert "Round 1 of Algebra: done." in run("--wait")


def test_a_stage_that_broke_is_tried_again_and_a_failed_round_is_an_error(project: Project, stages_do: Any) -> None:
    tries: list[int] = []

    def break_always(attempt: Attempt) -> dict[str, Any]:
        tries.append(1)
        raise ChildFailed("train was killed by signal 9")

    stages_do(break_always)
    with pytest.raises(CommandError, match="killed by signal 9"):
        run("--wait")
    assert len(tries) == 3
    assert Round.objects.get().state == RoundState.FAILED


def test_a_refused_stage_is_an_error_with_its_reason(project: Project, stages_do: Any) -> None:
    def refuse(_: Attempt) -> dict[str, Any]:
        raise DomainError("There are no labels.")

    stages_do(refuse)
    with pytest.raises(CommandError, match="There are no labels"):
        run("--wait")


def test_a_configuration_file_is_read_strictly(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "round.json"
    path.write_text('{"budget": 7}')
    assert json.loads(run("--config", str(path), "--json"))["config"]["budget"] == 7
    for wrong in ('{"budget": 7, "budget": 8}', '{"budget": NaN}', "[", '{"budgets": 7}'):
        path.write_text(wrong)
        with pytest.raises(CommandError):
            run("--config", str(path))
    with pytest.raises(CommandError):
        run("--config", str(tmp_path / "absent.json"))
    assert Round.objects.count() == 1


def test_a_second_start_and_an_unknown_project_are_errors(project: Project) -> None:
    run()
    with pytest.raises(CommandError, match="Round 1 is running"):
        run()
    with pytest.raises(CommandError, match="no project geometry"):
        call_command("start_round", "geometry")
