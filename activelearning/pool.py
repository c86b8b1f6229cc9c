"""The pool as a round sees it: graded where it was not, sent to a scorer in shards, its scores stored."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from activelearning import votes
from activelearning.rewardmodel.reductions import step_scores
from activelearning.strategies import ensemble
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
        doubt=_doubt(line),
    )


def _doubt(line: dict[str, Any]) -> float | None:
    """Of a model with several heads, whose lines say how far these part; None of others."""
    if not line.get("rating_deviation") or not line.get("rating_probs"):
        return None
    steps = [(step["-1"], step["0"], step["1"]) for step in line["rating_probs"]]
    return ensemble.doubt(step_scores(steps), line["rating_deviation"])


def store(scores: Sequence[Score], *, project: Project, scorer: str) -> None:
    """Insert the scorer's scores that are not there yet, with what a choice reads beside them, and what they make of the problems' votes.

    What is there stays, since a model says the same again. Votes wait for a problem's last score: one of many solutions is counted once.
    """
    facts = Solution.objects.filter(pk__in=[score.solution_id for score in scores])
    known = {pk: (problem, verdict) for pk, problem, verdict in facts.values_list("pk", "problem_id", "verdict")}
    for score in scores:
        score.problem_id, score.verdict = known[score.solution_id]
    problems = {problem for problem, _ in known.values()}
    with transaction.atomic():
        Score.objects.bulk_create(scores, ignore_conflicts=True)
        waiting = unscored(project, scorer=scorer).order_by().filter(problem__in=problems)
        votes.keep(project=project, scorer=scorer, problems=problems - set(waiting.values_list("problem", flat=True)))


def store_verdicts(solutions: Sequence[Solution]) -> None:
    """The solutions' verdicts, and what their scores repeat of them; in one transaction."""
    with transaction.atomic():
        Solution.objects.bulk_update(solutions, ["verdict", "verdict_strict", "verdict_symbolic"])
        theirs = Solution.objects.filter(pk=OuterRef("solution")).values("verdict")
        Score.objects.filter(solution__in=solutions, problem__isnull=False).update(verdict=Subquery(theirs))
