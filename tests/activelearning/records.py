"""PRM800K lines made by hand for the reward model's tests, and the smallest settings that train in a second."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

SMALL = {
    "hidden": 16,
    "layers": 2,
    "heads": 2,
    "feed_forward": 32,
    "vocabulary": 300,
    "epochs": 2,
    "min_tokens": 0,
    "batch_size": 4,
    "checkpoint_seconds": 0,
    "device": "cpu",
}


def record(ratings: Sequence[int | None], *, problem: str = "What is $1 + 1$?", **changes: Any) -> dict[str, Any]:
    """A phase 2 record with one step a rating; `alternatives` are ratings of further completions at the last step."""
    alternatives = changes.pop("alternatives", ())
    steps = [
        {
            "completions": [{"text": f"Step {index} of it.", "rating": rating, "flagged": rating is None}],
            "human_completion": None,
            "chosen_completion": None if rating == -1 else 0,
        }
        for index, rating in enumerate(ratings)
    ]
    for number, rating in enumerate(alternatives):
        steps[-1]["completions"].append({"text": f"Or else {number}.", "rating": rating, "flagged": False})
    found = {
        "labeler": "e90a38f3-3135-4465-87af-3e6322e3d772",
        "timestamp": "2026-01-02T03:04:05.000006",
        "generation": 0,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": {
            "problem": problem,
            "ground_truth_answer": "2",
            "ground_truth_solution": None,
            "pre_generated_steps": [f"Step {index} of it." for index in range(len(ratings) + 1)],
            "pre_generated_answer": "2",
            "pre_generated_verifier_score": None,
        },
        "label": {
            "steps": steps,
            "total_time": 1000,
            "finish_reason": "found_error" if -1 in ratings else "solution",
        },
    }
    return found | changes


def write(path: Path, records: Iterable[object]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


def mixed_records(count: int) -> list[dict[str, Any]]:
    """Records of different lengths with all three ratings."""
    patterns: tuple[tuple[int, ...], ...] = ((1, 1, 1), (1, 0, -1), (-1,), (0, 1), (1, -1), (1, 1, 0, 1, 1))
    return [record(patterns[i % len(patterns)], problem=f"Problem number {i}, what is it?") for i in range(count)]
