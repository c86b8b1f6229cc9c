"""`grade_answers`: lines in, the same lines with their grade out, whole or not at all."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.grading.lines import LinesRefused, grade_lines


def graded(*records: Any) -> list[dict[str, Any]]:
    sink = io.BytesIO()
    grade_lines(io.BytesIO("".join(json.dumps(record) + "\n" for record in records).encode()), sink)
    return [json.loads(line) for line in sink.getvalue().split(b"\n") if line]


def test_each_line_comes_out_with_its_grade_and_its_other_keys() -> None:
    first, second = graded({"id": 7, "given": "18.0", "truth": "18", "text": "é\u2028"}, {"given": None, "truth": "1"})
    assert list(first) == ["id", "given", "truth", "text", "verdict", "strict", "symbolic", "seconds"]
    assert (first["verdict"], first["strict"], first["symbolic"], first["text"]) == ("right", True, True, "é\u2028")
    assert second["verdict"] == "wrong"


def test_the_summary_counts_the_verdicts() -> None:
    lines = b'{"given": "1", "truth": "1"}\n{"given": "1", "truth": "2"}\n{"given": "1", "truth": null}\n'
    done: list[int] = []
    found = grade_lines(io.BytesIO(lines), io.BytesIO(), progress=done.append)
    assert (found.rows, found.right, found.wrong, found.undecided) == (3, 1, 1, 1)
    assert done == [1, 2, 3]


def test_bad_lines_are_listed_and_nothing_is_written() -> None:
    sink = io.BytesIO()
    lines = b'{"given": "1", "truth": "1"}\n{"given": 1}\n[]\n{"given": "1", "given": "2", "truth": "1"}\n'
    with pytest.raises(LinesRefused) as caught:
        grade_lines(io.BytesIO(lines), sink)
    assert [(found.line, found.field) for found in caught.value.refusals] == [
        (2, "given"),
        (2, "truth"),
        (3, "json"),
        (4, "given"),
    ]
    assert sink.getvalue() == b""


def test_no_more_than_a_hundred_bad_lines_are_listed() -> None:
    with pytest.raises(LinesRefused) as caught:
        grade_lines(io.BytesIO(b"{}\n" * 1000), io.BytesIO())
    assert len(caught.value.refusals) == 100


def test_the_command_writes_the_file_and_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"given": "1", "truth": "1"}\n', encoding="utf-8")
    call_command("grade_answers", input=str(source), output=str(target), json=True)
    assert json.loads(capsys.readouterr().out) == {
        "rows": 1,
        "right": 1,
        "wrong": 0,
        "undecided": 0,
        "seconds": pytest.approx(0, abs=2),
    }
    assert json.loads(target.read_text(encoding="utf-8"))["verdict"] == "right"


def test_the_command_leaves_no_file_where_a_line_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"given": "1"}\n', encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("grade_answers", input=str(source), output=str(target))
    assert f"{source}:1: truth: is missing" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_an_absent_input_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("grade_answers", input=str(tmp_path / "none"))
