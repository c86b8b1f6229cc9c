"""Rows of dataset files, as small as they can be."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from annotation.models import Annotation, Batch, Labeller, Problem, Score, Solution, StepRating, StepTree, WorkItem

TABLES = (Problem, Solution, Batch, WorkItem, Annotation, StepRating, Labeller, Score, StepTree)
LABELLER = str(uuid.UUID(int=7))
START = datetime(2026, 1, 2, 3, 4, 5, 678901)


def problem(n: int = 1, **more: Any) -> dict[str, Any]:
    return {"problem": f"What is ${n} + 1$?", "answer": str(n + 1), **more}


def solution(n: int = 1, *, answer: str | None = None, steps: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """Problem n with an attempt at it; right unless `answer` says otherwise."""
    given = str(n + 1) if answer is None else answer
    return {
        "problem": f"What is ${n} + 1$?",
        "ground_truth_answer": str(n + 1),
        "steps": steps or [f"We add 1 to {n}.", f"# Answer\n\n{given}"],
        "answer": given,
        **more,
    }


def completion(text: str, rating: int | None = 1, flagged: bool | None = False) -> dict[str, Any]:
    return {"text": text, "rating": rating, "flagged": flagged}


def record(n: int = 1, *, ratings: tuple[int, ...] = (1, 1), **more: Any) -> dict[str, Any]:
    """A finished phase 2 record on problem n, a second later than the one before it."""
    steps = [f"We add 1 to {n}.", f"# Answer\n\n{n + 1}"]
    rated = [
        {
            "completions": [completion(text, rating)],
            "human_completion": None,
            "chosen_completion": None if rating < 0 else 0,
        }
        for text, rating in zip(steps, ratings, strict=False)
    ]
    return {
        "labeler": LABELLER,
        "timestamp": (START + timedelta(seconds=n)).isoformat(),
        "generation": 3,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": {
            "problem": f"What is ${n} + 1$?",
            "ground_truth_solution": None,
            "ground_truth_answer": str(n + 1),
            "pre_generated_steps": steps,
            "pre_generated_answer": str(n + 1),
            "pre_generated_verifier_score": 0.25,
        },
        "label": {
            "steps": rated,
            "total_time": 1000 * n,
            "finish_reason": "found_error" if ratings[-1] < 0 else "solution",
        },
        **more,
    }


def rows() -> dict[str, int]:
    """How many rows each table of a dataset has."""
    return {table.__name__: table.objects.count() for table in TABLES}


def nothing() -> dict[str, int]:
    return dict.fromkeys((table.__name__ for table in TABLES), 0)
