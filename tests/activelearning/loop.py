"""A project that a round can run on: labelled solutions whose wrong steps have a word of their own, and a pool of further ones."""

import hashlib
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any
from uuid import uuid4

from activelearning import pool, rounds
from activelearning.attempt import Attempt
from activelearning.models import ModelKind, RewardModel, Round, RoundState, Stage
from annotation import accounts, jobs, labelling, queue
from annotation.labelling import Submission
from annotation.models import JobState, Problem, Project, Purpose, Role, Score, Solution, Split, Verdict
from annotation.queue import QueueEntry
from tests.factories import label, make_problem, make_solution

_serial = count(1)

# Seconds on one thread, and still enough to learn the word by.
QUICK: dict[str, Any] = {"min_tokens": 0, "epochs": 6, "hidden": 32, "layers": 1, "feed_forward": 64, "device": "cpu"}


def steps_of(a: int, b: int, *, wrong: bool) -> list[str]:
    said = a + b + (1 if wrong else 0)
    return [
        f"We add {a} and {b}.",
        f"Plainly that is {said}." if wrong else f"Counting on, {a} + {b} = {said}.",
        f"# Answer\n\n{said}",
    ]


def problem_of(project: Project, number: int, **fields: Any) -> Problem:
    return make_problem(project, text=f"What is ${number} + 3$?", answer=str(number + 3), **fields)


def solution_of(problem: Problem, number: int, *, wrong: bool, **fields: Any) -> Solution:
    answer = str(number + 3 + (1 if wrong else 0))
    chosen = {"answer": answer, "external_id": str(next(_serial)), **fields}
    return make_solution(problem, steps=steps_of(number, 3, wrong=wrong), **chosen)


def label_solutions(project: Project, *, problems: int = 20, wrong: Sequence[bool] = (False, True)) -> None:
    """A person labels one right and one wrong solution of each problem through the queue, as the desk does."""
    made = {}
    for number in range(problems):
        problem = problem_of(project, number)
        for is_wrong in wrong:
            made[solution_of(problem, number, wrong=is_wrong).pk] = is_wrong
    label_these(project, made)


def label_one_more(project: Project, *, number: int) -> str:
    """A right solution of a further problem is labelled; returns the problem's text."""
    problem = problem_of(project, number)
    label_these(project, {solution_of(problem, number, wrong=False).pk: False})
    return problem.text


def label_these(project: Project, made: dict[int, bool]) -> None:
    """Queue and label these solutions; the value says whether it is a wrong one."""
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=pk) for pk in made], name="first", generation=0)
    person, _ = accounts.create_account(
        email=f"l{next(_serial)}@example.org", project=project, role=Role.LABELLER, password="correct horse battery"
    )
    labeller = accounts.labeller_of(project=project, user=person)
    claims = queue.claim(labeller=labeller)
    while claims:
        solution = claims[0].work_item.solution
        assert solution is not None
        ratings = (1, -1) if made[solution.pk] else (1, 1, 0)
        submission = Submission(client_key=uuid4(), label=label(*ratings, steps=solution.steps))
        _, work = labelling.submit_and_claim(user=person, claim_id=claims[0].pk, submission=submission)
        claims = work.claims


def fill_pool(project: Project, *, problems: int = 6, each: int = 4, first: int = 1000) -> list[Solution]:
    """Ungraded solutions of further problems, every second one wrong."""
    made = []
    for number in range(first, first + problems):
        problem = problem_of(project, number)
        made += [solution_of(problem, number, wrong=bool(n % 2)) for n in range(each)]
    return made


def reserve(project: Project, *, number: int = 5000) -> Solution:
    """A wrong solution of an evaluation problem, wherever it may have been put."""
    problem = problem_of(project, number, split=Split.EVALUATE)
    return solution_of(problem, number, wrong=True, purpose=Purpose.POOL)


def hold(project: Project, name: str, **config: Any) -> Attempt:
    """A worker's hold on that stage of the project's round, which is started if need be."""
    round_ = Round.objects.filter(project=project, state=RoundState.RUNNING).first()
    started = round_ or rounds.start_round(project=project, config={"training": QUICK, **config})
    Stage.objects.filter(round=started, name=name).update(state=JobState.PENDING)
    stage = jobs.take(kind=Stage, pk=started.stages.get(name=name).pk, worker="test")
    assert stage is not None
    return Attempt(stage)


def scored_pool(held: Attempt, score_of: Callable[[Solution], float]) -> RewardModel:
    """The pool, graded as it was made, with a model's scores, without a model's work."""
    folder = held.folder / "model"
    folder.mkdir(exist_ok=True)
    (folder / "training.json").write_text("{}")
    model, _ = RewardModel.objects.get_or_create(
        round=held.round,
        defaults={
            "project": held.project,
            "kind": ModelKind.PRM,
            "name": "scorer",
            "path": str(folder),
            "sha256": hashlib.sha256(b"{}").hexdigest(),
        },
    )
    solutions = list(Solution.objects.pool(held.project).select_related("problem"))
    for solution in solutions:
        verdict = Verdict.RIGHT if solution.answer == solution.problem.answer else Verdict.WRONG
        Solution.objects.filter(pk=solution.pk, verdict="").update(verdict=verdict)
    pool.store(
        [Score(solution=s, scorer="scorer", rating_probs=[], prm_score=score_of(s)) for s in solutions],
        project=held.project,
        scorer="scorer",
    )
    return model
