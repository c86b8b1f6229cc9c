"""`evaluate_steps`: a model on labelled solutions of any published form, alone, against another, and by parts."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.activelearning.records import mixed_records, record, write
from tests.activelearning.rewardmodel.conftest import run_training


def run(*words: object) -> str:
    out = StringIO()
    call_command("evaluate_steps", *map(str, words), stdout=out)
    return out.getvalue()


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Twelve solutions of twelve problems, and four that are no verdict."""
    others = [
        record([1, -1], problem="qc", is_quality_control_question=True),
        record([1, -1], problem="screening", is_initial_screening_question=True),
        record([1], problem="given up"),
        record([None], problem="unrated"),
    ]
    others[2]["label"]["finish_reason"] = "give_up"
    return write(tmp_path / "labels.jsonl", mixed_records(12) + others)


@pytest.mark.one_engine
def test_one_model_in_a_process_of_its_own(labels: Path, trained: Path) -> None:
    found = json.loads(run("--data", labels, "--model", trained, "--resamples", "50", "--json"))
    assert (found["solutions"], found["problems"], found["with_error"]) == (12, 12, 6)
    assert found["left_out"] == {"give_up": 1, "no rating": 1, "quality control": 1, "screening": 1}
    assert 0.0 <= found["step_auc"] <= 1.0
    assert found["step_auc_interval"]["low"] <= found["step_auc"] <= found["step_auc_interval"]["high"]
    steps = found["right_steps"] + found["wrong_steps"]
    assert sum(sum(row.values()) for row in found["confusion"].values()) == steps == found["calibration"]["steps"]
    assert sum(one["steps"] for one in found["calibration"]["bins"]) == steps
    assert (found["neutral"], found["threshold"], found["without_score"]) == ("good", 0.5, 0)


@pytest.mark.usefixtures("in_process")
def test_against_another_model_and_by_parts(labels: Path, trained: Path, tmp_path: Path) -> None:
    assert run_training(tmp_path / "other", mixed_records(8), seed=2) == 0
    problems = [entry["question"]["problem"] for entry in mixed_records(12)]
    samples = [
        {"problem": text, "answer": "2", "is_correct": n % 3 > 0, "subject": "Algebra" if n < 4 else "", "level": n % 2}
        for n, text in enumerate(problems[:10])
    ]
    words = ["--data", labels, "--model", trained, "--against", tmp_path / "other" / "model", "--resamples", "20"]
    words += ["--samples", write(tmp_path / "samples.jsonl", samples), "--figure", tmp_path / "r.svg"]
    found = json.loads(run(*words, "--json"))
    for name in ("step_auc", "first_error_accuracy", "f1"):
        assert found["difference"][name]["difference"] == pytest.approx(found[name] - found["against"][name])
    assert {key: part["solutions"] for key, part in found["by"]["subject"].items()} == {"Algebra": 4}
    assert {key: part["solutions"] for key, part in found["by"]["level"].items()} == {"0": 5, "1": 5}
    assert {key: part["solutions"] for key, part in found["by"]["quintile"].items()} == {"2": 4, "4": 6}
    assert found["by"]["level"]["1"]["difference"]["step_auc"]["difference"] is not None
    assert b"<svg" in (tmp_path / "r.svg").read_bytes()
    said = run(*words)
    assert "12 solutions of 12 problems, 6 with an error; left out: 4, without a score: 0" in said
    assert "level 1: 5 solutions" in said
    assert re.search(
        r"step AUC +[0-9.]+% \(.*\)   against [0-9.]+%, difference [+-][0-9.]+ points \([+-].* to [+-].*\)", said
    )


@pytest.mark.usefixtures("in_process")
def test_published_files_are_read_as_annotations(trained: Path, tmp_path: Path) -> None:
    bench = {"id": "b-0", "problem": "p", "steps": ["Step 0 of it.", "Step 1 of it."], "label": 1}
    planted = {
        "original_question": "o", "modified_question": "m", "original_process": ["a", "b"], "modified_process": ["a", "x", "y"],
        "error_steps": [2], "idx": "i", "question": "o", "classification": "circular",
    }  # fmt: skip
    files = [write(tmp_path / "bench.json", [bench]), write(tmp_path / "planted.jsonl", [planted])]
    found = json.loads(run("--data", *files, "--model", trained, "--resamples", "0", "--json"))
    assert (found["solutions"], found["with_error"], found["right_steps"], found["wrong_steps"]) == (3, 2, 4, 2)
    assert found["step_auc_interval"] is None


def test_what_is_no_labelled_solution_is_refused(trained: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "odd.jsonl", [{"question": "q", "answer": "a"}, record([1, -1]) | {"extra": 1}])
    with pytest.raises(CommandError) as refused:
        run("--data", file, "--model", trained)
    assert str(refused.value).splitlines()[1:] == [
        "odd.jsonl:1: json: is no PRM800K, ProcessBench or PRMBench record",
        "odd.jsonl:2: extra: is not a known field",
    ]
    only = write(tmp_path / "qc.jsonl", [record([1], is_quality_control_question=True)])
    with pytest.raises(CommandError, match="No line is a verdict"):
        run("--data", only, "--model", trained)


@pytest.mark.usefixtures("in_process")
def test_solutions_longer_than_the_model_reads_are_counted_and_alone_refused(trained: Path, tmp_path: Path) -> None:
    def bench(number: int, step: str) -> dict[str, Any]:
        return {"id": f"b-{number}", "problem": "p", "steps": [step, "b"], "label": 1}

    long = bench(0, "x y z " * 5000)
    found = json.loads(
        run("--data", write(tmp_path / "both.json", [long, bench(1, "a")]), "--model", trained, "--json")
    )
    assert (found["solutions"], found["without_score"]) == (1, 1)
    with pytest.raises(CommandError, match="longer than the model can read"):
        run("--data", write(tmp_path / "long.json", [long]), "--model", trained)
