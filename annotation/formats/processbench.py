"""ProcessBench: human experts' first wrong step (`label`, 0-based, -1 = none) on model solutions; arXiv 2412.06559.

As annotations, its labels are those of one labeller without account, in PRM800K's phase 2 shape: +1 up to the error, -1 at it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from annotation.formats import fields
from annotation.formats.rows import AnnotationRow, ProblemRow, SolutionRow

PUBLISHED_LABELLERS = UUID("5c1dbb35-2f29-5e0c-9a3e-6f0f4d8f8e4b")  # the namespace of labellers known by name alone
EXPERTS = "ProcessBench experts"
PUBLISHED = datetime(2024, 12, 9, tzinfo=UTC)  # the paper's day: the file has no times


def read(record: Mapping[str, Any]) -> SolutionRow:
    """The solution with its gold; `final_answer_correct` is the published verdict."""
    steps = fields.step_texts(fields.required(record, "steps"), "steps")
    label = fields.whole(fields.required(record, "label"), "label", low=-1, high=len(steps) - 1)
    correct = record.get("final_answer_correct")
    return SolutionRow(
        problem=ProblemRow(text=fields.text(fields.required(record, "problem"), "problem", empty=False)),
        steps=steps,
        generator=fields.name(record.get("generator"), "generator"),
        external_id=fields.name(record.get("id"), "id"),
        published_correct=None if correct is None else fields.truth(correct, "final_answer_correct"),
        gold_first_errors=() if label == -1 else (label,),
    )


def read_annotation(record: Mapping[str, Any]) -> AnnotationRow:
    solution = read(record)
    first_error = solution.gold_first_errors[0] if solution.gold_first_errors else None
    return annotation(solution, first_error=first_error, labeller_name=EXPERTS, submitted_at=PUBLISHED)


def labeller_uuid(name: str) -> str:
    """The same name is the same labeller, in every project and every import."""
    return str(uuid5(PUBLISHED_LABELLERS, name))


def annotation(
    solution: SolutionRow, *, first_error: int | None, labeller_name: str, submitted_at: datetime
) -> AnnotationRow:
    """A published first error as a finished phase 2 record. Its `total_time` is 0: nobody measured it."""
    question = {
        "problem": solution.problem.text,
        "ground_truth_solution": solution.problem.solution,
        "ground_truth_answer": solution.problem.answer,
        "pre_generated_steps": list(solution.steps),
        "pre_generated_answer": solution.answer,
        "pre_generated_verifier_score": None,
    }
    label = {
        "steps": _rated(solution.steps, first_error),
        "total_time": 0,
        "finish_reason": "solution" if first_error is None else "found_error",
    }
    return AnnotationRow(
        problem=solution.problem,
        solution=solution,
        labeller=labeller_uuid(labeller_name),
        labeller_name=labeller_name,
        submitted_at=submitted_at,
        generation=0,
        is_quality_control=False,
        is_initial_screening=False,
        question=question,
        label=label,
    )


def _rated(steps: Sequence[str], first_error: int | None) -> list[dict[str, Any]]:
    rated = steps if first_error is None else steps[: first_error + 1]
    return [
        {
            "completions": [{"text": text, "rating": -1 if index == first_error else 1, "flagged": False}],
            "human_completion": None,
            "chosen_completion": None if index == first_error else 0,
        }
        for index, text in enumerate(rated)
    ]
