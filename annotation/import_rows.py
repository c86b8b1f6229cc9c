"""How checked rows become rows of the database, a thousand at a time, each chunk in a short transaction under the import's own id.

Nothing of it counts until `imports` flips the import to done: problems, solutions and annotations say who imported them (`landed()` leaves
the others out), and work items stand in a batch that is not open. What must change in rows that were here before (a missing reference
answer, a score, a pool solution that is now queued) waits in a spool file until then.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import IO, Any

from django.db.models import Count, F, Value
from django.db.models.functions import Coalesce, NullIf

from annotation.fingerprints import json_sha256, solution_sha256, text_sha256
from annotation.formats import prm800k
from annotation.formats.rows import AnnotationRow, ProblemRow, Row, SolutionRow, TreeRow
from annotation.grading import Grade, Grader
from annotation.models import (
    Annotation,
    Batch,
    Import,
    Problem,
    Purpose,
    Score,
    Solution,
    Split,
    StepTree,
)

PURPOSES = {
    "queue": Purpose.LABEL,
    "annotations": Purpose.LABEL,
    "pool": Purpose.POOL,
    "evaluation": Purpose.EVALUATION,
}
FILLED = ("answer", "solution", "subject", "level")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A row with its place in the files and its identities. `record` is an annotation's (question, label, sha256) as it will be stored."""

    file: str
    kind: str
    line: int
    row: Row
    problem: ProblemRow
    problem_sha256: str
    solution: SolutionRow | None
    solution_sha256: str
    record: tuple[str, str, str] | None
    weight: int


@dataclass(slots=True)
class Known:
    """A problem that is in the project already, or was just made."""

    pk: int
    split: str
    answer: str | None
    missing: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Landing:
    """One import on its way in. `later` takes JSON lines: what is to be changed in rows that were here before, once all is in."""

    job: Import
    grader: Grader
    later: IO[str]
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[dict[str, Any]] = field(default_factory=list)
    labellers: dict[str, int] = field(default_factory=dict)
    met: Counter[str] = field(
        default_factory=Counter
    )  # records that were here before, by hash, as often as the files had them so far
    batches: dict[str, Batch] = field(default_factory=dict)


def place(*, file: str, kind: str, line: int, row: Row) -> Placed:
    """The row with what will tell whether it is here already."""
    problem = row if isinstance(row, ProblemRow) else row.problem
    solution = row if isinstance(row, SolutionRow) else row.solution if isinstance(row, AnnotationRow) else None
    if kind == "problems":
        solution = None
    record = _record(row) if isinstance(row, AnnotationRow) else None
    return Placed(
        file=file,
        kind=kind,
        line=line,
        row=row,
        problem=problem,
        problem_sha256=text_sha256(problem.text),
        solution=solution,
        solution_sha256="" if solution is None else _solution_key(solution),
        record=record,
        weight=len(problem.text) + _weight(solution) + sum(map(len, record or ())),
    )


def _solution_key(row: SolutionRow) -> str:
    return solution_sha256(steps=row.steps, answer=row.answer, generator=row.generator, external_id=row.external_id)


def _weight(solution: SolutionRow | None) -> int:
    if solution is None:
        return 0
    return sum(map(len, solution.steps)) + sum(len(text) for texts in solution.alternatives.values() for text in texts)


def _record(row: AnnotationRow) -> tuple[str, str, str]:
    line = prm800k.write_record(
        labeller=row.labeller,
        submitted_at=row.submitted_at,
        generation=row.generation,
        is_quality_control=row.is_quality_control,
        is_initial_screening=row.is_initial_screening,
        question=row.question,
        label=row.label,
    )
    digest = hashlib.sha256(line.encode("utf-8")).hexdigest()
    return json.dumps(row.question, ensure_ascii=False), json.dumps(row.label, ensure_ascii=False), digest


def take_effect(landing: Landing) -> int:
    """Change what was here before the import, in the transaction that ends it. Returns how many scores that added."""
    landing.later.seek(0)
    scores = 0
    for line in landing.later:
        change = json.loads(line)
        if score := change.get("score"):
            solution, scorer = score.pop("solution_id"), score.pop("scorer")
            scores += Score.objects.get_or_create(solution_id=solution, scorer=scorer, defaults=score)[1]
        else:
            _fill(change)
    return scores


def note(landing: Landing, change: dict[str, Any]) -> None:
    """Keep a change to a row that was here before for the moment when the import takes effect."""
    landing.later.write(json.dumps(change) + "\n")


def _fill(change: dict[str, Any]) -> None:
    """Give a problem what it lacks; what it has stays."""
    missing = {name: Coalesce(NullIf(F(name), Value("")), Value(change[name])) for name in FILLED if name in change}
    Problem.objects.filter(pk=change["problem"]).update(**missing)


# --- what is here already -------------------------------------------------------------------------------------------


