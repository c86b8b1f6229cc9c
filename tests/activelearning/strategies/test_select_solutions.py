"""`manage.py select_solutions` over files: rank order, keys kept, refusals with line and field."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.activelearning.records import write


def line(name: str, score: float | None, **changes: Any) -> dict[str, Any]:
    return {"problem": "p", "steps": [name], "prm_score": score, "is_correct": False, "note": {"kept": name}} | changes


LINES = [
    line("a", 0.2),
    line("b", 0.9),
    line("c", 0.95, is_correct=True),
    line("d", 0.94, is_correct=None),
    line("e", 0.93, verdict="undecided"),
    line("f", 0.5, verdict="wrong", is_correct=None),
    line("g", None),
]


def choose(folder: Path, lines: list[Any], **options: Any) -> list[dict[str, Any]]:
    source = write(folder / "in.jsonl", lines)
    settings = {"strategy": "convincing_wrong", "budget": 10} | options
    call_command("select_solutions", input=str(source), output=str(folder / "out.jsonl"), **settings)
    return [json.loads(text) for text in (folder / "out.jsonl").read_text().splitlines()]


def test_chosen_lines_come_in_rank_order_with_what_they_had(tmp_path: Path) -> None:
    found = choose(tmp_path, LINES)
    assert [one["steps"] for one in found] == [["b"], ["f"], ["a"]]
    assert [one["selection"]["rank"] for one in found] == [1, 2, 3]
    assert found[0]["note"] == {"kept": "b"}
    assert found[0]["selection"] == {"rank": 1, "strategy": "convincing_wrong", "reason": "wrong answer, score 0.9000"}


def test_uniform_needs_neither_score_nor_verdict(tmp_path: Path) -> None:
    bare = [{"problem": "p", "steps": [str(i)]} for i in range(5)]
    assert len(choose(tmp_path, bare, strategy="uniform", budget=3)) == 3


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"problem": "p", "steps": ["a"], "is_correct": False}, "in.jsonl:2: prm_score: is missing"),
        ({"problem": "p", "steps": ["a"], "prm_score": 0.5}, "in.jsonl:2: verdict: is missing"),
        (line("a", 0.5, verdict="maybe"), "in.jsonl:2: verdict: must be one of"),
        (line("a", 0.5, is_correct=0), "in.jsonl:2: is_correct: must be true or false"),
        (line("a", 0.5, steps=[]), "in.jsonl:2: steps: has no steps"),
        ([], "in.jsonl:2: json: must be an object"),
    ],
)
def test_a_line_that_cannot_be_chosen_from_is_refused(tmp_path: Path, wrong: Any, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        choose(tmp_path, [LINES[0], wrong])
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("name", ["nonsense", "mixed=0.5,nonsense=0.5"])
def test_a_strategy_that_is_not_built_is_refused_with_those_that_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="built are uniform, convincing_wrong, mixed"):
        choose(tmp_path, LINES, strategy=name)


def test_stdout_carries_the_lines_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in.jsonl", LINES)
    call_command("select_solutions", "--json", strategy="mixed", budget=2, input=str(source))
    out, err = capsys.readouterr()
    assert [json.loads(text)["selection"]["rank"] for text in out.splitlines()] == [1, 2]
    assert json.loads(err) == {"read": 7, "chosen": 2, "strategy": "mixed"}
