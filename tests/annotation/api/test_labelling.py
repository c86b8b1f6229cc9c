"""The desk's API as a client meets it: strict, deny by default, receipts, and nothing of what a labeller must not see."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation import accounts, queue
from annotation.models import Annotation, Project, Role, User, WorkItem
from annotation.queue import QueueEntry
from tests.factories import label, make_problem, make_queue, make_solution

pytestmark = pytest.mark.django_db

CLAIMS = "/api/v1/projects/algebra/claims/"


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(path, {} if body is None else body, content_type="application/json")


def submission(**fields: Any) -> dict[str, Any]:
    return {"client_key": str(uuid4()), "label": label(1, 0, 1), **fields}


@pytest.fixture
def desk(labeller: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(labeller)


@pytest.fixture
def claim_id(project: Project, desk: Client) -> int:
    make_queue(project, solutions=3)
    return int(post(desk, CLAIMS).json()["claims"][0]["id"])


def test_a_claim_holds_what_the_desk_needs_and_nothing_else(project: Project, desk: Client) -> None:
    make_queue(project, solutions=1, verifier_score=0.5, is_quality_control=True)
    (claim,) = post(desk, CLAIMS).json()["claims"]
    assert sorted(claim) == [
        "alternatives", "answer", "draft", "draft_version", "expires_at", "id", "problem", "steps",
        "turns",
    ]  # fmt: skip
    assert sorted(claim["problem"]) == ["answer", "text"]


def test_an_empty_queue_answers_204(project: Project, desk: Client) -> None:
    assert post(desk, CLAIMS).status_code == 204


def test_a_submission_is_answered_with_a_receipt_and_the_next_items(desk: Client, claim_id: int) -> None:
    answer = post(desk, f"/api/v1/claims/{claim_id}/submission/", submission())
    assert answer.status_code == 201
    body = answer.json()
    assert sorted(body) == ["claims", "progress", "receipt"]
    assert len(body["claims"]) == 2
    assert body["progress"] == {"today": 1, "active_ms_today": 1200}
    assert Annotation.objects.get().sha256 == body["receipt"]["sha256"]


def test_a_repeat_is_answered_200_with_the_same_receipt(desk: Client, claim_id: int) -> None:
    body = submission()
    first = post(desk, f"/api/v1/claims/{claim_id}/submission/", body)
    second = post(desk, f"/api/v1/claims/{claim_id}/submission/", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["receipt"] == second.json()["receipt"]


def test_the_same_key_with_another_body_is_409(desk: Client, claim_id: int) -> None:
    body = submission()
    post(desk, f"/api/v1/claims/{claim_id}/submission/", body)
    answer = post(desk, f"/api/v1/claims/{claim_id}/submission/", {**body, "label": label(1, -1)})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")


def test_a_refused_label_names_the_field(desk: Client, claim_id: int) -> None:
    bad = submission()
    bad["label"]["steps"][1]["completions"][0]["rating"] = "1"
    answer = post(desk, f"/api/v1/claims/{claim_id}/submission/", bad)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "label.steps[1].completions[0].rating"
    assert not Annotation.objects.exists()


def test_unknown_fields_are_refused_by_name(desk: Client, claim_id: int) -> None:
    answer = post(desk, f"/api/v1/claims/{claim_id}/submission/", submission(score=1.0, labeller=3))
    assert [e["field"] for e in answer.json()["errors"]] == ["score", "labeller"]
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    "body", [b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":"\\ud800"}', b'{"a":"\\u0000"}', b"[]", b"\xff", b"{" * 200]
)
def test_json_that_others_let_through_is_refused(desk: Client, claim_id: int, body: bytes) -> None:
    answer = desk.post(f"/api/v1/claims/{claim_id}/submission/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_drafts_are_kept_versioned_and_come_back_with_the_claim(desk: Client, claim_id: int) -> None:
    path = f"/api/v1/claims/{claim_id}/draft/"
    answer = desk.put(path, {"version": 0, "draft": {"ratings": [1]}}, content_type="application/json")
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    stale = desk.put(path, {"version": 0, "draft": {"ratings": [-1]}}, content_type="application/json")
    assert (stale.status_code, stale.json()["code"], stale.json()["draft"]) == (409, "stale_draft", {"ratings": [1]})
    (mine,) = [c for c in post(desk, CLAIMS).json()["claims"] if c["id"] == claim_id]
    assert (mine["draft"], mine["draft_version"]) == ({"ratings": [1]}, 1)


def test_giving_a_claim_back_frees_it(desk: Client, claim_id: int) -> None:
    assert desk.delete(f"/api/v1/claims/{claim_id}/").status_code == 204
    assert claim_id not in [c["id"] for c in post(desk, CLAIMS).json()["claims"]]


def test_history_shows_my_newest_labels_and_an_amendment_replaces_its_own(desk: Client, claim_id: int) -> None:
    receipt = post(desk, f"/api/v1/claims/{claim_id}/submission/", submission()).json()["receipt"]
    answer = post(desk, f"/api/v1/annotations/{receipt['annotation']}/amendments/", submission(label=label(1, -1)))
    assert answer.status_code == 201
    (shown,) = desk.get("/api/v1/annotations/mine/?project=algebra").json()["results"]
    assert (shown["id"], shown["revision"]) == (answer.json()["receipt"]["annotation"], 1)
    assert shown["label"]["finish_reason"] == "found_error"


def test_another_persons_claim_is_absent(
    project: Project, claim_id: int, member: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    other = signed_in(member(Role.LABELLER, name="other"))
    answer = post(other, f"/api/v1/claims/{claim_id}/submission/", submission())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert other.delete(f"/api/v1/claims/{claim_id}/").status_code == 404
    assert not Annotation.objects.exists()


def test_strangers_are_told_to_sign_in(project: Project) -> None:
    answer = post(Client(), CLAIMS)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_a_session_without_its_csrf_token_is_refused_by_that_name(labeller: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(labeller, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = post(client, CLAIMS)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")


def test_a_token_works_within_its_scopes_only(project: Project, labeller: User) -> None:
    make_queue(project)
    _, label_secret = accounts.issue_token(user=labeller, name="bot", scopes=["label"])
    _, read_secret = accounts.issue_token(user=labeller, name="reader", scopes=["read"])
    allowed = Client(headers={"Authorization": f"Bearer {label_secret}"})
    refused = Client(headers={"Authorization": f"Bearer {read_secret}"})
    assert post(allowed, CLAIMS).status_code == 200
    assert post(refused, CLAIMS).status_code == 403
    assert post(Client(headers={"Authorization": "Bearer lap_wrong"}), CLAIMS).status_code == 401


def asked_by(client: Client, path: str, body: Any = None) -> int:
    """How many statements on rows a request takes; the transaction's own beginning and end are none."""
    with CaptureQueriesContext(connection) as asked:
        assert post(client, path, body).status_code in (200, 201)
    return sum(query["sql"].startswith(("SELECT", "INSERT", "UPDATE", "DELETE")) for query in asked)


