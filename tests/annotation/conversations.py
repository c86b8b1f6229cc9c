"""Step-by-step projects, trees and labels, as small as they can be."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from annotation import accounts, labelling, projects, queue, step_by_step
from annotation.fingerprints import json_sha256
from annotation.labelling import Receipt, Submission
from annotation.models import Handout, Labeller, Membership, Problem, Project, Protocol, Role, StepTree, Turn, User
from annotation.step_by_step import TurnGiven
from tests.factories import make_problem

SLUG = "steps"
END = "So it is 5.\n\n# Answer\n\n5"
Node = dict[str, Any]


def node(text: str, *following: Node) -> Node:
    return {"text": text, "next": list(following)}


TREE = [
    node("We add.", node(END), node("It is 6."), node("Hm, 5?")),
    node("We subtract."),
    node("we add", node("We count on.", node(END))),
]


def make_project(slug: str = SLUG) -> Project:
    return projects.create_project(slug=slug, name="Steps", protocol=Protocol.STEP_BY_STEP)


def join(project: Project, user: User) -> Labeller:
    Membership.objects.get_or_create(project=project, user=user, defaults={"role": Role.LABELLER})
    return accounts.labeller_of(project=project, user=user)


def queue_problem(
    project: Project,
    *trees: Sequence[Node],
    text: str = "What is $2 + 3$?",
    answer: str | None = "5",
    labels_each: int = 1,
) -> Problem:
    problem = make_problem(project, text=text, answer=answer, solution="the reference")
    for tree in trees:
        StepTree.objects.create(problem=problem, tree=list(tree), content_sha256=json_sha256(tree))
    queue.enqueue_problems(project=project, problems=[problem.pk], name="first", labels_each=labels_each)
    return problem


def marks(*ratings: int | None) -> list[dict[str, Any]]:
    """One entry an alternative; None is flagged as unsure, without a rating."""
    return [{"rating": rating, "flagged": rating is None} for rating in ratings]


def answer(claim: Handout, turn: int, *ratings: int | None, written: str | None = None, **more: Any) -> list[Turn]:
    """Answer a turn and see the conversation as it stands then."""
    own = None if written is None else {"text": written, "flagged": False}
    given = TurnGiven(client_key=more.pop("key", None) or uuid4(), turn=turn, ratings=marks(*ratings), written=own)
    step_by_step.answer(claim=claim, given=given)
    return conversation(claim)


def conversation(claim: Handout) -> list[Turn]:
    return list(claim.turns.in_order())


def step(
    texts: Sequence[str], ratings: Sequence[dict[str, Any]], chosen: int | None, written: str | None = None
) -> dict[str, Any]:
    """One step of a phase 1 label."""
    human = None if written is None else {"text": written, "rating": None, "source": "human", "flagged": False}
    completions = [{"text": text, **mark} for text, mark in zip(texts, ratings, strict=True)]
    return {"completions": completions, "human_completion": human, "chosen_completion": chosen}


UNFINISHED = {"completions": None, "human_completion": None, "chosen_completion": None}


def steps_of(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """The answered turns as steps of a label."""
    return [
        step(turn.alternatives, turn.ratings or [], turn.chosen, turn.written and turn.written["text"])
        for turn in turns
        if turn.ratings is not None
    ]


def label(steps: Sequence[dict[str, Any]], finish_reason: str = "solution", total_time: int = 1200) -> dict[str, Any]:
    return {"steps": json.loads(json.dumps(list(steps))), "total_time": total_time, "finish_reason": finish_reason}


def in_order(turn: Turn, *order: int) -> None:
    """Have this turn's random order be another one."""
    Turn.objects.filter(pk=turn.pk).update(order=list(order))


def send(claim: Handout, given: Any, **fields: Any) -> Receipt:
    return labelling.submit(claim=claim, submission=Submission(client_key=uuid4(), label=given, **fields))
