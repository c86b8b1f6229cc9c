"""What the reader's language changes in the API: the words of messages, and nothing that a program reads."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import translation

from annotation import exports, first_batch, projects, snapshots
from annotation.models import Batch, Project, User
from tests.factories import label, make_problem, make_queue, make_solution

pytestmark = pytest.mark.django_db

CLAIMS = "/api/v1/projects/algebra/claims/"
WORDS = ("message", "detail")


def without_words(body: Any) -> Any:
    """An answer as a program reads it: each message replaced by the mark that there is one."""
    if isinstance(body, dict):
        return {key: "…" if key in WORDS and value else without_words(value) for key, value in body.items()}
    return [without_words(one) for one in body] if isinstance(body, list) else body


def refusals(client: Client, language: str) -> list[Any]:
    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(path, body, content_type="application/json", HTTP_ACCEPT_LANGUAGE=language)

    key = {"client_key": "0b7c2f5e-7f2a-4b51-9d55-8f0d3cd1f9aa"}
    answers = [
        post(CLAIMS, {}),
        post("/api/v1/claims/999999/submission/", {**key, "label": {}}),
        post("/api/v1/projects/nowhere/claims/", {}),
        client.get("/api/v1/annotations/mine/?project=nowhere", HTTP_ACCEPT_LANGUAGE=language),
        Client().get("/api/v1/annotations/mine/?project=algebra", HTTP_ACCEPT_LANGUAGE=language),
    ]
    return [(answer.status_code, answer.json()) for answer in answers]


def test_codes_fields_and_shapes_are_the_same_in_every_language(
    project: Project, labeller: User, signed_in: Callable[[User], Client]
) -> None:
    projects.change_project(project=project, name="Algebra", instructions="", paused=True)
    client = signed_in(labeller)
    english, german = refusals(client, "en"), refusals(client, "de")
    assert without_words([list(answer) for answer in german]) == without_words([list(answer) for answer in english])
    assert [body["message"] for _, body in german] != [body["message"] for _, body in english]
    paused = german[0][1]
    assert (paused["code"], paused["message"]) == (
        "paused",
        "Dieses Projekt ruht. Was getan ist, ist gespeichert.",
    )


def test_a_script_that_names_no_language_is_answered_in_english(
    project: Project, labeller: User, signed_in: Callable[[User], Client]
) -> None:
    projects.change_project(project=project, name="Algebra", instructions="", paused=True)
    answer = signed_in(labeller).post(CLAIMS, {}, content_type="application/json")
    assert answer.json()["message"] == "This project is paused. What you have done is saved."


def test_what_is_stored_and_exported_does_not_follow_the_language(
    project: Project, labeller: User, signed_in: Callable[[User], Client]
) -> None:
    make_queue(project, solutions=1)
    client = signed_in(labeller)
    (claim,) = client.post(CLAIMS, {}, content_type="application/json", HTTP_ACCEPT_LANGUAGE="de").json()["claims"]
    body = {"client_key": str(uuid4()), "label": label(1, 0, 1)}
    stored = client.post(
        f"/api/v1/claims/{claim['id']}/submission/", body, content_type="application/json", HTTP_ACCEPT_LANGUAGE="de"
    )
    assert stored.status_code == 201

    def lines() -> dict[str, bytes]:
        frozen = snapshots.freeze(project=project)
        return {form: b"".join(exports.export(snapshot=frozen, format=form)) for form in ("prm800k", "stepwise")}

    with translation.override("en"):
        english = lines()
    with translation.override("de"):
        assert lines() == english
    assert b'"rating"' in english["prm800k"]


def test_a_batch_named_by_the_system_is_stored_in_english(project: Project) -> None:
    make_solution(make_problem(project), purpose="pool")
    with translation.override("de"):
        first_batch.queue_from_pool(project=project, count=1, seed=7)
    assert Batch.objects.get().name == "1 from the pool, uniform, seed 7"
