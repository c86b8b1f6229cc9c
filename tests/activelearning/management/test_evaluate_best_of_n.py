"""`evaluate_best_of_n`: lines in, one JSON object or a table out, figures beside it, refusals by line."""

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from activelearning.evaluation.best_of_n import PAPERS_N
from tests.activelearning.records import write

RULES = ("prm", "orm", "majority", "weighted_prm", "pass_at_n")


def sample(problem: str, answer: str | None, right: bool, prm: float | None, **more: Any) -> dict[str, Any]:
    return {"problem": problem, "answer": answer, "is_correct": right, "prm_score": prm, "orm_score": 0.5} | more


LINES = [
    sample("a", "0.5", True, 0.3, subject="Algebra", level=1),
    sample("a", "7", False, 0.6, subject="Algebra", level=1),
    sample("a", "0.50", True, 0.2, subject="Algebra", level=1),
    sample("a", "7", False, 0.1, subject="Algebra", level=1),
    sample("b", "3", True, 0.9, subject="Geometry", level=2),
    sample("b", None, False, 0.95, subject="Geometry", level=2),
]


def run(*words: object) -> str:
    from io import StringIO

    out = StringIO()
    call_command("evaluate_best_of_n", *map(str, words), stdout=out)
    return out.getvalue()


def measured(*words: object) -> dict[str, Any]:
    return json.loads(run(*words, "--json"))  # type: ignore[no-any-return]


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    return write(tmp_path / "samples.jsonl", LINES)


def test_every_rule_by_hand_where_all_samples_are_drawn(samples: Path) -> None:
    """Problem a: the best PRM score is wrong; two spellings of a half tie with two sevens, and lose by weight. Problem b is right."""
    found = measured("--samples", samples, "--trials", 4000, "--seed", 3)
    assert found["n"] == [1, 2, 4]
    assert found["prm"]["mean"][-1] == pytest.approx(0.5)
    assert found["prm"]["std"][-1] == pytest.approx(0.0)
    assert found["orm"]["mean"][-1] == pytest.approx((0.5 + 1.0) / 2)  # all scores tie
    assert found["weighted_prm"]["mean"][-1] == pytest.approx(0.5)
    assert found["majority"]["mean"][-1] == pytest.approx(0.75, abs=0.02)
    assert found["majority"]["std"][-1] == pytest.approx(0.25, abs=0.01)
    assert found["pass_at_n"]["mean"][-1] == pytest.approx(1.0)
    # One of four places: a is right in 2 of 4 draws; b, padded, in 1 of 4.
    for rule in RULES:
        assert found[rule]["mean"][0] == pytest.approx((0.5 + 0.25) / 2, abs=0.02)
    assert (found["problems"], found["samples"], found["without_answer"]) == (2, 6, 1)


def test_the_seed_makes_votes_repeat_and_the_rest_needs_none(samples: Path) -> None:
    one, same, other = (measured("--samples", samples, "--trials", 50, "--seed", seed) for seed in (1, 1, 2))
    assert one == same
    assert one["majority"] != other["majority"]
    assert all(one[rule] == other[rule] for rule in ("prm", "orm", "pass_at_n"))


def test_a_score_that_no_line_has_is_null_and_majority_is_measured_all_the_same(tmp_path: Path) -> None:
    bare = [{key: line[key] for key in ("problem", "answer", "is_correct")} for line in LINES]
    found = measured("--samples", write(tmp_path / "bare.jsonl", bare))
    assert (found["prm"], found["orm"], found["weighted_prm"]) == (None, None, None)
    assert found["majority"]["mean"]
    assert found["pass_at_n"]["mean"]


def test_the_papers_n_where_a_problem_has_a_hundred_samples_or_more(tmp_path: Path) -> None:
    dice = random.Random(1)
    lines = [sample(str(n % 2), "3", True, dice.random()) for n in range(200)]
    found = measured("--samples", write(tmp_path / "many.jsonl", lines), "--trials", 5)
    assert found["n"] == [n for n in PAPERS_N if n <= 100]
    assert found["prm"]["mean"] == pytest.approx([1.0] * 5)


