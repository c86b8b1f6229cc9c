"""Our own formats: problems, solutions, step trees. What we do not know is refused by name."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.formats.registry import FORMATS, ReadContext
from annotation.formats.rows import ProblemRow, Refusal, SolutionRow, TreeRow


def read(name: str, record: dict[str, Any]) -> Any:
    (found,) = FORMATS[name].read(io.BytesIO(json.dumps(record).encode()), ReadContext(FORMATS[name].default_as))
    return found if isinstance(found, Refusal) else found[1]


SOLUTION: dict[str, Any] = {
    "problem": "1+1?", "steps": ["Count.", "2"], "answer": "2", "ground_truth_answer": "2", "ground_truth_solution": "two",
    "generator": "g", "generation": 3, "alternatives": {"1": ["3", "two"]}, "id": "s-1",
}  # fmt: skip


def test_a_problem_has_all_its_fields() -> None:
    record = {
        "problem": " p ",
        "answer": "2",
        "solution": "s",
        "id": 7,
        "subject": "a",
        "level": "5",
        "split": "evaluate",
    }
    assert read("problems", record) == ProblemRow(
        text=" p ", answer="2", solution="s", external_id="7", subject="a", level="5", split="evaluate"
    )
    assert read("problems", {"problem": "p", "answer": None}) == ProblemRow(text="p")


def test_a_solution_has_all_its_fields() -> None:
    assert read("solutions", SOLUTION) == SolutionRow(
        problem=ProblemRow(text="1+1?", answer="2", solution="two"),
        steps=("Count.", "2"),
        answer="2",
        generator="g",
        generation=3,
        alternatives={1: ("3", "two")},
        external_id="s-1",
    )


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@settings(deadline=None, database=None)
@given(texts.filter(str.strip), st.lists(texts, min_size=1, max_size=5), st.none() | texts)
def test_text_is_kept_byte_for_byte(problem: str, steps: list[str], answer: str | None) -> None:
    row = read("solutions", {"problem": problem, "steps": steps, "answer": answer})
    assert (row.problem.text, list(row.steps), row.answer) == (problem, steps, answer)


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("problems", {"answr": "2"}, "answr"),
        ("problems", {"problem": ""}, "problem"),
        ("problems", {"problem": "x" * 100_001}, "problem"),
        ("problems", {"answer": 2}, "answer"),
        ("problems", {"split": "test"}, "split"),
        ("problems", {"id": "x" * 201}, "id"),
        ("problems", {"level": True}, "level"),
        ("solutions", {"step": []}, "step"),
        ("solutions", {"steps": {"0": "a"}}, "steps"),
        ("solutions", {"steps": []}, "steps"),
        ("solutions", {"steps": ["a"] * 10_000}, "steps"),
        ("solutions", {"steps": ["a", 1]}, "steps[1]"),
        ("solutions", {"generation": "3"}, "generation"),
        ("solutions", {"alternatives": {"2": ["a"]}}, "alternatives.2"),
        ("solutions", {"alternatives": {"-1": ["a"]}}, "alternatives.-1"),
        ("solutions", {"alternatives": {"01": ["a"]}}, "alternatives.01"),
        ("solutions", {"alternatives": {"\uff11": ["a"]}}, "alternatives.\uff11"),
        ("solutions", {"alternatives": {"1": "a"}}, "alternatives.1"),
        ("solutions", {"alternatives": {"1": [None]}}, "alternatives.1[0]"),
        ("solutions", {"alternatives": []}, "alternatives"),
    ],
)
def test_a52_refusals_name_the_field(name: str, change: dict[str, Any], field: str) -> None:
    base = SOLUTION if name == "solutions" else {"problem": "p", "answer": "2"}
    found = read(name, {**base, **change})
    assert isinstance(found, Refusal)
    assert found.field == field


@pytest.mark.parametrize(
    ("name", "key"), [("problems", "problem"), ("problems", "answer"), ("solutions", "steps"), ("step-tree", "tree")]
)
def test_what_is_needed_and_missing_is_refused(name: str, key: str) -> None:
    base = {
        "problems": {"problem": "p", "answer": "2"},
        "solutions": SOLUTION,
        "step-tree": {"problem": "p", "answer": "2", "tree": []},
    }
    record = {name: value for name, value in base[name].items() if name != key}
    assert read(name, record) == Refusal(1, key, "is missing")


def node(text: str, *following: dict[str, Any]) -> dict[str, Any]:
    return {"text": text, "next": list(following)}


def test_a_tree_is_kept_as_it_came() -> None:
    tree = [node("a", node("b"), node("c", node("d"))), node("e")]
    assert read("step-tree", {"problem": "p", "answer": "2", "tree": tree}) == TreeRow(
        problem=ProblemRow(text="p", answer="2"), tree=tree
    )


@pytest.mark.parametrize(
    ("tree", "field"),
    [
        ([], "tree"),
        ({}, "tree"),
        ([{"text": "a"}], "tree[0].next"),
        ([node("a", {"next": []})], "tree[0].next[0].text"),
        ([node("a", {"text": "b", "next": [], "gold": 1})], "tree[0].next[0].gold"),
        ([node("a", node("b", 3))], "tree[0].next[0].next[0]"),  # type: ignore[arg-type]
        ([node("a", *[node("b", *[node("c")] * 100)] * 100)] * 3, "tree"),
    ],
)
def test_a_tree_with_a_wrong_node_is_refused_with_its_path(tree: Any, field: str) -> None:
    assert read("step-tree", {"problem": "p", "answer": "2", "tree": tree}).field == field


def test_a_tree_deeper_than_json_may_be_is_refused() -> None:
    tree = node("a")
    for _ in range(60):
        tree = node("a", tree)
    assert "nested" in read("step-tree", {"problem": "p", "answer": "2", "tree": [tree]}).reason
