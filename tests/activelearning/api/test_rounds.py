"""The loop's API as a script meets it: start, watch, cancel, retry, the models; researchers and admins only."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activelearning import rounds
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


def test_the_models_are_listed_newest_first_and_shown(client: Client, project: Project) -> None:
    make_model(project)
    newest = make_model(project, number=2)
    found = client.get(MODELS).json()["results"]
    assert [model["round_number"] for model in found] == [2, 1]
    assert client.get(f"/api/v1/models/{newest.pk}/").json()["metrics"] == {"step_auc": 0.9}


def test_the_list_of_models_costs_the_same_queries_however_many_there_are(client: Client, project: Project) -> None:
    counts = []
    for number in (1, 2, 3, 4):
        make_model(project, number=number)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(MODELS)
        counts.append(len(captured))
    assert counts[0] == counts[-1]


@pytest.mark.parametrize("role", [Role.LABELLER, Role.REVIEWER])
def test_labellers_and_reviewers_meet_closed_doors(
    project: Project, member: Callable[..., User], signed_in: Callable[[User], Client], role: Role
) -> None:
    model = make_model(project)
    client = signed_in(member(role))
    assert post(client, ROUNDS).status_code == 403
    assert client.get(MODELS).status_code == 403
    assert client.get(f"/api/v1/rounds/{model.round_id}/").status_code == 404
    assert client.get(f"/api/v1/models/{model.pk}/").status_code == 404
    assert post(client, f"/api/v1/rounds/{model.round_id}/cancel/").status_code == 404
    assert post(client, f"/api/v1/rounds/{model.round_id}/retry/").status_code == 404


def test_another_projects_rounds_are_not_there(client: Client, project: Project) -> None:
    other = make_model(projects.create_project(slug="geometry"))
    assert client.get("/api/v1/projects/geometry/models/").status_code == 404
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
