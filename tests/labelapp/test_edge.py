"""A database that is away or busy: 503 with when to come back, on pages and in the API; the log says what it was, and no values."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory

from annotation import queue
from annotation.models import Project, User
from labelapp.edge import EdgeMiddleware

BUSY = OperationalError("canceling statement due to lock timeout\nDETAIL:  somebody@example.org")


def in_the_api(client: Client, monkeypatch: pytest.MonkeyPatch) -> Any:
    def busy(**given: Any) -> None:
        raise BUSY

    monkeypatch.setattr(queue, "claim_in", busy)
    return client.post("/api/v1/projects/algebra/claims/")


def on_a_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> Any:
    request = RequestFactory().get("/projects/algebra/")
    return EdgeMiddleware(lambda request: HttpResponse()).process_exception(request, BUSY)


@pytest.mark.parametrize("asked", [in_the_api, on_a_page])
def test_a_busy_database_is_answered_with_503_and_its_reason_is_logged(
    project: Project,
    labeller: User,
    signed_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
    asked: Callable[[Client, pytest.MonkeyPatch], Any],
) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = asked(signed_in(labeller), monkeypatch)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert b"somebody@example.org" not in answer.content
    (noted,) = [entry for entry in logs if entry["event"] == "database_unavailable"]
    assert noted["reason"] == "canceling statement due to lock timeout"