def test_by_subject_level_and_quintile(samples: Path) -> None:
    by = measured("--samples", samples, "--by", "subject", "--by", "level", "--by", "quintile")["by"]
    assert list(by["subject"]) == ["Algebra", "Geometry"]
    assert by["subject"]["Geometry"]["prm"]["mean"] == pytest.approx([0.25, 0.5, 1.0])
    assert list(by["level"]) == ["1", "2"]
    assert [part["problems"] for part in by["quintile"].values()] == [2]  # both have half of their samples right


def test_two_models_are_compared_along_n_with_paired_intervals(samples: Path, tmp_path: Path) -> None:
    better = [line | {"prm_score": float(line["is_correct"])} for line in LINES]
    other = write(tmp_path / "better.jsonl", [*better[4:], *better[:4]])  # the order of problems does not matter
    found = measured("--samples", other, "--against", samples)
    assert found["against"]["prm"]["mean"][-1] == pytest.approx(0.5)
    last = found["difference"]["prm"][-1]
    assert last["difference"] == pytest.approx(0.5)
    assert last["interval"]["low"] == pytest.approx(0.0)
    assert last["interval"]["high"] == pytest.approx(1.0)
    assert found["difference"]["pass_at_n"][-1]["difference"] == 0.0
    with pytest.raises(CommandError, match="other problems"):
        run("--samples", other, "--against", write(tmp_path / "half.jsonl", LINES[:4]))


def test_a_reduction_makes_the_score_anew(tmp_path: Path) -> None:
    good, bad = {"-1": 0.0, "0": 0.0, "1": 1.0}, {"-1": 0.9, "0": 0.1, "1": 0.0}
    lines = [
        sample("a", "3", True, 0.1, rating_probs=[good]),
        sample("a", "7", False, 0.9, rating_probs=[good, bad]),
    ]
    file = write(tmp_path / "probs.jsonl", lines)
    assert measured("--samples", file)["prm"]["mean"] == pytest.approx([0.5, 0.0])
    found = measured("--samples", file, "--reduction", "minimum", "--neutral", "bad")
    assert found["prm"]["mean"] == pytest.approx([0.5, 1.0])
    assert (found["reduction"], found["neutral"]) == ("minimum", "bad")


def test_the_table_and_the_figures(samples: Path, tmp_path: Path) -> None:
    table = run("--samples", samples, "--figure", tmp_path / "n.svg", "--figure", tmp_path / "n.png").splitlines()
    assert table[0] == "2 problems, 6 samples, 1 without an answer"
    assert table[1].split() == ["N", *RULES]
    assert table[-1].split()[:3] == ["4", "50.0%", "±0.0%"]
    assert b"<svg" in (tmp_path / "n.svg").read_bytes()
    assert (tmp_path / "n.png").read_bytes().startswith(b"\x89PNG")


def test_refused_lines_are_named_and_nothing_is_measured(tmp_path: Path) -> None:
    lines = [LINES[0], LINES[0] | {"is_correct": "yes"}, {"problem": "a"}]
    file = write(tmp_path / "bad.jsonl", lines)
    with file.open("a") as more:
        more.write('{"problem": NaN}\n')
    with pytest.raises(CommandError) as refused:
        run("--samples", file, "--figure", tmp_path / "n.svg")
    assert str(refused.value).splitlines()[1:3] == [
        "bad.jsonl:2: is_correct: must be true or false",
        "bad.jsonl:3: answer: is missing",
    ]
    assert "bad.jsonl:4: " in str(refused.value)
    assert not (tmp_path / "n.svg").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--trials", "0"],
        ["--seed", "-1"],
        ["--figure", "n.pdf"],
        ["--by", "colour"],
        ["--reduction", "sum"],
    ],
)
def test_wrong_words_are_refused(samples: Path, words: list[str]) -> None:
    with pytest.raises(CommandError, match="argument"):
        run("--samples", samples, *words)


def test_a_file_that_is_not_there_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run("--samples", tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_bytes(b"")
    with pytest.raises(CommandError, match=r"empty.jsonl:1: file: is empty"):
        run("--samples", tmp_path / "empty.jsonl")


def test_no_number_is_nan(samples: Path) -> None:
    def numbers(value: Any) -> list[float]:
        if isinstance(value, dict | list):
            return [n for each in (value.values() if isinstance(value, dict) else value) for n in numbers(each)]
        return [value] if isinstance(value, float) else []

    assert all(math.isfinite(number) for number in numbers(measured("--samples", samples, "--by", "subject")))
