"""Which labels are trained on: the path to the first wrong step, masked where unrated, and what is left out is counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from activelearning.rewardmodel.config import for_base
from activelearning.rewardmodel.examples import (
    DataRefused,
    Example,
    outcome_example,
    process_examples,
    read_examples,
    refuse_what_teaches_nothing,
)
from annotation.formats import prm800k
from tests.activelearning.records import record, write


def examples(given: dict[str, Any], siblings: str = "last") -> list[Example]:
    return list(process_examples(prm800k.read(given), siblings=siblings))


def test_the_path_ends_with_the_first_wrong_step() -> None:
    (example,) = examples(record([1, 0, -1]))
    assert example.steps == ("Step 0 of it.", "Step 1 of it.", "Step 2 of it.")
    assert example.ratings == (1, 0, -1)


def test_an_unrated_step_is_context_without_a_label() -> None:
    (example,) = examples(record([1, None, 1]))
    assert example.ratings == (1, None, 1)
    assert len(example.steps) == 3


def test_rated_alternatives_of_the_last_step_become_examples_that_are_labelled_there_alone() -> None:
    first, second, third = examples(record([1, -1], alternatives=[1, -1]))
    assert first.ratings == (1, -1)
    assert second.steps == ("Step 0 of it.", "Or else 0.")
    assert second.ratings == (None, 1)
    assert third.ratings == (None, -1)
    assert examples(record([1, -1], alternatives=[1, -1]), "none") == [first]


def test_a_phase_1_path_goes_through_what_was_chosen_and_through_what_a_person_wrote() -> None:
    bad = {"text": "No.", "rating": -1, "flagged": False}
    good = {"text": "Yes.", "rating": 1, "flagged": False}
    written = {"text": "Mine.", "rating": None, "source": "human", "flagged": False}
    given = record([1])
    given["question"] = {"problem": "Which?", "ground_truth_answer": "2"}
    given["label"]["steps"] = [
        {"completions": [bad, good], "human_completion": None, "chosen_completion": 1},
        {"completions": [bad, bad], "human_completion": written, "chosen_completion": None},
        {"completions": [good], "human_completion": None, "chosen_completion": 0},
    ]
    (example,) = examples(given)
    assert example.steps == ("Yes.", "Mine.", "Yes.")
    assert example.ratings == (1, None, 1)
    everything = examples(given, "all")
    assert [(e.steps, e.ratings) for e in everything[1:]] == [
        (("No.",), (-1,)),
        (("Yes.", "No."), (None, -1)),
        (("Yes.", "No."), (None, -1)),
    ]


def test_what_is_left_out_is_counted_by_reason_and_taken_where_asked(tmp_path: Path) -> None:
    gave_up = record([1], label={"steps": record([1])["label"]["steps"], "total_time": 1, "finish_reason": "give_up"})
    records = [
        record([1, -1]),
        record([1], is_quality_control_question=True),
        record([1], is_initial_screening_question=True),
        gave_up,
    ]
    path = write(tmp_path / "data.jsonl", records)
    found, left_out = read_examples([path], kind="prm", config=for_base("tiny"))
    assert len(found) == 1
    assert left_out == {"quality_control": 1, "screening": 1, "give_up": 1}
    everything = {"include_quality_control": True, "include_screening": True, "include_unfinished": True}
    found, left_out = read_examples([path], kind="prm", config=for_base("tiny", everything))
    assert len(found) == 4
    assert not left_out


def test_unreadable_lines_refuse_the_file_with_line_and_field(tmp_path: Path) -> None:
    wrong = record([1])
    wrong["label"]["steps"][0]["completions"][0]["rating"] = 2
    path = write(tmp_path / "data.jsonl", [record([1, -1]), wrong])
    path.write_bytes(path.read_bytes() + b'{"a": 1, "a": 2}\n')
    with pytest.raises(DataRefused) as refused:
        read_examples([path], kind="prm", config=for_base("tiny"))
    assert refused.value.refusals[0].startswith("data.jsonl:2: label.steps[0].completions[0].rating: must be")
    assert refused.value.refusals[1].startswith("data.jsonl:3: a: is given twice")


@pytest.mark.parametrize("ratings", [[], [1], [0], [-1], [1, 0], [None]])
def test_labels_that_teach_nothing_are_refused(ratings: list[int | None]) -> None:
    given = [Example(problem="p", steps=tuple("s" for _ in ratings), ratings=tuple(ratings))]
    with pytest.raises(DataRefused, match=r"needs steps|No step"):
        refuse_what_teaches_nothing(given, kind="prm")


def test_neutral_and_negative_labels_are_enough_and_neutral_ones_alone_are_not() -> None:
    refuse_what_teaches_nothing([Example(problem="p", steps=("a", "b"), ratings=(0, -1))], kind="prm")
    with pytest.raises(DataRefused, match="0 of -1, 2 of 0"):
        refuse_what_teaches_nothing([Example(problem="p", steps=("a", "b"), ratings=(0, 0))], kind="prm")


def test_an_outcome_needs_an_answer_and_a_grader_that_can_say() -> None:
    row = prm800k.read(record([1, -1]))
    example = outcome_example(row, is_right=lambda given, truth: given == truth)
    assert example is not None
    assert example.right is True
    assert len(example.steps) == 3  # the whole solution, not only what was labelled
    assert outcome_example(row, is_right=lambda given, truth: None) is None
    with pytest.raises(DataRefused, match="1 right and 0 wrong"):
        refuse_what_teaches_nothing([example], kind="orm")


def test_outcome_lines_train_an_orm_only(tmp_path: Path) -> None:
    path = write(tmp_path / "outcomes.jsonl", [{"problem": "p", "steps": ["a"], "is_correct": False}])
    found, _ = read_examples([path], kind="orm", config=for_base("tiny"))
    assert found[0].right is False
    with pytest.raises(DataRefused, match="ORM only"):
        read_examples([path], kind="prm", config=for_base("tiny"))


STEPWISE = {"prompt": "p", "completions": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("labels", "ratings"),
    [
        ([True, False, True], (1, -1)),
        ([1, 0, -1], (1, 0, -1)),
        ([0, None, 1], (0, None, 1)),
        ([0.9, 0.0, 1], (0.9, -1)),
        ([1, 0.25, 0.5], (1, 0.25, 0.5)),
    ],
)
def test_stepwise_rows_keep_bools_three_values_and_chances_up_to_the_first_error(
    tmp_path: Path, labels: list[Any], ratings: tuple[Any, ...]
) -> None:
    path = write(tmp_path / "rows.jsonl", [{**STEPWISE, "labels": labels, "neutral": "good"}])
    (example,), _ = read_examples([path], kind="prm", config=for_base("tiny"))
    assert (example.problem, example.ratings) == ("p", ratings)
    assert example.steps == ("a", "b", "c")[: len(ratings)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"labels": [True, True]}, "labels: has 2 entries, completions 3"),
        ({"labels": [True, 1, False]}, "labels: mixes true and false with numbers"),
        ({"labels": [1, 2, 0]}, "labels[1]: must be from -1 to 1"),
        ({"labels": [0.5, -1, 1]}, "labels[1]: must be a chance from 0 to 1"),
        ({"labels": [1, "1", 0]}, "labels[1]: must be a whole number"),
        ({"labels": [1, 1, 1], "prompt": [{"role": "user"}]}, "prompt: must be text"),
    ],
)
def test_stepwise_rows_are_refused_with_line_and_field(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    path = write(tmp_path / "rows.jsonl", [{**STEPWISE, "labels": [1, 1, -1]}, {**STEPWISE, **wrong}])
    with pytest.raises(DataRefused) as refused:
        read_examples([path], kind="prm", config=for_base("tiny"))
    assert refused.value.refusals[0].startswith(f"rows.jsonl:2: {said}")
    with pytest.raises(DataRefused, match="train a PRM only"):
        read_examples([path], kind="orm", config=for_base("tiny"))


def test_scored_samples_teach_a_prm_another_models_chances_and_an_orm_the_outcome(tmp_path: Path) -> None:
    chances = {"-1": 0.25, "0": 0.25, "1": 0.5}
    line = {"problem": "p", "answer": "2", "is_correct": True, "steps": ["a", "b"], "rating_probs": [chances, chances]}
    path = write(tmp_path / "scored.jsonl", [line])
    (example,), _ = read_examples([path], kind="prm", config=for_base("tiny"))
    assert example.ratings == ((0.25, 0.25, 0.5),) * 2
    (example,), _ = read_examples([path], kind="orm", config=for_base("tiny"))
    assert example.right is True
    path = write(tmp_path / "scored.jsonl", [{**line, "rating_probs": [chances, {**chances, "1": 0.4}]}])
    with pytest.raises(DataRefused, match=r"rating_probs\[1\]: adds up to 0.9, not to 1"):
        read_examples([path], kind="prm", config=for_base("tiny"))


def test_chances_alone_are_enough_to_train_on() -> None:
    refuse_what_teaches_nothing([Example(problem="p", steps=("a", "b"), ratings=(0.2, 0.9))], kind="prm")
    with pytest.raises(DataRefused, match="0 of -1"):
        refuse_what_teaches_nothing([Example(problem="p", steps=("a", "b"), ratings=(0.8, 0.9))], kind="prm")


def test_the_six_real_lines_give_the_labels_that_people_gave(shared_data: Path) -> None:
    path = shared_data / "prm800k" / "six_real_lines.jsonl"
    found, left_out = read_examples([path], kind="prm", config=for_base("tiny"))
    assert left_out["screening"] == 1
    assert left_out["give_up"] == 1
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    first = [example for example in found if example.problem == records[0]["question"]["problem"]]
    assert first[0].ratings == (1, None, 1, 1, 1, 1)
    assert [example.ratings[-1] for example in first[1:]] == [0, 1, 1, 1]