def new_records(landing: Landing, chunk: list[Placed]) -> list[Placed]:
    """The chunk without annotations that are here already. Two equal records in one file are two, so they are counted off one by one."""
    digests = {row.record[2] for row in chunk if row.record}
    if not digests:
        return chunk
    stored = dict(
        Annotation.objects.filter(project=landing.job.project_id, sha256__in=digests)
        .exclude(imported_by=landing.job)
        .values_list("sha256")
        .annotate(Count("pk"))
    )
    new = []
    for row in chunk:
        if row.record and landing.met[row.record[2]] < stored.get(row.record[2], 0):
            landing.met[row.record[2]] += 1
        else:
            new.append(row)
    return new


def known_problems(job: Import, rows: list[Placed]) -> dict[str, Known]:
    wanted = {row.problem_sha256 for row in rows}
    found = Problem.objects.filter(project=job.project_id, text_sha256__in=wanted)
    known = {}
    for pk, digest, split, *filled in found.values_list("pk", "text_sha256", "split", *FILLED):
        missing = frozenset(name for name, value in zip(FILLED, filled, strict=True) if value is None or value == "")
        known[digest] = Known(pk, split, filled[0], missing)
    return known


def _wanted_split(row: Placed) -> str:
    """Labelled or kept for evaluation; empty where the row has no wish, as a plain problem."""
    if row.kind == "evaluation":
        return Split.EVALUATE
    return row.problem.split if isinstance(row.row, ProblemRow) else Split.LABEL


def fitting(landing: Landing, rows: list[Placed], problems: dict[str, Known]) -> list[Placed]:
    """The rows whose problem is not put to the other use already, here or earlier in these files. The others are refused."""
    splits = {digest: known.split for digest, known in problems.items()}
    fitting = []
    for row in rows:
        wanted = _wanted_split(row)
        split = splits.setdefault(row.problem_sha256, wanted or Split.LABEL)
        if wanted and wanted != split:
            reason = (
                "is in this project to be labelled or chosen from, so it cannot be kept for evaluation"
                if wanted == Split.EVALUATE
                else "is kept for evaluation in this project, so it is never labelled, trained on or chosen"
            )
            landing.refused.append({"file": row.file, "line": row.line, "field": "problem", "reason": reason})
        else:
            fitting.append(row)
    return fitting


def known_solutions(rows: list[Placed], problems: dict[str, Known]) -> dict[tuple[int, str], int]:
    digests = {row.solution_sha256 for row in rows if row.solution}
    if not digests:
        return {}
    found = Solution.objects.filter(problem__in=[known.pk for known in problems.values()], content_sha256__in=digests)
    return {(problem, digest): pk for pk, problem, digest in found.values_list("pk", "problem_id", "content_sha256")}


def grades(
    landing: Landing, rows: list[Placed], problems: dict[str, Known], solutions: dict[tuple[int, str], int]
) -> dict[tuple[str | None, str], Grade]:
    """(given, truth) to what the grader says, for the solutions that are new.

    A file that names no answer may just not have it, so a missing one is graded (as wrong) only where the file itself says that the
    solution is wrong; otherwise it stays ungraded.
    """
    beside: dict[str, str] = {}  # the answer may stand in another row of the same problem
    for row in rows:
        if row.problem.answer:
            beside.setdefault(row.problem_sha256, row.problem.answer)
    pairs: dict[tuple[str | None, str], None] = {}
    for row in rows:
        known = problems.get(row.problem_sha256)
        if row.solution is None or (known and (known.pk, row.solution_sha256) in solutions):
            continue
        if pair := _answers(row, (known.answer if known else None) or beside.get(row.problem_sha256)):
            pairs[pair] = None
    return dict(zip(pairs, landing.grader.grade_all(pairs), strict=True))


def _answers(row: Placed, known_answer: str | None) -> tuple[str | None, str] | None:
    truth = row.problem.answer or known_answer
    if row.solution is None or not truth or not truth.strip():
        return None
    if row.solution.answer is None and row.solution.published_correct is not False:
        return None
    return row.solution.answer, truth


# --- what is new ----------------------------------------------------------------------------------------------------


def insert_problems(landing: Landing, rows: list[Placed], problems: dict[str, Known]) -> set[int]:
    """Make the problems that are not here and note what the others lack; `problems` knows all of them afterwards."""
    new: dict[str, tuple[int, Problem]] = {}
    added = set()
    for place_, row in enumerate(rows):
        known = problems.get(row.problem_sha256)
        if known is None and row.problem_sha256 not in new:
            new[row.problem_sha256] = (place_, _problem(landing.job, row))
        elif known is None:
            if _complete(new[row.problem_sha256][1], row):
                added.add(place_)
        elif given := {name: getattr(row.problem, name) for name in known.missing if getattr(row.problem, name)}:
            known.missing -= given.keys()
            note(landing, {"problem": known.pk, **given})
            added.add(place_)
    made = Problem.objects.bulk_create([problem for _, problem in new.values()])
    for problem in made:
        missing = frozenset(name for name in FILLED if not getattr(problem, name))
        problems[problem.text_sha256] = Known(problem.pk, problem.split, problem.answer, missing)
    landing.counts["problems"] += len(made)
    return added | {place_ for place_, _ in new.values()}


