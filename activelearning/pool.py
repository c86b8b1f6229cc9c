"""The pool as a round sees it: graded where it was not, sent to a scorer in shards, its scores stored, its candidates read."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.db.models import Exists, OuterRef, QuerySet

from annotation.grading import Grader
from annotation.models import Project, Score, Solution

SHARD = 5_000  # solutions in one run of the scorer, or as many as the last problem of it has more
CHUNK = 500  # rows in one transaction


def ungraded(project: Project) -> "QuerySet[Solution]":
    """Pool solutions that nobody graded though there is an answer to compare with."""
    rows = Solution.objects.pool(project).filter(verdict="", problem__answer__isnull=False)
    return rows.exclude(problem__answer="").select_related("problem").order_by("pk")


def chunks_of(rows: "QuerySet[Solution]", size: int = CHUNK) -> Iterator[list[Solution]]:
    """The rows in order of their key, a chunk in memory at a time, whatever is written meanwhile."""
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:size]):
        yield chunk
        last = chunk[-1].pk


def graded(solution: Solution, *, grader: Grader) -> Solution:
    """The solution (unsaved) with both verdicts and what they make together."""
    found = grader.grade(solution.answer, solution.problem.answer)
    solution.verdict = found.verdict
    solution.verdict_strict, solution.verdict_symbolic = found.strict, found.symbolic
    return solution


def unscored(project: Project, *, scorer: str) -> "QuerySet[Solution]":
    """Pool solutions without a score by this scorer, those of one problem side by side (a scorer may share their prompt)."""
    has_score = Exists(Score.objects.filter(solution=OuterRef("pk"), scorer=scorer))
    return Solution.objects.pool(project).exclude(has_score).order_by("problem_id", "pk")


def write_shard(rows: "QuerySet[Solution]", file: IO[bytes]) -> None:
    """The solutions as lines for the scorer."""
    for solution in rows.select_related("problem").iterator(chunk_size=CHUNK):
        line = {"id": solution.pk, "problem": solution.problem.text, "steps": solution.steps}
        file.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")


def scores_in(path: Path, *, scorer: str) -> Iterator[list[Score]]:
    """What the scorer wrote, as unsaved rows, a chunk at a time."""
    with path.open("rb") as file:
        lines = iter(file)
        while chunk := list(islice(lines, CHUNK)):
            yield [_score(json.loads(line), scorer) for line in chunk]


def _score(line: dict[str, Any], scorer: str) -> Score:
    return Score(
        solution_id=line["id"],
        scorer=scorer,
        rating_probs=line.get("rating_probs") or [],  # a solution longer than the model can read has none
        prm_score=line.get("prm_score"),
        orm_score=line.get("orm_score"),
    )


def store(scores: Sequence[Score]) -> None:
    """Insert what is not there yet; the same model says the same again, so what is there stays."""
    Score.objects.bulk_create(scores, ignore_conflicts=True)


def candidates(project: Project, *, scorer: str) -> Iterator[tuple[int, int, str, float]]:
    """(solution, problem, verdict, score) of every scored solution of the pool, in order of their keys."""
    rows = Solution.objects.pool(project).filter(scores__scorer=scorer, scores__prm_score__isnull=False)
    found = rows.order_by("pk").values_list("pk", "problem_id", "verdict", "scores__prm_score")
    for solution, problem, verdict, score in found.iterator(chunk_size=10_000):
        if score is not None:  # the filter's promise, told to the type checker
            yield solution, problem, verdict, score
