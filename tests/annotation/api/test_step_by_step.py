"""Building step by step over HTTP: what a claim shows, answering a turn, waiting for one, and the line that comes out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation import jobs, snapshots, step_supply
from annotation.imports import import_files
from annotation.models import Handout, Project, Role, StepSupply, Turn, User, WorkItem
from tests.annotation.conversations import (
    END,
    TREE,
    UNFINISHED,
    join,
    label,
    make_project,
    marks,
    node,
    queue_problem,
    step,
)
from tests.factories import make_queue

pytestmark = pytest.mark.django_db
CLAIMS = "/api/v1/projects/steps/claims/"


@pytest.fixture
def steps(db: None) -> Project:
    return make_project()


@pytest.fixture
def desk(steps: Project, labeller: User, signed_in: Callable[[User], Client]) -> Client:
    join(steps, labeller)
    return signed_in(labeller)


@pytest.fixture
def claim(steps: Project, desk: Client) -> int:
    queue_problem(steps, TREE)
    return int(post(desk, CLAIMS).json()["claims"][0]["id"])


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(path, {} if body is None else body, content_type="application/json")


def next_step(client: Client, claim: int, turn: int, *ratings: int | None, **more: Any) -> Any:
    body = {"client_key": str(uuid4()), "turn": turn, "ratings": marks(*ratings), **more}
    return post(client, f"/api/v1/claims/{claim}/next-step/", body)


def work() -> None:
    for pk in jobs.due(kind=StepSupply).values_list("pk", flat=True):
        step_supply.run(pk=pk)


def test_a_claim_shows_its_turns_and_nothing_of_a_whole_solution(desk: Client, claim: int) -> None:
    (shown,) = post(desk, CLAIMS).json()["claims"]
    order = Turn.objects.get().order
    assert shown["turns"] == [
        {
            "number": 0,
            "state": "open",
            "alternatives": ["We add.", "We subtract."],
            "order": order,
            "ratings": None,
            "written": None,
            "chosen": None,
            "failed": False,
        }
    ]
    assert (shown["steps"], shown["answer"], shown["alternatives"], shown["draft"]) == ([], None, {}, None)
    assert shown["problem"] == {"text": "What is $2 + 3$?", "answer": "5"}
    assert desk.get(f"/api/v1/claims/{claim}/").json() | {"expires_at": ""} == shown | {"expires_at": ""}


def test_a_whole_solution_has_no_turns_and_takes_no_step(
    project: Project, labeller: User, signed_in: Callable[[User], Client]
) -> None:
    make_queue(project)
    desk = signed_in(labeller)
    (shown,) = post(desk, "/api/v1/projects/algebra/claims/").json()["claims"]
    assert shown["turns"] is None
    refused = next_step(desk, shown["id"], 0, 1)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_protocol")
    refused = post(desk, f"/api/v1/claims/{shown['id']}/prepare/", {"turn": 0, "chosen": 0})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_protocol")


def test_a_whole_conversation_comes_out_as_it_was_pressed_and_in_again(
    steps: Project, desk: Client, claim: int, data_dir: Path, tmp_path: Path
) -> None:
    first = next_step(desk, claim, 0, -1, -1, written={"text": "We add"})
    assert first.status_code == 200
    turns = first.json()["turns"]
    assert [turn["state"] for turn in turns] == ["answered", "open"]
    assert turns[0]["written"] == {"text": "We add", "flagged": False}
    texts = turns[1]["alternatives"]
    given = label(
        [
            step(turns[0]["alternatives"], marks(-1, -1), None, "We add"),
            step(texts, marks(1, -1, None, 0), texts.index(END)),
        ]
    )
    answer = post(desk, f"/api/v1/claims/{claim}/submission/", {"client_key": str(uuid4()), "label": given})
    assert answer.status_code == 201
    assert answer.json()["claims"] == []
    frozen = snapshots.file_of(snapshots.freeze(project=steps))
    (line,) = frozen.read_text().splitlines()
    assert json.loads(line)["label"] == given
    assert json.loads(line)["generation"] is None
    assert json.loads(line)["question"] == {"problem": "What is $2 + 3$?", "ground_truth_answer": "5"}

    copied = tmp_path / "copied.jsonl"
    copied.write_bytes(frozen.read_bytes())
    other = make_project("other")
    import_files(project=other, paths=[copied])
    assert snapshots.file_of(snapshots.freeze(project=other)).read_bytes() == frozen.read_bytes()


def test_my_history_shows_the_turns_as_submitted_and_takes_an_amendment(desk: Client, claim: int) -> None:
    given = label([step(["We add.", "We subtract."], marks(-1, None), None, END)])
    body = {"client_key": str(uuid4()), "label": given}
    receipt = post(desk, f"/api/v1/claims/{claim}/submission/", body).json()["receipt"]
    (mine,) = desk.get("/api/v1/annotations/mine/?project=steps").json()["results"]
    (turn,) = mine["turns"]
    assert (turn["ratings"], turn["written"], turn["chosen"]) == (
        marks(-1, None),
        {"text": END, "flagged": False},
        None,
    )
    assert sorted(turn) == sorted(claim_turn(desk, claim))
    given["steps"][0]["completions"][1] = {"text": "We subtract.", "rating": -1, "flagged": False}
    path = f"/api/v1/annotations/{receipt['annotation']}/amendments/"
    assert post(desk, path, {"client_key": str(uuid4()), "label": given}).status_code == 201


def claim_turn(desk: Client, claim: int) -> Any:
    return desk.get(f"/api/v1/claims/{claim}/").json()["turns"][0]


def test_what_was_given_up_has_its_finished_turns_in_the_history(desk: Client, claim: int) -> None:
    next_step(desk, claim, 0, 1, -1)
    done = step(["We add.", "We subtract."], marks(1, -1), 0)
    body = {"client_key": str(uuid4()), "label": label([done, UNFINISHED], "give_up"), "reason": "stuck"}
    assert post(desk, f"/api/v1/claims/{claim}/submission/", body).status_code == 201
    (mine,) = desk.get("/api/v1/annotations/mine/?project=steps").json()["results"]
    assert [turn["chosen"] for turn in mine["turns"]] == [0]


def test_the_same_call_again_has_the_same_answer(desk: Client, claim: int) -> None:
    key = str(uuid4())
    first = next_step(desk, claim, 0, 1, -1, client_key=key)
    second = next_step(desk, claim, 0, 1, -1, client_key=key)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    third = next_step(desk, claim, 0, -1, 1, client_key=key)
    assert (third.status_code, third.json()["code"]) == (409, "key_reused")


def test_a_turn_in_the_making_is_202_until_it_is_there(steps: Project, desk: Client, settings: LazySettings) -> None:
    settings.STEP_SUPPLIER = "tests.annotation.suppliers.good"
    queue_problem(steps)
    (shown,) = post(desk, CLAIMS).json()["claims"]
    assert [turn["state"] for turn in shown["turns"]] == ["making"]
    work()
    key = str(uuid4())
    answer = next_step(desk, shown["id"], 0, 1, -1, client_key=key)
    assert answer.status_code == 202
    assert [turn["state"] for turn in answer.json()["turns"]] == ["answered", "making"]
    work()
    again = next_step(desk, shown["id"], 0, 1, -1, client_key=key)
    assert again.status_code == 200
    assert again.json()["turns"][1]["alternatives"] == ["One after 1.", "Two after 1."]


def test_one_that_never_comes_is_shown_as_failed(steps: Project, desk: Client, settings: LazySettings) -> None:
    settings.STEP_SUPPLIER = "tests.annotation.suppliers.good"
    queue_problem(steps)
    (shown,) = post(desk, CLAIMS).json()["claims"]
    StepSupply.objects.update(requested_at="2020-01-01T00:00:00Z")
    turn = claim_turn(desk, shown["id"])
    assert (turn["state"], turn["failed"], turn["alternatives"]) == ("open", True, [])
    assert post(desk, CLAIMS).json()["claims"][0]["turns"] == [turn]
    assert next_step(desk, shown["id"], 0, written={"text": "Mine."}).status_code == 202


def test_a_guess_is_taken_whether_it_comes_true_or_not(desk: Client, claim: int) -> None:
    for turn, chosen in ((0, 0), (0, 1), (0, 99), (5, 0)):
        assert post(desk, f"/api/v1/claims/{claim}/prepare/", {"turn": turn, "chosen": chosen}).status_code == 202


def test_a_turn_asks_the_same_number_of_queries_however_long_the_conversation_is(steps: Project, desk: Client) -> None:
    chain = node("One.", node("Two.", node("Three.", node("Four.", node("Five.")))))
    queue_problem(steps, [chain])
    claim = post(desk, CLAIMS).json()["claims"][0]["id"]
    counts = set()
    for turn in range(4):
        with CaptureQueriesContext(connection) as asked:
            assert next_step(desk, claim, turn, 0).status_code == 200
        counts.add(len(asked))
    assert len(counts) == 1


@pytest.mark.parametrize(
    ("address", "body", "field"),
    [
        ("next-step", {"turn": 0, "ratings": []}, "client_key"),
        ("next-step", {"client_key": "x", "turn": 0, "ratings": []}, "client_key"),
        ("next-step", {"client_key": str(uuid4()), "ratings": []}, "turn"),
        ("next-step", {"client_key": str(uuid4()), "turn": -1, "ratings": []}, "turn"),
        ("next-step", {"client_key": str(uuid4()), "turn": True, "ratings": []}, "turn"),
        ("next-step", {"client_key": str(uuid4()), "turn": 0}, "ratings"),
        ("next-step", {"client_key": str(uuid4()), "turn": 0, "ratings": [], "chosen": 1}, "chosen"),
        ("prepare", {"turn": 0}, "chosen"),
        ("prepare", {"turn": 0, "chosen": -1}, "chosen"),
        ("prepare", {"turn": "0", "chosen": 1}, "turn"),
        ("prepare", {"turn": 0, "chosen": 1, "score": 1}, "score"),
    ],
)
def test_a_bad_shape_is_400_and_names_the_field(
    desk: Client, claim: int, address: str, body: dict[str, Any], field: str
) -> None:
    answer = post(desk, f"/api/v1/claims/{claim}/{address}/", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_a_wrong_label_of_a_conversation_names_its_field(desk: Client, claim: int) -> None:
    body = {"client_key": str(uuid4()), "label": label([])}
    answer = post(desk, f"/api/v1/claims/{claim}/submission/", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "label.steps")


def test_anothers_conversation_is_absent(
    steps: Project, claim: int, member: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    other = signed_in(member(Role.ADMIN, name="other", in_project=steps))
    for answer in (
        other.get(f"/api/v1/claims/{claim}/"),
        next_step(other, claim, 0, 1, -1),
        post(other, f"/api/v1/claims/{claim}/prepare/", {"turn": 0, "chosen": 0}),
    ):
        assert answer.status_code == 404


def test_a_claim_that_went_to_another_shows_nothing_of_theirs(
    steps: Project, desk: Client, claim: int, member: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    next_step(desk, claim, 0, 1, -1)
    WorkItem.objects.update(claimed_until="2020-01-01T00:00:00Z")
    other = signed_in(member(Role.LABELLER, name="other", in_project=steps))
    (theirs,) = post(other, CLAIMS).json()["claims"]
    draft = {"version": 0, "draft": {"note": "theirs"}}
    other.put(f"/api/v1/claims/{theirs['id']}/draft/", draft, content_type="application/json")
    mine = desk.get(f"/api/v1/claims/{claim}/").json()
    assert (mine["draft"], mine["draft_version"], mine["expires_at"]) == (None, 0, None)
    assert [turn["state"] for turn in mine["turns"]] == ["answered", "open"]
    assert [turn["state"] for turn in theirs["turns"]] == ["open"]
    assert Handout.objects.count() == 2
