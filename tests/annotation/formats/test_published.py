"""Published files as they are: GSM8K, MATH, ProcessBench, PRMBench, scored samples."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from annotation.formats import prmbench
from annotation.formats.math import last_boxed
from annotation.formats.processbench import EXPERTS, labeller_uuid
from annotation.formats.registry import FORMATS, ReadContext
from annotation.formats.rows import AnnotationRow, ProblemRow, Refusal, SolutionRow


def rows(name: str, data: bytes, as_: str = "") -> list[Any]:
    found = FORMATS[name].read(io.BytesIO(data), ReadContext(as_ or FORMATS[name].default_as))
    return [read if isinstance(read, Refusal) else read[1] for read in found]


def read(name: str, *records: dict[str, Any], as_: str = "") -> list[Any]:
    return rows(name, "".join(json.dumps(record) + "\n" for record in records).encode(), as_)


def test_gsm8k_problems_are_read_whole(shared_data: Path) -> None:
    found = rows("gsm8k", (shared_data / "gsm8k" / "test.jsonl").read_bytes())
    assert len(found) == 1319
    assert all(isinstance(row, ProblemRow) for row in found)
    assert found[0].answer == "18"
    assert found[0].solution.endswith("#### 18")


def test_gsm8k_model_solutions_are_four_a_line(shared_data: Path) -> None:
    found = rows("gsm8k", (shared_data / "gsm8k" / "example_model_solutions.jsonl").read_bytes())
    assert len(found) == 5276
    assert Counter(row.generator for row in found) == {
        "6b_finetuning": 1319,
        "6b_verification": 1319,
        "175b_finetuning": 1319,
        "175b_verification": 1319,
    }
    first = found[0]
    assert first.steps[0].startswith("Janet eats 3 ducks eggs")
    assert "<<16-3=13>>" in first.steps[0]
    assert (first.answer, first.problem.answer, first.published_correct) == ("26", "18", False)
    assert sum(row.answer is None for row in found) == 11


def test_gsm8k_text_is_split_at_newlines_alone() -> None:
    solution = "one\u2028still one\r\ntwo \nA: 3\nA: 4 "
    (row,) = read(
        "gsm8k", {"question": "?", "ground_truth": "A: 4", "model": {"is_correct": True, "solution": solution}}
    )
    assert row.steps == ("one\u2028still one\r", "two ", "A: 3", "A: 4 ")
    assert row.answer == "4"


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"question": "?", "answer": "no mark"}, "answer"),
        ({"question": "?", "ground_truth": "A: 1"}, "question"),
        ({"question": "?", "ground_truth": "A: 1", "m": {"solution": "x"}}, "m.is_correct"),
        ({"question": "?", "ground_truth": "A: 1", "m": {"solution": "x", "is_correct": 1}}, "m.is_correct"),
        ({"question": "?", "ground_truth": "A: 1", "m": {"solution": "", "is_correct": True}}, "m.solution"),
        ({"answer": "#### 1"}, "question"),
    ],
)
def test_gsm8k_refusals_name_the_field(record: dict[str, Any], field: str) -> None:
    (refusal,) = read("gsm8k", record)
    assert refusal.field == field


def test_math_answers_are_what_the_last_box_holds(shared_data: Path) -> None:
    found = rows("math", (shared_data / "math" / "test.jsonl").read_bytes())
    assert len(found) == 5000
    assert found[0].answer == "2"
    assert (found[0].subject, found[0].level) == ("Algebra", "Level 3")
    assert all(row.answer and row.answer.count("{") - row.answer.count("}") in (0, *range(-2, 3)) for row in found)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so $\boxed{1}$ or \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"\fbox{7}", "7"),
        (r"\boxed 9$ etc", "9"),
        (r"\boxed{\{1,2\}}", r"\{1,2\}"),
        (r"\boxed{\left\{x\right.}", r"\left\{x\right."),
        (r"\boxed{1", None),
        (r"\boxed{}", ""),
        (r"\boxed", None),
        ("none", None),
    ],
)
def test_boxes_are_matched_by_their_braces(text: str, answer: str | None) -> None:
    assert last_boxed(text) == answer


def test_a_math_solution_without_a_box_is_refused() -> None:
    (refusal,) = read("math", {"problem": "?", "solution": "2", "level": "Level 1", "type": "Algebra"})
    assert refusal.field == "solution"


def test_the_math_subset_with_answers_is_read_too() -> None:
    record = {"problem": "?", "solution": "x", "answer": "2", "subject": "Algebra", "level": 3, "unique_id": "test/1"}
    assert read("math", record) == [
        ProblemRow(text="?", answer="2", solution="x", external_id="test/1", subject="Algebra", level="3")
    ]


@pytest.mark.parametrize(("name", "count"), [("gsm8k", 400), ("math", 1000)])
def test_processbench_gold_is_the_experts_first_error(shared_data: Path, name: str, count: int) -> None:
    data = (shared_data / "processbench" / f"{name}.json").read_bytes()
    found = rows("processbench", data)
    published = json.loads(data)
    assert len(found) == count
    assert [row.gold_first_errors for row in found] == [
        () if record["label"] == -1 else (record["label"],) for record in published
    ]
    assert [list(row.steps) for row in found] == [record["steps"] for record in published]
    assert found[0].published_correct is published[0]["final_answer_correct"]


def test_processbench_lines_are_those_of_the_pretty_printed_file(shared_data: Path) -> None:
    path = shared_data / "processbench" / "gsm8k.json"
    with path.open("rb") as stream:
        numbers = [
            read[0]
            for read in FORMATS["processbench"].read(stream, ReadContext("queue"))
            if not isinstance(read, Refusal)
        ]
    text = path.read_text(encoding="utf-8").split("\n")
    assert [text[number - 1].strip() for number in numbers] == ["{"] * 400


def test_processbench_as_annotations_stops_at_the_error() -> None:
    record = {
        "id": "x-1",
        "generator": "m",
        "problem": "?",
        "steps": ["a", "b", "c"],
        "final_answer_correct": False,
        "label": 1,
    }
    (row,) = read("processbench", record, as_="annotations")
    assert isinstance(row, AnnotationRow)
    assert [step["completions"][0]["rating"] for step in row.label["steps"]] == [1, -1]
    assert [step["chosen_completion"] for step in row.label["steps"]] == [0, None]
    assert row.label["finish_reason"] == "found_error"
    assert (row.labeller, row.labeller_name) == (labeller_uuid(EXPERTS), EXPERTS)
    assert row.question["pre_generated_steps"] == ["a", "b", "c"]
    (right,) = read("processbench", {**record, "label": -1}, as_="annotations")
    assert right.label["finish_reason"] == "solution"
    assert len(right.label["steps"]) == 3


@pytest.mark.parametrize("label", [3, -2, True, "1", 1.0, None])
def test_processbench_labels_outside_the_solution_are_refused(label: Any) -> None:
    (refusal,) = read("processbench", {"problem": "?", "steps": ["a", "b", "c"], "label": label})
    assert refusal.field == "label"


def test_prmbench_gives_two_solutions_a_line(shared_data: Path) -> None:
    files = sorted((shared_data / "prmbench").glob("*.jsonl"))
    found = [row for file in files for row in rows("prmbench", file.read_bytes())]
    assert len(found) == 2 * 3203
    assert all(isinstance(row, SolutionRow) for row in found)
    # Lists of errors that point past the process's end altogether: nobody knows the first error there.
    assert sum(row.gold_first_errors is None for row in found) == 12
    annotations = [row for file in files for row in rows("prmbench", file.read_bytes(), "annotations")]
    assert len(annotations) == len(found) - 12


LINE: dict[str, Any] = {
    "original_question": "Q", "modified_question": "Q'", "original_process": ["a", "b"], "modified_process": ["a", "x", "y"],
    "error_steps": [3, 2], "reason": "", "idx": "i", "question": "Q", "classification": "circular",
}  # fmt: skip


def test_prmbench_error_steps_are_one_based() -> None:
    original, modified = read("prmbench", LINE)
    assert (original.problem.text, original.gold_first_errors, original.external_id) == ("Q", (), "i/original")
    assert (modified.problem.text, modified.gold_first_errors, modified.external_id) == ("Q'", (1,), "i/circular")


def test_prmbench_as_it_is_judged_keeps_every_planted_error() -> None:
    pair = prmbench.read_pair({**LINE, "error_steps": [2, 1, 9], "idx": "p1_7", "classification": "circular"})
    assert pair.errors == {0, 1, 8}  # one past the end is no step, and is kept
    assert (pair.identity, pair.classification) == ("p1_7", "circular")
    original, modified = read("prmbench", LINE)
    assert (pair.question, pair.original) == (original.problem.text, original.steps)
    assert (pair.modified_question, pair.modified) == (modified.problem.text, modified.steps)


def test_prmbench_lists_may_be_python_literals() -> None:
    literal = {**LINE, "modified_process": "['a', \"it's\", 'y\\n']", "error_steps": "[2]", "original_process": "[]"}
    (refusal,) = read("prmbench", literal)
    assert refusal.field == "original_process"
    _, modified = read("prmbench", {**literal, "original_process": '["a",]'})
    assert modified.steps == ("a", "it's", "y\n")


@pytest.mark.parametrize(
    "hostile",
    [
        "__import__('os')", "['a'" + ",[" * 50_000, "(" * 10_000, "['a', open]", "{'a': 1}", "[b'a']", "['a' 'b']", "[1e5]", "['\\x00']",
        "['\\ud800']", "[" + "'" * 50_000, "['a" + "\\'" * 50_000, "x" * 2_000_000, "[f'{1}']", "['\\N{nonsense}']", "[1," + "1" * 50,
    ],
)  # fmt: skip
def test_prmbench_literals_are_flat_lists_or_refused(hostile: str) -> None:
    (refusal,) = [read for read in read("prmbench", {**LINE, "original_process": hostile}) if isinstance(read, Refusal)]
    assert refusal.field.startswith("original_process")


@pytest.mark.parametrize("errors", [[0], [True], ["1"], [1.0], "x", 3, [1001]])
def test_prmbench_errors_that_are_no_step_numbers_are_refused(errors: Any) -> None:
    assert isinstance(read("prmbench", {**LINE, "error_steps": errors})[-1], Refusal)


SAMPLE: dict[str, Any] = {
    "problem": "?", "answer": "2", "is_correct": True, "subject": "Algebra", "level": 1, "unique_id": "test/1", "steps": ["a", "b"],
    "rating_probs": [{"-1": 0.1, "0": 0.2, "1": 0.7}, {"1": 1, "0": 0, "-1": 0.0}], "orm_score": 0.25, "prm_score": 0.9,
}  # fmt: skip


def test_scored_samples_keep_every_score_unrounded() -> None:
    (row,) = read("scored-samples", SAMPLE)
    assert row.score.rating_probs == ((0.1, 0.2, 0.7), (0.0, 0.0, 1.0))
    assert (row.score.prm_score, row.score.orm_score) == (0.9, 0.25)
    assert row.published_correct is True
    assert row.problem.external_id == "test/1"


def test_scored_samples_may_carry_an_orm_score_alone() -> None:
    bare = {key: SAMPLE[key] for key in ("problem", "steps", "orm_score")}
    (row,) = read("scored-samples", bare)
    assert row.score.rating_probs == ()
    assert row.score.prm_score is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rating_probs": SAMPLE["rating_probs"][:1]}, "rating_probs"),
        ({"rating_probs": [{"-1": 0.1, "0": 0.2}] * 2}, "rating_probs[0].1"),
        ({"rating_probs": [{"-1": 0.1, "0": 0.2, "1": 1.5}] * 2}, "rating_probs[0].1"),
        ({"rating_probs": [{"-1": 0.1, "0": 0.2, "1": True}] * 2}, "rating_probs[0].1"),
        ({"rating_probs": [[0, 0, 1]] * 2}, "rating_probs[0]"),
        ({"prm_score": "0.9"}, "prm_score"),
        ({"is_correct": 1}, "is_correct"),
        ({"steps": []}, "steps"),
        ({"steps": ["a"] * 1001}, "steps"),
    ],
)
def test_scored_samples_refusals_name_the_field(change: dict[str, Any], field: str) -> None:
    (refusal,) = read("scored-samples", {**SAMPLE, **change})
    assert refusal.field == field
