"""The demo: one project to try everything on: sums that an oracle labels, so that a round learns something, and hand-written problems.
Beside it stands one where solutions are built step by step (`demo_steps`).

What it knows and shows nobody: where each hand-written solution goes wrong (gold). A demo that was broken off is taken up where it
stopped: its files are the same each time, an import adds nothing twice, and the queue, the gold and the accounts come in one transaction.
"""

import json
import random
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from django.db import transaction

from activelearning import demo_steps
from activelearning.domains import arithmetic, handwritten
from annotation import accounts, audit, projects, queue
from annotation.errors import Conflict
from annotation.imports import import_files
from annotation.models import Batch, Labeller, Membership, Project, Role, Solution, User
from annotation.queue import QueueEntry

SLUG = "demo"
NAME = "Demo: arithmetic and more"
LABELLED = 400  # arithmetic problems of which the oracle has labelled a solution; many problems teach more than many solutions of few
POOLED = 80  # of these: problems with further solutions, for rounds to choose from
POOL_EACH = 8
DRAWN = 80  # solutions generated of such a problem, of which the different ones are kept
PRIORITY = 1.0  # of the hand-written solutions; a round puts what it chose above all that waits
PEOPLE = (
    ("admin@demo.example", "Demo admin", Role.ADMIN),
    ("researcher@demo.example", "Demo researcher", Role.RESEARCHER),
    ("labeller@demo.example", "Demo labeller", Role.LABELLER),
)
INSTRUCTIONS = r"""
# What to do
Read the problem, then rate its solution step by step, from the top to the first Bad step or to the end. You need no paper for most steps: \
a step that cannot be checked in about half a minute is not explained well enough.

# How to rate
- Great: right, clear, and a good next move. After $x^2 - 5x + 6 = 0$: "So $(x-2)(x-3) = 0$."
- Okay: right, but nothing new. "Now we have a quadratic equation."
- Bad: wrong, or not justified. "So $(x+2)(x+3) = 0$", or "plainly $x = 2$ is the only solution".
- Unsure: you cannot tell, even after a good look. Use it rarely.

# Mind
- Judge the reasoning and not only the numbers: a right answer that does not follow from the steps before it is Bad.
- Forgiven: clumsy words, a detour that leads somewhere, a missing "dx".
- The answer beside the problem is a help and may be wrong. If the problem itself makes no sense, say so with "bad problem".
""".strip().replace("\\\n", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    email: str
    role: Role
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What was made, in rows. The passwords stand here and nowhere else."""

    project: Project
    accounts: tuple[Account, ...]
    problems: int
    pool: int
    labelled: int
    queued: int
    steps: Project
    steps_queued: int


def make_demo(*, seed: int = 0) -> Demo:
    """The demo in an empty database: projects, data, first batches and three accounts with passwords of their own.

    Raises `Conflict("not_empty")` where there is an account, or a project that is not a demo broken off.
    """
    project = _project()
    _import(project, seed)
    steps = demo_steps.make_project()
    with transaction.atomic():
        _remember_gold(project)
        batch = _queue(project, seed)
        steps_queued = demo_steps.queue_sums(steps)
        people = _accounts(project, steps)
    found = projects.figures(project=project)
    return Demo(
        project=project,
        accounts=people,
        problems=found.problems,
        pool=found.pool,
        labelled=found.annotations,
        queued=batch.work_items.count(),
        steps=steps,
        steps_queued=steps_queued,
    )


def _project() -> Project:
    """The demo's project, new or left by an attempt that ended before it made the accounts."""
    others = Project.objects.exclude(slug=SLUG, name=NAME).exclude(slug=demo_steps.SLUG, name=demo_steps.NAME)
    if User.objects.exists() or others.exists():
        raise Conflict("not_empty", "There are accounts or projects already. A demo is only made in an empty database.")
    left = Project.objects.filter(slug=SLUG).first()
    return left or projects.create_project(slug=SLUG, name=NAME, instructions=INSTRUCTIONS)


# --- the files ------------------------------------------------------------------------------------------------------


def _import(project: Project, seed: int) -> None:
    """Everything as one import, through the same door as anybody's files."""
    # Records name labellers by UUID alone, so the oracle has its name before they come.
    Labeller.objects.get_or_create(project=project, uuid=arithmetic.ORACLE, defaults={"name": "Oracle"})
    labelled, pool = _sums(seed)
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        files = [
            _written(Path(folder) / "problems.jsonl", _problem_lines()),
            _written(Path(folder) / "hand-written.jsonl", (_json(row) for _, row in _hand_rows())),
            _written(Path(folder) / "oracle.jsonl", arithmetic.labelled_lines(labelled)),
            _written(Path(folder) / "samples.jsonl", (arithmetic.pool_line(*pair) for pair in pool)),
        ]
        import_files(project=project, paths=files)


Pairs = list[tuple[arithmetic.Problem, arithmetic.Solution]]


def _sums(seed: int) -> tuple[Pairs, Pairs]:
    """Solutions for the oracle to label, and further ones for the pool; all solutions of a problem differ."""
    labelled: Pairs = []
    pool: Pairs = []
    for number, problem in enumerate(arithmetic.problems(LABELLED, seed)):
        drawn = arithmetic.solutions(problem, DRAWN if number < POOLED else 1, seed)
        first, *others = dict.fromkeys(drawn)
        labelled.append((problem, first))
        pool += [(problem, solution) for solution in others[:POOL_EACH]]
    return labelled, pool


def _problem_lines() -> Iterator[str]:
    for number, problem in enumerate(handwritten.PROBLEMS, start=1):
        right = next((attempt for attempt in problem.attempts if attempt.first_error is None), None)
        yield _json(
            {
                "problem": problem.text,
                "answer": problem.answer,
                "solution": None if right is None else "\n\n".join(right.steps).partition("\n\n# Answer")[0],
                "id": f"hand-{number:02}",
                "subject": problem.subject,
                "level": problem.level,
            }
        )


def _hand_rows() -> Iterator[tuple[handwritten.Attempt, dict[str, Any]]]:
    """Each hand-written solution with its line. The ids say nothing about right and wrong."""
    for number, problem in enumerate(handwritten.PROBLEMS, start=1):
        for place, attempt in enumerate(problem.attempts, start=1):
            yield (
                attempt,
                {
                    "problem": problem.text,
                    "steps": attempt.steps,
                    "answer": attempt.answer,
                    "ground_truth_answer": problem.answer,
                    "generator": "written by hand",
                    "generation": 0,
                    "alternatives": {str(step): texts for step, texts in attempt.alternatives.items()},
                    "id": f"hand-{number:02}-{place}",
                },
            )


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _written(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


# --- what comes of them ---------------------------------------------------------------------------------------------


def _hand_written(project: Project) -> dict[str, Solution]:
    found = Solution.objects.landed().filter(project=project, external_id__startswith="hand-")
    return {solution.external_id: solution for solution in found.order_by("pk")}


def _remember_gold(project: Project) -> None:
    solutions = _hand_written(project)
    for attempt, row in _hand_rows():
        error = attempt.first_error
        solutions[row["id"]].gold_first_errors = [] if error is None else [error]
    Solution.objects.bulk_update(solutions.values(), ["gold_first_errors"])


def _queue(project: Project, seed: int) -> Batch:
    """The hand-written solutions as the first batch."""
    solutions = _hand_written(project)
    entries = [QueueEntry(solution_id=solutions[name].pk, priority=PRIORITY) for name in _mixed(seed)]
    return queue.enqueue(project=project, entries=entries, name="Written by hand", generation=0)


def _mixed(seed: int) -> list[str]:
    """Ids of the hand-written solutions, mixed so that all problems come round before one of them comes again."""
    generator = random.Random(seed)  # noqa: S311 (a reproducible order, no secret)
    of_problem: dict[str, list[str]] = {}
    for _, row in _hand_rows():
        of_problem.setdefault(row["problem"], []).append(row["id"])
    each = [generator.sample(names, len(names)) for names in of_problem.values()]
    generator.shuffle(each)
    return [name for turn in zip_longest(*each) for name in turn if name is not None]


def _accounts(project: Project, steps: Project) -> tuple[Account, ...]:
    made = []
    for email, name, role in PEOPLE:
        user, password = accounts.create_account(
            email=email, name=name, project=project, role=role, is_operator=role == Role.ADMIN
        )
        Membership.objects.create(user=user, project=steps, role=role)
        audit.record(actor=None, action="member.added", project=steps, account=user.pk, role=role)
        made.append(Account(email=user.email, role=role, password=password))
    return tuple(made)
