"""Random conversations against a plain model: whatever is rated, corrected or sent twice, the exported line is what was pressed."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation import labelling, queue, snapshots, step_by_step, step_supply
from annotation.imports import import_files
from annotation.labelling import Submission
from annotation.models import Handout, Labeller, Project, Role, User
from annotation.step_by_step import TurnGiven
from tests.annotation.conversations import (
    UNFINISHED,
    Node,
    conversation,
    join,
    label,
    make_project,
    node,
    queue_problem,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]
EXAMPLES = 300 if os.environ.get("LABELAPP_TEST_ALL") else 15
RATINGS = (-1, 0, 1, None)


class Plain:
    """The protocol in its plainest form: a list of turns, each a dict."""

    def __init__(self, tree: list[Node]) -> None:
        self.tree = tree
        self.turns: list[dict[str, Any]] = []
        self.open()

    def open(self) -> None:
        nodes = self.tree
        for turn in self.turns:
            nodes = [child for found in nodes if found["text"] == self.step(turn) for child in found["next"]]
        texts = [found["text"] for found in nodes]
        self.turns.append({"texts": texts, "order": None, "marks": None, "chosen": None, "written": None})

    def step(self, turn: dict[str, Any]) -> str:
        return str(turn["written"] if turn["chosen"] is None else turn["texts"][turn["chosen"]])

    def ended(self) -> bool:
        return self.turns[-1]["marks"] is not None

    def answer(self, number: int, marks: list[dict[str, Any]], written: str) -> str | None:
        """What is written, where none is chosen."""
        turn = self.turns[number]
        best = [i for wanted in (0, 1) for i in turn["order"] if marks[i]["rating"] == wanted]
        best = [i for i in best if marks[i]["rating"] == max(marks[j]["rating"] for j in best)]
        before = (turn["chosen"], turn["written"]) if turn["marks"] is not None else ()
        turn["chosen"] = None if not best else turn["chosen"] if turn["chosen"] in best else best[0]
        turn["written"] = None if best else written
        turn["marks"] = marks
        if (turn["chosen"], turn["written"]) != before:
            del self.turns[number + 1 :]
            if "# Answer" not in self.step(turn):
                self.open()
        return turn["written"]

    def label_steps(self) -> list[dict[str, Any]]:
        return [
            {
                "completions": [{"text": t, **m} for t, m in zip(turn["texts"], turn["marks"], strict=True)],
                "human_completion": turn["written"]
                and {"text": turn["written"], "rating": None, "source": "human", "flagged": False},
                "chosen_completion": turn["chosen"],
            }
            for turn in self.turns
            if turn["marks"] is not None
        ]


def trees(depth: int) -> st.SearchStrategy[list[Node]]:
    """Steps with texts of their own, some of which state an answer."""
    names = st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True)

    def grown(level: int) -> st.SearchStrategy[list[Node]]:
        if level == 0:
            return st.just([])

        def with_children(letters: list[str]) -> st.SearchStrategy[list[Node]]:
            ends = st.booleans()
            return st.tuples(
                *(
                    st.tuples(st.just(letter), ends, grown(level - 1)).map(
                        lambda made: (
                            node(f"Step {made[0]}\n\n# Answer\n\n1") if made[1] else node(f"Step {made[0]}", *made[2])
                        )
                    )
                    for letter in letters
                )
            ).map(list)

        return names.flatmap(with_children)

    return grown(depth)


@pytest.fixture
def ada(member: Callable[..., User]) -> Labeller:
    steps = make_project()
    return join(steps, member(Role.LABELLER, name="ada", in_project=steps))


def send(claim: Handout, plain: Plain, data: st.DataObject, sent: list[TurnGiven]) -> None:
    """One answer to the open turn or to an earlier one, often sent twice; old ones come in between."""
    number = (
        data.draw(st.integers(0, len(plain.turns) - 1), "turn") if data.draw(st.booleans()) else len(plain.turns) - 1
    )
    ratings = data.draw(st.tuples(*(st.sampled_from(RATINGS) for _ in plain.turns[number]["texts"])), "ratings")
    marks = [{"rating": rating, "flagged": rating is None} for rating in ratings]
    written = plain.answer(number, marks, data.draw(st.sampled_from(["Mine.", "Also mine.", "Mine.\n\n# Answer\n\n1"])))
    own = None if written is None else {"text": written, "flagged": False}
    sent.append(TurnGiven(client_key=UUID(int=len(sent) + 1), turn=number, ratings=marks, written=own))
    for again in [sent[-1], *data.draw(st.lists(st.sampled_from(sent), max_size=2), "repeats")]:
        step_by_step.answer(claim=claim, given=again)


def compare(claim: Handout, plain: Plain) -> None:
    """The same conversation, and every order that was drawn stays."""
    shown = conversation(claim)
    assert [turn.alternatives for turn in shown] == [turn["texts"] for turn in plain.turns]
    for turn, expected in zip(shown, plain.turns, strict=True):
        assert expected["order"] in (None, turn.order)
        expected["order"] = turn.order
        assert (turn.ratings, turn.chosen) == (expected["marks"], expected["chosen"])
        assert (turn.written and turn.written["text"]) == expected["written"]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_whatever_a_labeller_does_the_exported_line_is_what_was_pressed(
    ada: Labeller, tmp_path: Path, data: st.DataObject
) -> None:
    generator = Random(data.draw(st.integers(0, 2**32), "seed"))
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(step_supply, "drawn", lambda size: generator.sample(range(size), size))
        walk(ada, tmp_path, data)
        transaction.set_rollback(True)


def walk(ada: Labeller, folder: Path, data: st.DataObject) -> None:
    tree = data.draw(trees(3), "tree")
    queue_problem(ada.project, *([tree] if tree else []))
    (claim,) = queue.claim(labeller=ada)
    plain, sent = Plain(tree), list[TurnGiven]()
    compare(claim, plain)
    for _ in range(data.draw(st.integers(0, 6), "answers")):
        send(claim, plain, data, sent)
        compare(claim, plain)
    ended = plain.ended()
    steps = [*plain.label_steps(), *([] if ended else [UNFINISHED])]
    pressed = label(steps, "solution" if ended else "give_up", total_time=data.draw(st.integers(0, 10**6)))
    submission = Submission(client_key=uuid4(), label=pressed, reason="x")
    receipts = {labelling.submit(claim=claim, submission=submission).sha256 for _ in range(2)}
    assert receipts == {check_export(ada.project, pressed, folder)}


def check_export(project: Project, pressed: dict[str, Any], folder: Path) -> str:
    """The line says what was pressed, and an import of it says the same again. Returns its hash."""
    path = folder / f"{uuid4()}.jsonl"
    path.write_bytes(snapshots.file_of(snapshots.freeze(project=project)).read_bytes())
    record = json.loads(path.read_bytes())
    assert record["label"] == pressed
    assert list(record["label"]) == ["steps", "total_time", "finish_reason"]
    assert (record["generation"], list(record["question"])) == (None, ["problem", "ground_truth_answer"])
    other = make_project("other")
    import_files(project=other, paths=[path])
    assert snapshots.file_of(snapshots.freeze(project=other)).read_bytes() == path.read_bytes()
    return hashlib.sha256(path.read_bytes().rstrip(b"\n")).hexdigest()
