"""Scoring on request as a script meets it: scores, a place to ask, or why there are none; and who may ask."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from activelearning import scorings
from activelearning.models import ModelKind, RewardModel, Scoring
from activelearning.scorings import CannotBeScored
from annotation import accounts, projects
from annotation.models import Project, Role, User

pytestmark = pytest.mark.django_db

SOLUTION = {"problem": "What is $1 + 1$?", "steps": ["We add.", "It is $3$."]}
PROBABILITIES = [{"-1": 0.1, "0": 0.2, "1": 0.7}, {"-1": 0.9, "0": 0.05, "1": 0.05}]
RESULT = {"rating_probs": PROBABILITIES, "prm_score": 0.09, "first_error": 1}
EMPTY = dict.fromkeys(("rating_probs", "prm_score", "orm_score", "rating_deviation", "first_error"))


def make_model(project: Project) -> RewardModel:
    return RewardModel.objects.create(
        project=project, kind=ModelKind.PRM, name=f"{project.slug}-prm", path="m", sha256="0" * 64
    )


@pytest.fixture
def path(project: Project) -> str:
    return f"/api/v1/models/{make_model(project).pk}/score/"


@pytest.fixture
def client(researcher: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(researcher)


@pytest.fixture(autouse=True)
def nobody_scores(settings: Any) -> None:
    settings.SCORING_WAIT_SECONDS = 0


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Callable[[scorings.Score], None]:
    """`scorer(score)`: while a request waits, a scorer is at work that scores so."""
    settings.SCORING_WAIT_SECONDS = 60

    def use(score: scorings.Score) -> None:
        monkeypatch.setattr(scorings, "pause", lambda _: scorings.run_next(score=score))

    return use


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(path, body, content_type="application/json", headers=headers)


def test_a_solution_is_answered_with_its_scores(
    client: Client, path: str, scorer: Callable[[scorings.Score], None]
) -> None:
    given: list[tuple[str, list[str]]] = []

    def score(scoring: Scoring) -> dict[str, Any]:
        given.append((scoring.problem, scoring.steps))
        return RESULT

    scorer(score)
    answer = post(client, path, SOLUTION)
    assert answer.status_code == 200
    asked = Scoring.objects.get()
    assert answer.json() == EMPTY | RESULT | {
        "id": asked.pk, "model": asked.reward_model_id, "state": "done", "error": "",
    }  # fmt: skip
    assert given == [(SOLUTION["problem"], SOLUTION["steps"])]
    assert "Location" not in answer.headers


def test_where_it_takes_longer_the_answer_says_where_to_ask(client: Client, path: str) -> None:
    answer = post(client, path, SOLUTION)
    assert answer.status_code == 202
    place = answer.headers["Location"]
    assert place == f"/api/v1/scorings/{answer.json()['id']}/"
    waiting = client.get(place).json()
    assert waiting == answer.json()
    assert (waiting["state"], waiting["prm_score"]) == ("waiting", None)
    scorings.run_next(score=lambda _: RESULT)
    assert client.get(place).json() == waiting | RESULT | {"state": "done"}


def test_what_cannot_be_scored_is_409_and_says_why(
    client: Client, path: str, scorer: Callable[[scorings.Score], None]
) -> None:
    def refuse(scoring: Scoring) -> dict[str, Any]:
        raise CannotBeScored("The solution is longer than the model's 8192 tokens.")

    scorer(refuse)
    answer = post(client, path, SOLUTION)
    assert answer.status_code == 409
    body = answer.json()
    assert body["code"] == "cannot_be_scored"
    assert body["message"].endswith("longer than the model's 8192 tokens.")
    kept = client.get(f"/api/v1/scorings/{body['scoring']}/")
    assert kept.status_code == 200
    assert (kept.json()["state"], kept.json()["error"]) == (
        "failed", "The solution is longer than the model's 8192 tokens."
    )  # fmt: skip
    german = post(client, path, SOLUTION, **{"Accept-Language": "de"})
    assert german.json()["message"].startswith("Die Lösung wurde nicht bepunktet: Die Lösung ist länger als die 8192 ")


def test_the_documented_call_is_answered_in_the_documented_shape(
    client: Client, path: str, scorer: Callable[[scorings.Score], None]
) -> None:
    """The example of docs/rounds.md, whose numbers agree with one another."""
    page = (settings.BASE_DIR / "docs" / "rounds.md").read_text(encoding="utf-8")
    section = page.partition("## Score one solution")[2]
    given = json.loads(section.partition("-d '")[2].partition("'")[0])
    shown = json.loads(section.partition("```json")[2].partition("```")[0])
    assert shown["prm_score"] == pytest.approx(math.prod(p["0"] + p["1"] for p in shown["rating_probs"]))
    scorer(lambda _: {name: shown[name] for name in RESULT})
    answer = post(client, path, given)
    assert answer.status_code == 200
    assert answer.json() == shown | {name: answer.json()[name] for name in ("id", "model")}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"steps": ["a"]}, "problem"),
        ({"problem": "p", "steps": []}, "steps"),
        ({"problem": "p", "steps": ["a", None]}, "steps[1]"),
        ({"problem": "p", "steps": ["a"], "model": 1}, "model"),
        ('{"problem": "p", "problem": "q", "steps": ["a"]}', "problem"),
    ],
)
def test_a_refused_field_is_named(client: Client, path: str, body: Any, field: str) -> None:
    answer = post(client, path, body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Scoring.objects.exists()


def test_too_many_at_once_are_429_with_a_time_to_come_back(client: Client, path: str, project: Project) -> None:
    model = RewardModel.objects.get(project=project)
    Scoring.objects.bulk_create(
        Scoring(reward_model=model, problem="p", steps=["s"]) for _ in range(scorings.MOST_WAITING)
    )
    answer = post(client, path, SOLUTION)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert answer.headers["Retry-After"] == str(scorings.RETRY_AFTER)


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.RESEARCHER, Role.ADMIN])
def test_who_sees_scores_may_ask_for_one(
    path: str, member: Callable[..., User], signed_in: Callable[[User], Client], role: Role
) -> None:
    client = signed_in(member(role))
    answer = post(client, path, SOLUTION)
    assert answer.status_code == 202
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_labeller_never_meets_a_models_word(
    client: Client, path: str, labeller: User, signed_in: Callable[[User], Client]
) -> None:
    place = post(client, path, SOLUTION).headers["Location"]
    theirs = signed_in(labeller)
    assert post(theirs, path, SOLUTION).status_code == 404
    assert theirs.get(place).status_code == 404


def test_another_projects_model_and_scoring_are_not_there(client: Client, project: Project) -> None:
    other = make_model(projects.create_project(slug="geometry"))
    asked = scorings.request(reward_model=other, problem="p", steps=["s"])
    assert post(client, f"/api/v1/models/{other.pk}/score/", SOLUTION).status_code == 404
    assert client.get(f"/api/v1/scorings/{asked.pk}/").status_code == 404


def test_a_token_needs_the_scope_read(researcher: User, path: str) -> None:
    def headers(*scopes: str) -> dict[str, str]:
        _, secret = accounts.issue_token(user=researcher, name="t", scopes=list(scopes))
        return {"Authorization": f"Bearer {secret}"}

    client = Client()
    assert post(client, path, SOLUTION, **headers("train", "label")).status_code == 403
    assert post(client, path, SOLUTION, **headers("read")).status_code == 202
    assert post(client, path, SOLUTION).status_code == 401
