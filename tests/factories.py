"""Keyword factories for what no verb makes alone: a problem and its solutions, ready to queue."""

import hashlib
from typing import Any

from annotation import queue
from annotation.models import Batch, Problem, Project, Purpose, Solution
from annotation.queue import QueueEntry

STEPS = ["We add 2 and 3.", "That is $2 + 3 = 5$.", "# Answer\n\n5"]


def make_problem(
    project: Project, *, text: str = "What is $2 + 3$?", answer: str | None = "5", **fields: Any
) -> Problem:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Problem.objects.create(project=project, text=text, text_sha256=digest, answer=answer, **fields)


def make_solution(
    problem: Problem, *, steps: list[str] | None = None, purpose: str = Purpose.POOL, **fields: Any
) -> Solution:
    chosen = STEPS if steps is None else steps
    fields.setdefault("answer", "5")
    digest = hashlib.sha256(f"{chosen}{fields}".encode()).hexdigest()
    return Solution.objects.create(
        project=problem.project, problem=problem, steps=chosen, purpose=purpose, content_sha256=digest, **fields
    )


def make_queue(project: Project, *, solutions: int = 1, labels_each: int = 1, **entry: Any) -> Batch:
    """A batch of as many solutions, each of a problem of its own."""
    made = [
        make_solution(make_problem(project, text=f"What is ${n} + 3$?", answer=str(n + 3))) for n in range(solutions)
    ]
    entries = [QueueEntry(solution_id=solution.pk, **entry) for solution in made]
    return queue.enqueue(project=project, entries=entries, name="first", generation=0, labels_each=labels_each)


def make_numbered_queue(project: Project, *, count: int, name: str = "numbered") -> Batch:
    """Problems named `Problem number 1.` and so on, of three steps each, served in this order."""
    made = [make_solution(make_problem(project, text=f"Problem number {n}.")) for n in range(1, count + 1)]
    entries = [QueueEntry(solution_id=solution.pk, priority=-n) for n, solution in enumerate(made)]
    return queue.enqueue(project=project, entries=entries, name=name, generation=0)


def completion(text: str, rating: int | None = 1, flagged: bool = False) -> dict[str, Any]:
    return {"text": text, "rating": rating, "flagged": flagged}


def label(
    *ratings: int, steps: list[str] | None = None, finish_reason: str | None = None, total_time: int = 1200
) -> dict[str, Any]:
    """A PRM800K label that rates the first steps so; the finish reason follows from them unless given."""
    texts = STEPS if steps is None else steps
    rows = [
        {
            "completions": [completion(texts[i], rating)],
            "human_completion": None,
            "chosen_completion": None if rating == -1 else 0,
        }
        for i, rating in enumerate(ratings)
    ]
    reason = finish_reason or ("found_error" if ratings and ratings[-1] == -1 else "solution")
    return {"steps": rows, "total_time": total_time, "finish_reason": reason}
