"""A16-A18, A24, A25: what a labeller who builds a solution step by step must not see, and must not do."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client

from annotation import labelling, queue, step_supply
from annotation.labelling import Submission
from annotation.models import Handout, Role, StepSupply, Turn, User, WorkItem
from tests.annotation.conversations import (
    END,
    UNFINISHED,
    answer,
    join,
    label,
    make_project,
    marks,
    node,
    queue_problem,
    step,
)

pytestmark = pytest.mark.django_db
CLAIMS = "/api/v1/projects/steps/claims/"
HIDDEN = (
    "generation",
    "is_quality_control",
    "is_initial_screening",
    "priority",
    "supply",
    "error",
    "seed",
    "next",
    "tree",
)


class Theatre:
    """One problem with a tree, wanted twice: a colleague has built it and holds another; the labeller holds theirs."""

    def __init__(self, people: Callable[..., User], signed_in: Callable[[User], Client]) -> None:
        self.canaries: dict[str, str] = {}
        steps = make_project()
        tree = [
            node("We add.", node(END), node("So 6.", node(self.canary("step-not-reached")))),
            node("We draw.", node(self.canary("step-of-another-branch"))),
        ]
        problem = queue_problem(steps, tree, labels_each=2)
        problem.external_id, problem.subject = self.canary("problem-id"), self.canary("subject")
        problem.solution = self.canary("reference-solution")
        problem.save()
        queue_problem(steps, text="No tree here.")
        WorkItem.objects.update(is_quality_control=True, priority=0.7724538509)
        self.canaries["priority"] = "7724538509"
        colleague = join(steps, people(Role.LABELLER, name=self.canary("colleague"), in_project=steps))
        claims = queue.claim(labeller=colleague)
        written = f"{self.canary('written')}\n\n# Answer\n\n5"
        answer(claims[0], 0, -1, -1, written=written)
        done = label([step(["We add.", "We draw."], marks(-1, -1), None, written)])
        labelling.submit(
            claim=claims[0], submission=Submission(client_key=uuid4(), label=done, error_note=self.canary("note"))
        )
        answer(claims[1], 0, written=self.canary("unfinished"))
        self.theirs = claims[1]
        labelling.save_draft(claim=claims[1], version=0, draft={"written": self.canary("draft")})
        user = people(Role.LABELLER, name="ada", in_project=steps)
        join(steps, user)
        self.client = signed_in(user)

    def canary(self, name: str) -> str:
        return self.canaries.setdefault(name, f"canary-{name}-{uuid4().hex[:12]}")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, in which no canary shows."""
        found = self.client.generic(method.upper(), path, json.dumps(body or {}), content_type="application/json")
        text = found.content.decode() + str(found.headers)
        assert [name for name, canary in self.canaries.items() if canary in text] == [], (method, path)
        return found


@pytest.fixture
def theatre(member: Callable[..., User], signed_in: Callable[[User], Client]) -> Theatre:
    return Theatre(member, signed_in)


def test_a17_a18_no_answer_of_a_whole_conversation_holds_a_canary(theatre: Theatre) -> None:
    (claim,) = theatre.ask("post", CLAIMS).json()["claims"]
    path = f"/api/v1/claims/{claim['id']}/"
    given = {"client_key": str(uuid4()), "turn": 0, "ratings": marks(1, -1)}
    first = theatre.ask("post", f"{path}next-step/", given)
    answers = [
        first,
        theatre.ask("post", f"{path}next-step/", given),
        theatre.ask("post", f"{path}next-step/", {**given, "client_key": str(uuid4()), "ratings": marks(1, 1)}),
        theatre.ask("post", f"{path}prepare/", {"turn": 1, "chosen": 1}),
        theatre.ask("get", path),
        theatre.ask("post", f"{path}next-step/", {**given, "ratings": []}),
        theatre.ask("post", f"{path}next-step/", {**given, "client_key": str(uuid4()), "turn": 7}),
    ]
    assert [found.status_code for found in answers] == [200, 200, 200, 202, 200, 409, 409]
    done = label([step(["We add.", "We draw."], marks(1, 1), 0), step([END, "So 6."], marks(1, -1), 0)])
    body = {"client_key": str(uuid4()), "label": done}
    receipt = theatre.ask("post", f"{path}submission/", body).json()["receipt"]
    assert theatre.ask("post", f"{path}submission/", body).status_code == 200
    (mine,) = theatre.ask("get", "/api/v1/annotations/mine/?project=steps").json()["results"]
    assert mine["id"] == receipt["annotation"]
    amended = {"client_key": str(uuid4()), "label": done, "error_note": "mine"}
    assert theatre.ask("post", f"/api/v1/annotations/{mine['id']}/amendments/", amended).status_code == 201
    for key in HIDDEN:
        assert f'"{key}"' not in json.dumps([claim, mine, first.json()]), key


