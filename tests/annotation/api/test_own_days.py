"""One's own days over HTTP: by one's own calendar, what oneself did, and nothing of anybody else."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from annotation import preferences
from annotation.models import Annotation, Project, Role, User
from tests.factories import label, make_queue

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/projects/algebra/mine/"
NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)  # in New York it is still the evening of the 9th


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def submit(client: Client, *times: int) -> dict[str, Any]:
    """As many items, each with its active milliseconds; returns the progress that the last one was answered with."""
    progress = {}
    for total_time in times:
        claim = client.post("/api/v1/projects/algebra/claims/").json()["claims"][0]["id"]
        body = {"client_key": str(uuid4()), "label": label(1, 0, 1, total_time=total_time)}
        answer = client.post(f"/api/v1/claims/{claim}/submission/", body, content_type="application/json")
        assert answer.status_code == 201
        progress = answer.json()["progress"]
    return progress


def submitted(at: datetime) -> None:
    """The newest label, as if it had come then."""
    Annotation.objects.filter(pk=Annotation.objects.latest("pk").pk).update(submitted_at=at)


def test_whoever_did_nothing_yet_has_seven_empty_days(project: Project, labeller: User, signed_in: Any) -> None:
    found = signed_in(labeller).get(ADDRESS).json()
    assert found["days"][-1] == {"date": "2026-03-10", "items": 0, "active_ms": 0}
    assert [day["date"] for day in found["days"]] == [f"2026-03-{day:02d}" for day in range(4, 11)]
    assert found["median_ms"] is None


def test_a_day_begins_at_ones_own_midnight_here_and_at_the_desk(
    project: Project, labeller: User, signed_in: Callable[[User], Client]
) -> None:
    preferences.change(user=labeller, given={"time_zone": "America/New_York"})
    make_queue(project, solutions=5)
    desk = signed_in(labeller)
    # Clocks there went forward on the 8th: each of these is the last or the first minute of a day.
    for moment in ("2026-03-08T04:59:00", "2026-03-08T05:00:00", "2026-03-09T03:59:00", "2026-03-09T04:00:00"):
        submit(desk, 1_000)
        submitted(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert submit(desk, 5_000) == {"today": 2, "active_ms_today": 6_000}
    submitted(NOW)
    found = desk.get(ADDRESS).json()
    assert [(day["date"], day["items"]) for day in found["days"][-3:]] == [
        ("2026-03-07", 1), ("2026-03-08", 2), ("2026-03-09", 2),
    ]  # fmt: skip
    assert (found["days"][-1]["active_ms"], found["median_ms"]) == (6_000, 3_000)


def test_a_correction_adds_its_time_and_no_item(
    project: Project, labeller: User, signed_in: Callable[[User], Client]
) -> None:
    make_queue(project, solutions=1)
    desk = signed_in(labeller)
    submit(desk, 1_000)
    body = {"client_key": str(uuid4()), "label": label(1, 1, 1, total_time=400)}
    amended = f"/api/v1/annotations/{Annotation.objects.get().pk}/amendments/"
    assert desk.post(amended, body, content_type="application/json").status_code == 201
    Annotation.objects.update(submitted_at=NOW)
    found = desk.get(ADDRESS).json()
    assert found["days"][-1] == {"date": "2026-03-10", "items": 1, "active_ms": 1_400}
    assert found["median_ms"] == 1_400


def test_nobody_elses_work_is_counted(
    project: Project, labeller: User, member: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    make_queue(project, solutions=3)
    submit(signed_in(member(Role.LABELLER, name="other", in_project=project)), 1_000)
    submitted(NOW)
    assert sum(day["items"] for day in signed_in(labeller).get(ADDRESS).json()["days"]) == 0
