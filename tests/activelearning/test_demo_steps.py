"""The demo's step-by-step project: each tree leads to its answer, and the scripted supplier solves the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings

from activelearning import demo_steps
from activelearning.domains import arithmetic
from activelearning.domains.handwritten.trees import TREES, Tree, grown
from annotation import accounts, jobs, labelling, queue, step_by_step, step_supply
from annotation.labelling import Submission
from annotation.models import Annotation, Membership, Project, Role, StepSupply, Turn, User
from annotation.near_identical import merged, states_answer
from annotation.step_by_step import TurnGiven
from tests.annotation.conversations import label, steps_of


def nodes(tree: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [found for node in tree for found in [node, *nodes(node["next"])]]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.text[:20])
def test_each_tree_has_its_answer_and_others_and_steps_end_where_they_state_one(tree: Tree) -> None:
    found = nodes(tree.line()["tree"])
    ends = [node for node in found if states_answer(node["text"])]
    assert {node["text"].rpartition("\n\n")[2] for node in ends} > {tree.answer}
    assert all(not node["next"] for node in ends)
    assert any(not node["next"] for node in found if node not in ends)
    assert all(node["text"] == node["text"].strip() for node in found)


def test_the_trees_try_every_side_of_the_desk() -> None:
    every = [
        siblings
        for tree in TREES
        for siblings in [tree.line()["tree"], *(n["next"] for n in nodes(tree.line()["tree"]))]
    ]
    texts = [[node["text"] for node in siblings] for siblings in every if siblings]
    assert any(len(merged(siblings)) < len(siblings) for siblings in texts)
    assert max(len(siblings) for siblings in texts) >= 5


def test_an_outline_is_read_by_its_indents() -> None:
    assert grown("a\n    b => 1\n    c\nd\n") == [
        {"text": "a", "next": [{"text": "b\n\n# Answer\n\n1", "next": []}, {"text": "c", "next": []}]},
        {"text": "d", "next": []},
    ]


@pytest.fixture
def steps(db: None, tmp_path: Path, settings: LazySettings) -> Project:
    settings.STEP_SUPPLIER = "activelearning.domains.next_steps.next_steps"
    project = demo_steps.make_project()
    demo_steps.queue_sums(project)
    return project


def test_the_trees_are_served_first_and_then_the_sums_are_made_live(
    steps: Project, labeller: User, member: Callable[..., User]
) -> None:
    Membership.objects.create(project=steps, user=labeller, role=Role.LABELLER)
    ada = accounts.labeller_of(project=steps, user=labeller)
    seen = []
    while claims := queue.claim(labeller=ada):
        text = claims[0].work_item.problem.text
        seen.append(text)
        if any(text == tree.text for tree in TREES):
            submission = Submission(client_key=uuid4(), label=label([], "give_up"), reason="next")
        else:
            submission = Submission(client_key=uuid4(), label=label(steps_of(solved(claims[0], text))))
        labelling.submit(claim=claims[0], submission=submission)
    assert set(seen[: len(TREES)]) == {tree.text for tree in TREES}
    assert len(seen) == len(set(seen)) == len(TREES) + demo_steps.SUPPLIED
    assert Annotation.objects.filter(finish_reason="solution").count() == demo_steps.SUPPLIED


def solved(claim: Any, problem: str) -> list[Turn]:
    """The conversation as the oracle would have it."""
    while True:
        for pk in jobs.due(kind=StepSupply).values_list("pk", flat=True):
            step_supply.run(pk=pk)
        turns = list(claim.turns.in_order())
        if turns[-1].state == "answered":
            return turns
        said = [turn.answer_text() for turn in turns[:-1]]
        ratings = [
            {"rating": arithmetic.oracle(problem, [*said, text])[-1], "flagged": False}
            for text in turns[-1].alternatives
        ]
        given = TurnGiven(client_key=uuid4(), turn=len(said), ratings=ratings)
        step_by_step.answer(claim=claim, given=given)


def test_made_twice_it_is_the_same_project(steps: Project) -> None:
    before = steps.work_items.count(), steps.problems.count()
    assert demo_steps.make_project() == steps
    assert (steps.work_items.count(), steps.problems.count()) == before