def test_a17_the_oracle_cries_where_it_should(theatre: Theatre) -> None:
    """The control: a step that is not hidden any more."""
    theatre.canaries["offered"] = "So 6."
    (claim,) = theatre.ask("post", CLAIMS).json()["claims"]
    given = {"client_key": str(uuid4()), "turn": 0, "ratings": marks(1, -1)}
    with pytest.raises(AssertionError, match="offered"):
        theatre.ask("post", f"/api/v1/claims/{claim['id']}/next-step/", given)


def test_a16_anothers_conversation_is_absent_whatever_is_asked_of_it(theatre: Theatre) -> None:
    path = f"/api/v1/claims/{theatre.theirs.pk}/"
    before = list(Turn.objects.filter(handout=theatre.theirs).values())
    given = {"client_key": str(uuid4()), "turn": 0, "ratings": [], "written": {"text": "Mine."}}
    body = {"client_key": str(uuid4()), "label": label([UNFINISHED], "give_up"), "reason": "x"}
    for method, address, sent in (
        ("get", "", None),
        ("delete", "", None),
        ("post", "next-step/", given),
        ("post", "prepare/", {"turn": 0, "chosen": 0}),
        ("post", "submission/", body),
        ("post", "submission/", {}),
        ("put", "draft/", {"version": 1, "draft": {}}),
    ):
        assert theatre.ask(method, path + address, sent).status_code == 404
    assert list(Turn.objects.filter(handout=theatre.theirs).values()) == before


def test_a18_what_went_wrong_with_a_supplier_is_no_labellers_business(theatre: Theatre, settings: LazySettings) -> None:
    settings.STEP_SUPPLIER = "tests.annotation.suppliers.broken"
    queue.release(handout=theatre.theirs)
    second = theatre.ask("post", CLAIMS).json()["claims"][1]
    assert [turn["state"] for turn in second["turns"]] == ["making"]
    step_supply.run(pk=StepSupply.objects.get().pk)
    StepSupply.objects.update(error=theatre.canary("supplier-error"))
    (turn,) = theatre.ask("get", f"/api/v1/claims/{second['id']}/").json()["turns"]
    assert (turn["state"], turn["failed"]) == ("open", True)


def test_a24_nobody_answers_a_turn_of_a_batch_that_was_closed_or_of_a_problem_they_have_built(theatre: Theatre) -> None:
    (claim,) = theatre.ask("post", CLAIMS).json()["claims"]
    body = {"client_key": str(uuid4()), "label": label([UNFINISHED], "give_up"), "reason": "x"}
    assert theatre.ask("post", f"/api/v1/claims/{claim['id']}/submission/", body).status_code == 201
    given = {"client_key": str(uuid4()), "turn": 0, "ratings": marks(1, -1)}
    refused = theatre.ask("post", f"/api/v1/claims/{claim['id']}/next-step/", given)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_labelled")
    assert theatre.ask("post", CLAIMS).status_code == 204
    assert Handout.objects.filter(labeller__user__name="ada").count() == 1