def _complete(problem: Problem, row: Placed) -> bool:
    """Give a problem that is about to be made what an earlier row of it lacked; True where there was something to give."""
    given = {name: getattr(row.problem, name) for name in FILLED if not getattr(problem, name)}
    for name, value in given.items():
        if value:
            setattr(problem, name, value)
    return any(given.values())


def _problem(job: Import, row: Placed) -> Problem:
    return Problem(
        project_id=job.project_id,
        imported_by=job,
        text=row.problem.text,
        text_sha256=row.problem_sha256,
        answer=row.problem.answer,
        solution=row.problem.solution,
        external_id=row.problem.external_id,
        subject=row.problem.subject,
        level=row.problem.level,
        split=_wanted_split(row) or Split.LABEL,
    )


def insert_solutions(
    landing: Landing,
    rows: list[Placed],
    problems: dict[str, Known],
    solutions: dict[tuple[int, str], int],
    grades: dict[tuple[str | None, str], Grade],
) -> set[int]:
    """Make the solutions that are not here; `solutions` knows all of them afterwards."""
    new: dict[tuple[int, str], tuple[int, Solution]] = {}
    for place_, row in enumerate(rows):
        if row.solution is None:
            continue
        known = problems[row.problem_sha256]
        key = (known.pk, row.solution_sha256)
        if key not in solutions and key not in new:
            pair = _answers(row, known.answer)
            new[key] = (place_, _solution(landing.job, row, known.pk, grades.get(pair) if pair else None))
            landing.counts[row.kind] += row.kind in ("pool", "evaluation")
    for solution in Solution.objects.bulk_create([solution for _, solution in new.values()]):
        solutions[solution.problem_id, solution.content_sha256] = solution.pk
    landing.counts["solutions"] += len(new)
    return {place_ for place_, _ in new.values()}


def _solution(job: Import, row: Placed, problem: int, grade: Grade | None) -> Solution:
    given = row.solution
    if given is None:
        raise TypeError("a row without a solution has none to make")
    return Solution(
        project_id=job.project_id,
        problem_id=problem,
        imported_by=job,
        purpose=PURPOSES[row.kind],
        steps=list(given.steps),
        answer=given.answer,
        alternatives={str(step): list(texts) for step, texts in given.alternatives.items()},
        generator=given.generator,
        generation=given.generation,
        external_id=given.external_id,
        content_sha256=row.solution_sha256,
        verdict=grade.verdict if grade else "",
        verdict_strict=grade.strict if grade else None,
        verdict_symbolic=grade.symbolic if grade else None,
        published_correct=given.published_correct,
        gold_first_errors=None if given.gold_first_errors is None else list(given.gold_first_errors),
    )


def _score(solution: SolutionRow) -> dict[str, Any]:
    score = solution.score
    if score is None:
        raise TypeError("a solution without a score has none to store")
    probs = [{"-1": minus, "0": zero, "1": plus} for minus, zero, plus in score.rating_probs]
    return {"scorer": score.scorer, "rating_probs": probs, "prm_score": score.prm_score, "orm_score": score.orm_score}


def insert_scores(
    landing: Landing,
    rows: list[Placed],
    problems: dict[str, Known],
    solutions: dict[tuple[int, str], int],
    *,
    fresh: set[int],
) -> set[int]:
    """Scores of solutions made just now (in the places `fresh`) go in beside them; those of older ones, seen at once, wait."""
    scored: dict[tuple[int, str], tuple[int, dict[str, Any]]] = {}
    for place_, row in enumerate(rows):
        if row.solution is not None and row.solution.score is not None:
            solution = solutions[problems[row.problem_sha256].pk, row.solution_sha256]
            scored.setdefault((solution, row.solution.score.scorer), (place_, _score(row.solution)))
    here = Score.objects.filter(solution__in=[solution for solution, _ in scored]).values_list("solution", "scorer")
    for key in here if scored else ():
        scored.pop(key, None)
    made = [Score(solution_id=key[0], **score) for key, (place_, score) in scored.items() if place_ in fresh]
    landing.counts["scores"] += len(Score.objects.bulk_create(made))
    for key, (place_, score) in scored.items():
        if place_ not in fresh:
            note(landing, {"score": {"solution_id": key[0], **score}})
    return {place_ for place_, _ in scored.values()}


def insert_trees(landing: Landing, rows: list[Placed], problems: dict[str, Known]) -> set[int]:
    """Keep ready-made next steps beside their problem."""
    trees: dict[tuple[int, str], tuple[int, StepTree]] = {}
    for place_, row in enumerate(rows):
        if isinstance(row.row, TreeRow):
            digest, problem = json_sha256(row.row.tree), problems[row.problem_sha256].pk
            tree = StepTree(problem_id=problem, imported_by=landing.job, tree=row.row.tree, content_sha256=digest)
            trees.setdefault((problem, digest), (place_, tree))
    if not trees:
        return set()
    here = StepTree.objects.filter(problem__in={problem for problem, _ in trees}).values_list(
        "problem_id", "content_sha256"
    )
    for key in here:
        trees.pop(key, None)
    landing.counts["step_trees"] += len(StepTree.objects.bulk_create([tree for _, tree in trees.values()]))
    return {place_ for place_, _ in trees.values()}
