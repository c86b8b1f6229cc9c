"""One's own preferences over HTTP: defaults, changes field by field, and what is refused with its field."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from annotation import zones
from annotation.models import Preferences, Project, User

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/me/preferences/"
DEFAULTS = {"keys": {}, "language": "", "time_zone": "", "practised": False}


def put(client: Client, body: Any) -> Any:
    return client.put(ADDRESS, body, content_type="application/json")


@pytest.fixture
def desk(labeller: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(labeller)


def test_whoever_chose_nothing_has_the_defaults_and_no_row(desk: Client) -> None:
    assert desk.get(ADDRESS).json() == DEFAULTS
    assert not Preferences.objects.exists()


def test_what_is_named_is_stored_and_the_rest_stays(desk: Client) -> None:
    assert put(desk, {"time_zone": "Europe/Berlin"}).json() == {**DEFAULTS, "time_zone": "Europe/Berlin"}
    chosen = {**DEFAULTS, "time_zone": "Europe/Berlin", "keys": {"great": ["d", "ArrowRight"]}}
    assert put(desk, {"keys": {"great": ["d", "ArrowRight"]}}).json() == chosen
    assert desk.get(ADDRESS).json() == chosen


def test_preferences_are_ones_own(desk: Client, admin: User, signed_in: Callable[[User], Client]) -> None:
    put(desk, {"language": "de", "practised": True})
    assert signed_in(admin).get(ADDRESS).json() == DEFAULTS


def test_a_kind_of_error_may_have_a_key_that_rates_elsewhere(desk: Client) -> None:
    assert put(desk, {"keys": {"great": ["1"], "kind_arithmetic": ["1"]}}).status_code == 200


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"user": 1}, "user"),
        ({"keys": []}, "keys"),
        ({"keys": {f"action_{chr(97 + n % 26)}{chr(97 + n // 26)}": ["x"] for n in range(61)}}, "keys"),
        ({"keys": {"Great": ["d"]}}, "keys"),
        ({"keys": {"x" * 41: ["d"]}}, "keys"),
        ({"keys": {"great": "d"}}, "keys.great"),
        ({"keys": {"great": []}}, "keys.great"),
        ({"keys": {"great": ["a", "b", "c", "d"]}}, "keys.great"),
        ({"keys": {"great": [1]}}, "keys.great[0]"),
        ({"keys": {"great": [""]}}, "keys.great[0]"),
        ({"keys": {"great": ["d", "x" * 21]}}, "keys.great[1]"),
        ({"keys": {"great": ["\u202e"]}}, "keys.great[0]"),
        ({"keys": {"great": ["d"], "okay": ["x", "d"]}}, "keys.okay[1]"),
        ({"keys": {"kind_logic": ["4"], "kind_other": ["4"]}}, "keys.kind_other[0]"),
        ({"language": "fr"}, "language"),
        ({"language": None}, "language"),
        ({"language": ["de"]}, "language"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "Europe"}, "time_zone"),
        ({"time_zone": 1}, "time_zone"),
        ({"practised": 1}, "practised"),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(desk: Client, given: dict[str, Any], field: str) -> None:
    answer = put(desk, {"practised": True, **given})
    assert answer.status_code == 400, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Preferences.objects.exists()


def test_a_clash_names_who_has_the_key(desk: Client) -> None:
    answer = put(desk, {"keys": {"great": ["d"], "okay": ["d"]}}).json()
    assert answer["errors"] == [{"field": "keys.okay[0]", "message": "is the key of great already"}]


def test_the_desks_page_brings_them_along(project: Project, desk: Client) -> None:
    put(desk, {"keys": {"great": ["d"]}})
    page = desk.get("/projects/algebra/label/").content.decode()
    assert '"preferences": {"keys": {"great": ["d"]}, "language": "", "time_zone": "", "practised": false}' in page


def test_a_zone_that_is_not_known_here_is_utc() -> None:
    assert [zones.zone(name).key for name in ("Asia/Tokyo", "", "Mars/Olympus")] == ["Asia/Tokyo", "UTC", "UTC"]
