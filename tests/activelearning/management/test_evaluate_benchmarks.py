"""`evaluate_processbench` and `evaluate_prmbench`: models and predictions in, fractions out, refusals by line."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.activelearning.records import mixed_records, write
from tests.activelearning.rewardmodel.conftest import run_training


def run(command: str, *words: object) -> str:
    out = StringIO()
    call_command(command, *map(str, words), stdout=out)
    return out.getvalue()


def rows(name: str, labels: list[int]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{name}-{number}", "generator": "g", "problem": f"Problem number {number}, what is it?", "label": label,
            "steps": ["Step 0 of it.", "Step 1 of it.", "Step 2 of it."], "final_answer_correct": label == -1,
        }
        for number, label in enumerate(labels)
    ]  # fmt: skip


@pytest.fixture
def subsets(tmp_path: Path) -> list[Path]:
    """One pretty-printed array, as published, and one of lines."""
    (tmp_path / "easy.json").write_text(json.dumps(rows("easy", [0, 2, -1, -1]), indent=2))
    return [tmp_path / "easy.json", write(tmp_path / "hard.json", rows("hard", [1, -1]))]


def predictions(tmp_path: Path, said: dict[str, Any]) -> Path:
    return write(tmp_path / "said.jsonl", [{"id": name, "prediction": value} for name, value in said.items()])


ALL = {"easy-0": 0, "easy-1": 1, "easy-2": -1, "easy-3": -1, "hard-0": 1, "hard-1": None, "other-5": 3}


def test_given_predictions_by_hand(subsets: list[Path], tmp_path: Path) -> None:
    said = predictions(tmp_path, ALL)
    found = json.loads(run("evaluate_processbench", "--data", *subsets, "--predictions", said, "--json"))
    easy, hard = found["files"]["easy.json"], found["files"]["hard.json"]
    assert (easy["error_accuracy"], easy["correct_accuracy"]) == (0.5, 1.0)
    assert easy["f1"] == pytest.approx(2 / 3)
    assert (hard["error_accuracy"], hard["correct_accuracy"], hard["f1"]) == (1.0, 0.0, 0.0)
    assert hard["without_prediction"] == 1
    assert found["average_f1"] == pytest.approx(1 / 3)
    table = run("evaluate_processbench", "--data", *subsets, "--predictions", said).splitlines()
    assert table[1].split() == ["50.0%", "100.0%", "66.7%", "easy.json"]
    assert table[-1] == "Average F1: 33.3%"


def test_a_solution_without_a_prediction_is_refused_by_its_line(subsets: list[Path], tmp_path: Path) -> None:
    said = predictions(tmp_path, {name: value for name, value in ALL.items() if name != "hard-1"})
    with pytest.raises(CommandError, match=r"hard.json:2: id: hard-1 has no prediction"):
        run("evaluate_processbench", "--data", *subsets, "--predictions", said)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "easy-0", "prediction": 1}', "said.jsonl:8: id: easy-0 has two predictions"),
        ('{"id": "x", "prediction": -2}', "said.jsonl:8: prediction: must be from -1 to 1000"),
        ('{"id": "x", "prediction": true}', "said.jsonl:8: prediction: must be a whole number"),
        ('{"id": "x"}', "said.jsonl:8: prediction: is missing"),
        ("[]", "said.jsonl:8: json: must be an object"),
    ],
)
def test_predictions_that_are_none_are_refused(subsets: list[Path], tmp_path: Path, line: str, reason: str) -> None:
    said = predictions(tmp_path, ALL)
    with said.open("a") as more:
        more.write(line + "\n")
    with pytest.raises(CommandError) as refused:
        run("evaluate_processbench", "--data", *subsets, "--predictions", said)
    assert reason in str(refused.value).splitlines()


def test_data_that_is_no_processbench_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "odd.json", [*rows("odd", [0]), {"problem": "p", "steps": ["a"], "label": 4}])
    with pytest.raises(CommandError, match=r"odd.json:2: label: must be from -1 to 0"):
        run("evaluate_processbench", "--data", file, "--predictions", predictions(tmp_path, {"odd-0": 0}))


@pytest.mark.parametrize("words", [[], ["--model", "m", "--predictions", "p"], ["--model", "m", "--threshold", "1.5"]])
def test_wrong_words_are_refused(subsets: list[Path], words: list[str]) -> None:
    with pytest.raises(CommandError, match="argument"):
        run("evaluate_processbench", "--data", *subsets, *words)


@pytest.mark.usefixtures("in_process")
def test_a_models_predictions_are_its_first_steps_under_the_threshold(
    subsets: list[Path], trained: Path, tmp_path: Path
) -> None:
    scored = tmp_path / "scored.jsonl"
    call_command("score_solutions", "--model", str(trained), "--input", str(subsets[0]), "--output", str(scored))
    good = [
        [step["0"] + step["1"] for step in json.loads(line)["rating_probs"]] for line in scored.read_text().splitlines()
    ]
    threshold = sorted(value for steps in good for value in steps)[5] + 1e-9  # parts the steps
    first = [next((i for i, value in enumerate(steps) if value < threshold), -1) for steps in good]
    assert set(first) - {-1}
    said = predictions(tmp_path, {f"easy-{number}": value for number, value in enumerate(first)})
    by_hand = json.loads(run("evaluate_processbench", "--data", subsets[0], "--predictions", said, "--json"))
    words = ["--data", subsets[0], "--model", trained, "--threshold", threshold]
    by_model = json.loads(run("evaluate_processbench", *words, "--json"))
    assert by_model["files"] == by_hand["files"]
    assert (by_model["threshold"], by_model["neutral"]) == (threshold, "good")
    every = json.loads(run("evaluate_processbench", *words[:4], "--threshold", "1", "--neutral", "bad", "--json"))
    assert every["files"]["easy.json"]["error_accuracy"] == 0.5  # all first steps are called wrong


@pytest.mark.usefixtures("in_process")
def test_a_solution_that_the_model_cannot_read_is_found_nowhere(trained: Path, tmp_path: Path) -> None:
    long = [*rows("long", [-1]), rows("long", [0, 0])[1] | {"steps": ["x y z " * 5000]}]
    found = json.loads(
        run("evaluate_processbench", "--data", write(tmp_path / "long.json", long), "--model", trained, "--json")
    )
    assert found["files"]["long.json"]["without_prediction"] == 1
    assert found["files"]["long.json"]["error_accuracy"] == 0.0


def pair(number: int, kind: str, errors: list[int]) -> dict[str, Any]:
    return {
        "original_question": f"Problem number {number}, what is it?", "modified_question": f"Problem {number}?",
        "original_process": "['Step 0 of it.', 'Step 1 of it.']", "modified_process": ["Step 0 of it.", "So 3.", "Step 2 of it."],
        "error_steps": errors, "reason": "", "idx": f"p_{number}", "question": "", "classification": kind,
    }  # fmt: skip


@pytest.mark.usefixtures("in_process")
def test_prmbench_by_class_with_originals_apart(trained: Path, tmp_path: Path) -> None:
    files = [
        write(tmp_path / "a.jsonl", [pair(1, "circular", [2]), pair(1, "circular", [2]), pair(2, "circular", [1, 9])]),
        write(tmp_path / "b.jsonl", [pair(1, "deception", [2, 3])]),
    ]
    words = ["--data", *files, "--model", trained]
    found = json.loads(run("evaluate_prmbench", *words, "--threshold", "0", "--json"))
    # With nothing under the threshold every step is kept: 5 right ones and 4 wrong ones.
    assert (found["right_kept"], found["wrong_kept"], found["wrong_found"], found["right_lost"]) == (5, 4, 0, 0)
    assert found["f1"] == pytest.approx(2 * 5 / (2 * 5 + 4))
    assert found["negative_f1"] == 0.0
    assert found["prm_score"] == pytest.approx(0.5 * found["f1"])
    assert {name: counts["wrong_kept"] for name, counts in found["classes"].items()} == {"circular": 2, "deception": 2}
    assert (found["solutions"], found["originals_read"], found["originals"]["right_kept"]) == (3, 2, 4)
    lost = json.loads(run("evaluate_prmbench", *words, "--threshold", "1", "--neutral", "bad", "--json"))
    assert (lost["wrong_found"], lost["right_lost"], lost["originals"]["right_lost"]) == (4, 5, 4)
    assert run("evaluate_prmbench", *words).splitlines()[-1].split()[-1] == "all"


@pytest.mark.usefixtures("in_process")
def test_an_outcome_model_has_no_word_on_steps(subsets: list[Path], tmp_path: Path) -> None:
    records = mixed_records(4)
    for number, record in enumerate(records):
        record["question"]["pre_generated_answer"] = "2" if number % 2 else "3"
    assert run_training(tmp_path / "orm", records, kind="orm") == 0
    with pytest.raises(CommandError, match="outcome reward model"):
        run("evaluate_processbench", "--data", *subsets, "--model", tmp_path / "orm" / "model")


@pytest.mark.usefixtures("in_process")
def test_a_folder_that_is_no_model_fails_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "a.jsonl", [pair(1, "circular", [2])])
    with pytest.raises(CommandError, match="The scorer refused"):
        run("evaluate_prmbench", "--data", file, "--model", tmp_path / "none")
    assert "is not a folder" in capsys.readouterr().err
