"""PRM800K: six real lines and hostile ones."""

import copy
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.formats import prm800k
from annotation.formats.fields import Unreadable
from annotation.formats.registry import FORMATS, ReadContext
from annotation.formats.rows import AnnotationRow, Refusal

PHASE_2: dict[str, Any] = {
    "labeler": "340d89bc-f5b7-45e9-b272-909ba68ee363",
    "timestamp": "2023-01-22T04:34:27.052924",
    "generation": 9,
    "is_quality_control_question": False,
    "is_initial_screening_question": False,
    "question": {
        "problem": "1+1?",
        "ground_truth_solution": "It is $\\boxed{2}$.",
        "ground_truth_answer": "2",
        "pre_generated_steps": ["Count.", "It is 3.\n\n# Answer\n\n3"],
        "pre_generated_answer": "3",
        "pre_generated_verifier_score": 0.010779580529581414,
    },
    "label": {
        "steps": [
            {
                "completions": [{"text": "Count.", "rating": 1, "flagged": None}],
                "human_completion": None,
                "chosen_completion": 0,
            },
            {
                "completions": [
                    {"text": "It is 3.\n\n# Answer\n\n3", "rating": -1, "flagged": False},
                    {"text": "It is 2.", "rating": 1, "flagged": False},
                ],
                "human_completion": None,
                "chosen_completion": None,
            },
        ],
        "total_time": 1234,
        "finish_reason": "found_error",
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """PHASE_2 with one thing changed; `...` takes it away."""
    record = copy.deepcopy(PHASE_2)
    inner: Any = record
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return record


def written(row: AnnotationRow) -> str:
    return prm800k.write_record(
        labeller=row.labeller,
        submitted_at=row.submitted_at,
        generation=row.generation,
        is_quality_control=row.is_quality_control,
        is_initial_screening=row.is_initial_screening,
        question=row.question,
        label=row.label,
    )


def read_bytes(data: bytes) -> list[Any]:
    return list(FORMATS["prm800k"].read(io.BytesIO(data), ReadContext("annotations")))


def test_the_six_real_lines_go_out_as_they_came_in(shared_data: Path) -> None:
    data = (shared_data / "prm800k" / "six_real_lines.jsonl").read_bytes()
    rows = read_bytes(data)
    assert "".join(written(row) + "\n" for _, row in rows).encode() == data
    assert [line for line, _ in rows] == [1, 2, 3, 4, 5, 6]


def test_the_six_real_lines_say_what_is_in_them(shared_data: Path) -> None:
    rows = [row for _, row in read_bytes((shared_data / "prm800k" / "six_real_lines.jsonl").read_bytes())]
    assert [row.solution is None for row in rows] == [True, False, True, True, True, False]
    assert rows[1].generation == 6
    assert len(rows[1].solution.alternatives[len(rows[1].label["steps"]) - 1]) == 3
    assert rows[4].label["steps"][-1]["completions"] is None
    assert rows[5].is_initial_screening
    assert rows[0].submitted_at == datetime(2022, 7, 30, 23, 23, 32, 118856, tzinfo=UTC)


def test_a_phase_2_record_names_its_solution() -> None:
    row = prm800k.read(PHASE_2)
    assert row.solution is not None
    assert row.solution.steps == ("Count.", "It is 3.\n\n# Answer\n\n3")
    assert row.solution.answer == "3"
    assert row.solution.alternatives == {1: ("It is 2.",)}
    assert row.solution.verifier_score == 0.010779580529581414
    assert row.problem.answer == "2"


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
completions = st.fixed_dictionaries(
    {"text": texts, "rating": st.sampled_from([-1, 0, 1, None]), "flagged": st.sampled_from([True, False, None])}
)
human = st.none() | st.fixed_dictionaries(
    {"text": texts, "rating": st.none(), "source": st.just("human"), "flagged": st.booleans()},
    optional={"corrected_rating": st.sampled_from([1, None])},
)
steps = st.fixed_dictionaries(
    {
        "completions": st.none() | st.lists(completions, min_size=1, max_size=3),
        "human_completion": human,
        "chosen_completion": st.none(),
    }
)
records = st.fixed_dictionaries(
    {
        "labeler": st.uuids().map(str),
        "timestamp": st.datetimes().map(lambda moment: moment.isoformat()),
        "generation": st.none() | st.integers(-1, 9),
        "is_quality_control_question": st.booleans(),
        "is_initial_screening_question": st.booleans(),
        "question": st.dictionaries(
            texts, st.none() | texts | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        ).map(lambda extra: {**{k: v for k, v in extra.items() if k[:3] not in ("pre", "gro")}, "problem": "1+1?"}),
        "label": st.fixed_dictionaries(
            {
                "steps": st.lists(steps, min_size=1, max_size=3),
                "total_time": st.integers(0, 2**40),
                "finish_reason": st.sampled_from(prm800k.FINISH_REASONS),
            }
        ),
    }
)


@settings(deadline=None, database=None, max_examples=30)
@given(records)
def test_any_valid_record_goes_out_byte_for_byte(record: dict[str, Any]) -> None:
    line = json.dumps({key: record[key] for key in PHASE_2}, ensure_ascii=False)
    ((number, row),) = read_bytes(line.encode())
    assert number == 1
    assert written(row) == line


def test_keys_we_do_not_know_inside_the_label_are_kept() -> None:
    record = changed(
        "label.steps.0.human_completion",
        {"text": "x", "rating": None, "source": "human", "flagged": False, "corrected_rating": 1},
    )
    assert json.loads(written(prm800k.read(record))) == record


def test_an_outer_key_we_do_not_know_is_refused_by_name() -> None:
    with pytest.raises(Unreadable, match="note: is not a known field"):
        prm800k.read({**PHASE_2, "note": 1})


@pytest.mark.parametrize("rating", [True, False, "1", 1.0, 2, -2, "\uff11", [], {}, 10**30])
def test_a52_what_looks_like_a_rating_is_none(rating: Any) -> None:
    with pytest.raises(Unreadable) as caught:
        prm800k.read(changed("label.steps.1.completions.1.rating", rating))
    assert caught.value.field == "label.steps[1].completions[1].rating"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("label.steps", {"0": {}}, "label.steps"),
        ("label.steps", [], "label.steps"),
        ("label.steps", [{"completions": None}] * 10_000, "label.steps"),
        ("label.steps.0", "x", "label.steps[0]"),
        ("label.steps.0.completions", ..., "label.steps[0].completions"),
        ("label.steps.0.completions", "x", "label.steps[0].completions"),
        ("label.steps.0.completions.0.rating", ..., "label.steps[0].completions[0].rating"),
        ("label.steps.0.completions.0.text", 3, "label.steps[0].completions[0].text"),
        ("label.steps.0.completions.0.text", "x" * 100_001, "label.steps[0].completions[0].text"),
        ("label.steps.0.completions.0.flagged", 1, "label.steps[0].completions[0].flagged"),
        ("label.steps.0.chosen_completion", 1, "label.steps[0].chosen_completion"),
        ("label.steps.0.chosen_completion", True, "label.steps[0].chosen_completion"),
        ("label.total_time", 1.5, "label.total_time"),
        ("label.total_time", -1, "label.total_time"),
        ("label.finish_reason", "done", "label.finish_reason"),
        ("label.finish_reason", [], "label.finish_reason"),
        ("label", None, "label"),
        ("question", ..., "question"),
        ("question.problem", " ", "question.problem"),
        ("question.ground_truth_answer", 2, "question.ground_truth_answer"),
        ("question.pre_generated_steps", [], "question.pre_generated_steps"),
        ("question.pre_generated_steps.0", None, "question.pre_generated_steps[0]"),
        ("question.pre_generated_verifier_score", 10**400, "question.pre_generated_verifier_score"),
        ("question.pre_generated_verifier_score", True, "question.pre_generated_verifier_score"),
        ("labeler", "alice", "labeler"),
        ("labeler", "340D89BC-F5B7-45E9-B272-909BA68EE363", "labeler"),
        ("timestamp", "yesterday", "timestamp"),
        ("timestamp", "0001-01-01T00:00:00+14:00", "timestamp"),
        ("timestamp", 3, "timestamp"),
        ("generation", True, "generation"),
        ("generation", 2**40, "generation"),
        ("generation", ..., "generation"),
        ("is_quality_control_question", 0, "is_quality_control_question"),
    ],
)
def test_a52_a_bad_field_is_refused_with_its_path(path: str, value: Any, field: str) -> None:
    line = json.dumps(changed(path, value)).encode()
    (refusal,) = read_bytes(line)
    assert isinstance(refusal, Refusal)
    assert (refusal.line, refusal.field) == (1, field)


def test_a_moment_is_utc_and_goes_out_as_it_came() -> None:
    row = prm800k.read(changed("timestamp", "2023-01-22T06:34:27"))
    assert row.submitted_at == datetime(2023, 1, 22, 6, 34, 27, tzinfo=UTC)
    assert json.loads(written(row))["timestamp"] == "2023-01-22T06:34:27"


@pytest.mark.parametrize(
    "moment", ["2023-01-22T06:34:27+02:00", "2023-01-22T06:34:27Z", "2023-01-22T06:34:27.118", "2023-01-22"]
)
def test_a_moment_that_would_not_come_back_as_it_came_is_refused(moment: str) -> None:
    with pytest.raises(Unreadable) as refused:
        prm800k.read(changed("timestamp", moment))
    assert refused.value.field == "timestamp"


def test_good_lines_around_a_bad_one_are_still_read() -> None:
    good, bad = json.dumps(PHASE_2), json.dumps(changed("label.total_time", "x"))
    found = read_bytes(f"{good}\n{bad}\n{good}\n".encode())
    assert [isinstance(read, Refusal) for read in found] == [False, True, False]
