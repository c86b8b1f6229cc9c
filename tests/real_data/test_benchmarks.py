"""The benchmarks on their published files: percentages that are known, and what trivial critics and real samples must come to."""

import json
from collections import defaultdict
from collections.abc import Iterator
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from activelearning.evaluation.prmbench import JudgedProcess, report
from annotation.formats import gsm8k, prmbench, processbench
from annotation.formats.rows import SolutionRow
from annotation.formats.source import open_source, read_records
from tests.activelearning.records import write


def records(path: Path) -> Iterator[dict[str, Any]]:
    with open_source(path) as stream:
        for read in read_records(stream):
            assert isinstance(read, tuple), read
            yield read[1]


def ran(command: str, *words: object) -> dict[str, Any]:
    out = StringIO()
    call_command(command, *map(str, words), "--json", stdout=out)
    return json.loads(out.getvalue())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("subset", "with_error", "without", "percent"), [("gsm8k", 207, 193, 3.5), ("math", 594, 406, 18.8)]
)
def test_the_share_of_right_answers_with_a_wrong_process_is_the_papers(
    shared_data: Path, subset: str, with_error: int, without: int, percent: float
) -> None:
    rows = [processbench.read(record) for record in records(shared_data / "processbench" / f"{subset}.json")]
    assert sum(bool(row.gold_first_errors) for row in rows) == with_error
    assert sum(row.gold_first_errors == () for row in rows) == without
    right = [row for row in rows if row.published_correct]
    assert 100 * sum(bool(row.gold_first_errors) for row in right) / len(right) == pytest.approx(percent, abs=1e-9)


def test_trivial_critics_of_processbench_come_to_what_their_counts_say(shared_data: Path, tmp_path: Path) -> None:
    """An oracle has it all; who never finds fault has F1 0; who trusts the answer has what the wrong processes leave."""
    files = [shared_data / "processbench" / f"{name}.json" for name in ("gsm8k", "math")]
    rows = [record for file in files for record in records(file)]
    critics = {
        "oracle": [row["label"] for row in rows],
        "kind": [-1] * len(rows),
        "by answer": [-1 if row["final_answer_correct"] else row["label"] for row in rows],
    }
    found = {}
    for name, said in critics.items():
        lines = [{"id": row["id"], "prediction": one} for row, one in zip(rows, said, strict=True)]
        words = ["--data", *files, "--predictions", write(tmp_path / f"{name}.jsonl", lines)]
        found[name] = ran("evaluate_processbench", *words)
    assert found["oracle"]["average_f1"] == 1.0
    assert found["kind"]["average_f1"] == 0.0
    gsm8k_f1 = 2 * (200 / 207) / (1 + 200 / 207)
    math_f1 = 2 * (500 / 594) / (1 + 500 / 594)
    assert found["by answer"]["files"]["gsm8k.json"]["f1"] == pytest.approx(gsm8k_f1)
    assert found["by answer"]["files"]["math.json"]["f1"] == pytest.approx(math_f1)
    assert found["by answer"]["average_f1"] == pytest.approx((gsm8k_f1 + math_f1) / 2)


def test_who_keeps_every_step_of_prmbench_scores_half_of_its_f1(shared_data: Path) -> None:
    files = sorted((shared_data / "prmbench").glob("*.jsonl"))
    pairs = [prmbench.read_pair(record) for file in files for record in records(file)]
    assert len(pairs) == 3203
    judged = [
        JudgedProcess(classification=pair.classification, good=(1.0,) * len(pair.modified), errors=pair.errors)
        for pair in pairs
    ]
    found = report(judged)
    steps = sum(len(pair.modified) for pair in pairs)
    wrong = sum(len({error for error in pair.errors if error < len(pair.modified)}) for pair in pairs)
    assert (found.total.right_kept, found.total.wrong_kept) == (steps - wrong, wrong)
    right = steps - wrong
    assert found.total.prm_score == pytest.approx(0.5 * 2 * right / (2 * right + wrong))
    assert len(found.classes) == 8
    assert sum(counts.wrong_kept for counts in found.classes.values()) == wrong


def pairs_of(samples: list[SolutionRow]) -> list[tuple[SolutionRow, SolutionRow]]:
    return list(combinations(samples, 2))


def test_best_of_n_of_5276_real_solutions_is_what_counting_pairs_says(shared_data: Path, tmp_path: Path) -> None:
    """Four a problem; the shortest solution is scored best. Without the tools' own code: over all pairs of each problem's four."""
    by_problem: dict[str, list[SolutionRow]] = defaultdict(list)
    for record in records(shared_data / "gsm8k" / "example_model_solutions.jsonl"):
        for row in gsm8k.read(record):
            assert isinstance(row, SolutionRow)
            by_problem[row.problem.text].append(row)
    lines = [
        {
            "problem": text,
            "answer": row.answer,
            "is_correct": row.published_correct,
            "prm_score": -len("".join(row.steps)),
        }
        for text, rows in by_problem.items()
        for row in rows
    ]
    found = ran("evaluate_best_of_n", "--samples", write(tmp_path / "samples.jsonl", lines), "--trials", 30)
    assert (found["n"], found["problems"], found["samples"]) == ([1, 2, 4], 1319, 5276)

    def right(row: SolutionRow) -> bool:
        return bool(row.published_correct and row.answer)

    share = sum(right(row) for rows in by_problem.values() for row in rows) / 5276
    passed = [sum(right(a) or right(b) for a, b in pairs_of(rows)) / 6 for rows in by_problem.values()]
    assert found["prm"]["mean"][0] == found["pass_at_n"]["mean"][0] == pytest.approx(share)
    assert found["pass_at_n"]["mean"][1] == pytest.approx(sum(passed) / 1319)
    assert found["pass_at_n"]["mean"][2] == pytest.approx(
        sum(any(map(right, rows)) for rows in by_problem.values()) / 1319
    )
    picked = [sum(shorter(a, b, right) for a, b in pairs_of(rows)) / 6 for rows in by_problem.values()]
    assert found["prm"]["mean"][1] == pytest.approx(sum(picked) / 1319)
    assert found["majority"]["mean"][0] == pytest.approx(share, abs=0.01)
    assert found["majority"]["mean"][2] > found["majority"]["mean"][0]


def shorter(one: SolutionRow, other: SolutionRow, right: Any) -> float:
    """How right the shorter of two with an answer is; equally long ones half each."""
    answered = [row for row in (one, other) if row.answer]
    if not answered:
        return 0.0
    least = min(len("".join(row.steps)) for row in answered)
    tied = [row for row in answered if len("".join(row.steps)) == least]
    return sum(map(right, tied)) / len(tied)