SIGN_IN = {"a token": 1, "a session": 2}  # a session and its account are two rows


@pytest.mark.parametrize("by", SIGN_IN)
def test_the_next_item_takes_at_most_6_queries_and_a_submission_with_it_8(
    project: Project, labeller: User, desk: Client, by: str
) -> None:
    if by == "a token":
        _, secret = accounts.issue_token(user=labeller, name="bot", scopes=["label"])
        desk = Client(headers={"Authorization": f"Bearer {secret}"})
    make_queue(project, solutions=40)
    first, second = post(desk, CLAIMS).json()["claims"]
    assert asked_by(desk, CLAIMS) == SIGN_IN[by] + 3
    desk.delete(f"/api/v1/claims/{first['id']}/")
    taken = asked_by(desk, CLAIMS)
    submitted = [asked_by(desk, f"/api/v1/claims/{second['id']}/submission/", submission())]
    submitted += [
        asked_by(desk, f"/api/v1/claims/{claim['id']}/submission/", submission())
        for claim in post(desk, CLAIMS).json()["claims"]
    ]
    assert (taken, submitted) == (SIGN_IN[by] + 5, [SIGN_IN[by] + 7] * 3)
    assert by == "a session" or (taken, max(submitted)) == (6, 8)
    assert WorkItem.objects.filter(state="closed").count() == 3


def test_quality_control_items_look_like_any_other_on_the_wire(project: Project, desk: Client) -> None:
    plain = make_solution(make_problem(project, text="plain"))
    gold = make_solution(make_problem(project, text="golds"), gold_first_errors=[1])
    entries = [
        QueueEntry(solution_id=plain.pk),
        QueueEntry(solution_id=gold.pk, is_quality_control=True, verifier_score=0.9),
    ]
    queue.enqueue(project=project, entries=entries, name="mixed")
    first, second = post(desk, CLAIMS).json()["claims"]
    assert sorted(first) == sorted(second)
    assert {k: type(v) for k, v in first.items()} == {k: type(v) for k, v in second.items()}
