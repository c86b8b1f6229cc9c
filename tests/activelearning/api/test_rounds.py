"""The loop's API as a script meets it: start, watch, cancel, retry, the models; researchers and admins only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activelearning import rounds
from activelearning.api import rounds as rounds_api
from activelearning.models import ModelKind, RewardModel, Round, RoundState
from annotation import accounts, projects
from annotation.models import JobState, Project, Role, User

pytestmark = pytest.mark.django_db

ROUNDS = "/api/v1/projects/algebra/rounds/"
MODELS = "/api/v1/projects/algebra/models/"


@pytest.fixture
def client(researcher: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(researcher)


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(path, {} if body is None else body, content_type="application/json")


def make_model(project: Project, *, number: int = 1) -> RewardModel:
    started = Round.objects.create(project=project, number=number, state=RoundState.DONE, config={})
    return RewardModel.objects.create(
        project=project,
        round=started,
        kind=ModelKind.PRM,
        name=f"{project.slug}-prm-{number}",
        path="m",
        sha256="0" * 64,
        metrics={"step_auc": 0.9},
    )


def test_a_round_is_started_with_defaults_and_shows_its_stages(client: Client, project: Project) -> None:
    answer = post(client, ROUNDS)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["number"], body["state"], body["config"]["strategy"]) == (1, "running", "convincing_wrong")
    assert [stage["name"] for stage in body["stages"]] == [
        "freeze", "train", "evaluate", "generate", "grade", "score", "select", "queue",
    ]  # fmt: skip
    assert {stage["state"] for stage in body["stages"]} == {"waiting"}
    assert (body["metrics"], body["batch"]) == (None, None)


def test_a_second_start_is_409_with_the_number_of_the_first(client: Client, project: Project) -> None:
    post(client, ROUNDS)
    answer = post(client, ROUNDS)
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["number"]) == ("round_active", 1)


def test_a_wrong_field_is_named(client: Client, project: Project) -> None:
    answer = post(client, ROUNDS, {"budget": "many"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "budget", "message": "must be a whole number from 1 to 1,000,000"}]


def test_a_round_is_watched_cancelled_and_retried(client: Client, project: Project) -> None:
    pk = post(client, ROUNDS).json()["id"]
    assert client.get(f"/api/v1/rounds/{pk}/").json()["state"] == "running"
    assert post(client, f"/api/v1/rounds/{pk}/cancel/").json()["state"] == "cancelled"
    assert post(client, f"/api/v1/rounds/{pk}/cancel/").status_code == 409
    assert post(client, f"/api/v1/rounds/{pk}/retry/").json()["state"] == "running"
    assert post(client, f"/api/v1/rounds/{pk}/retry/").status_code == 409


def test_progress_and_errors_of_stages_are_shown(client: Client, project: Project) -> None:
    started = rounds.start_round(project=project, config={})
    progress = {"done": 1, "total": 2, "message": "half", "loss_curve": [[1, 0.5]]}
    started.stages.filter(name="train").update(state=JobState.FAILED, progress=progress, error="no")
    stage = client.get(f"/api/v1/rounds/{started.pk}/").json()["stages"][1]
    assert (stage["state"], stage["progress"], stage["error"]) == ("failed", progress, "no")


def test_the_rounds_are_listed_newest_first_and_page_by_page(
    client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds_api, "LISTED", 2)
    for number in (1, 2, 3):
        make_model(project, number=number)
    make_model(projects.create_project(slug="geometry"), number=9)
    first = client.get(ROUNDS).json()
    assert [found["number"] for found in first["results"]] == [3, 2]
    assert first["results"][0]["metrics"] == {"step_auc": 0.9}
    assert "stages" not in first["results"][0]
    second = client.get(first["next"]).json()
    assert ([found["number"] for found in second["results"]], second["next"]) == ([1], None)


@pytest.mark.parametrize("given", ["", "-1", "two", "1e3", "²", "9" * 30])
def test_rounds_before_what_is_no_number_are_refused(client: Client, project: Project, given: str) -> None:
    answer = client.get(ROUNDS, {"before": given})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["before"]


@pytest.mark.parametrize("path", [ROUNDS, MODELS])
def test_a_list_costs_the_same_queries_however_long_it_is(client: Client, project: Project, path: str) -> None:
    counts = []
    for number in (1, 2, 3, 4):
        make_model(project, number=number)
        with CaptureQueriesContext(connection) as captured:
            assert len(client.get(path).json()["results"]) == number
        counts.append(len(captured))
    assert counts[0] == counts[-1]


def test_the_models_are_listed_newest_first_and_shown(client: Client, project: Project) -> None:
    make_model(project)
    newest = make_model(project, number=2)
    found = client.get(MODELS).json()["results"]
    assert [model["round_number"] for model in found] == [2, 1]
    assert client.get(f"/api/v1/models/{newest.pk}/").json()["metrics"] == {"step_auc": 0.9}


@pytest.mark.parametrize("role", [Role.LABELLER, Role.REVIEWER])
def test_labellers_and_reviewers_meet_closed_doors(
    project: Project, member: Callable[..., User], signed_in: Callable[[User], Client], role: Role
) -> None:
    model = make_model(project)
    client = signed_in(member(role))
    assert post(client, ROUNDS).status_code == 403
    assert client.get(ROUNDS).status_code == 403
    assert client.get(MODELS).status_code == 403
    assert client.get(f"/api/v1/rounds/{model.round_id}/").status_code == 404
    assert client.get(f"/api/v1/models/{model.pk}/").status_code == 404
    assert post(client, f"/api/v1/rounds/{model.round_id}/cancel/").status_code == 404
    assert post(client, f"/api/v1/rounds/{model.round_id}/retry/").status_code == 404


def test_another_projects_rounds_are_not_there(client: Client, project: Project) -> None:
    other = make_model(projects.create_project(slug="geometry"))
    assert client.get("/api/v1/projects/geometry/models/").status_code == 404
    assert client.get("/api/v1/projects/geometry/rounds/").status_code == 404
    assert client.get(f"/api/v1/rounds/{other.round_id}/").status_code == 404
    assert client.get(f"/api/v1/models/{other.pk}/").status_code == 404


def test_a_token_needs_the_scope_train_to_start_and_read_to_look(researcher: User, project: Project) -> None:
    def headers(*scopes: str) -> dict[str, str]:
        _, secret = accounts.issue_token(user=researcher, name="t", scopes=list(scopes))
        return {"Authorization": f"Bearer {secret}"}

    client = Client()
    assert client.post(ROUNDS, {}, content_type="application/json", headers=headers("read")).status_code == 403
    answer = client.post(ROUNDS, {}, content_type="application/json", headers=headers("train"))
    assert answer.status_code == 201
    path = f"/api/v1/rounds/{answer.json()['id']}/"
    assert client.get(path, headers=headers("read")).status_code == 200
    assert client.get(path, headers=headers("label")).status_code == 403


def test_a_stranger_is_401(project: Project) -> None:
    assert post(Client(), ROUNDS).status_code == 401
