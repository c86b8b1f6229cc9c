"""`manage.py train_reward_model` and `score_solutions`: the same words as the child processes, JSON where asked."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.activelearning.records import SMALL, mixed_records, record, write


def test_labels_become_a_model_and_the_model_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path / "data.jsonl", mixed_records(6))
    (tmp_path / "config.json").write_text(json.dumps(SMALL))
    words = ["--kind", "prm", "--data", data, "--output", tmp_path / "model", "--config", tmp_path / "config.json"]
    call_command("train_reward_model", *map(str, words), "--json")
    assert json.loads(capsys.readouterr().out)["kind"] == "prm"
    source = write(tmp_path / "in.jsonl", [{"problem": "p", "steps": ["a", "b"], "x": 1}])
    words = ["--model", tmp_path / "model", "--input", source, "--output", tmp_path / "out", "--json"]
    call_command("score_solutions", *map(str, words))
    assert json.loads(capsys.readouterr().out)["solutions"] == 1
    assert json.loads((tmp_path / "out").read_text())["x"] == 1


def test_refused_data_fails_the_command_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write(tmp_path / "data.jsonl", [record([1, 1])])
    with pytest.raises(CommandError):
        call_command("train_reward_model", "--kind", "prm", "--data", str(data), "--output", str(tmp_path / "model"))
    assert "needs steps rated -1" in capsys.readouterr().err
