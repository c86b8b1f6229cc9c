"""The language switch: at once, on the same page, and for a person wherever they sign in."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from annotation import preferences
from annotation.errors import InvalidInput
from annotation.models import Preferences, Project, User

pytestmark = pytest.mark.django_db

ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


def language_of(client: Client, path: str = "/account/") -> str:
    page = client.get(path, **ENGLISH).content.decode()
    return page.partition('<html lang="')[2].partition('"')[0]


def switch(client: Client, language: str, back: str = "/account/") -> str:
    answer = client.post("/language/", {"language": language, "next": back}, **ENGLISH)
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def test_a_page_speaks_what_the_browser_asks_for_and_english_where_it_speaks_neither() -> None:
    ask = Client().get
    for asked, spoken in (("de-AT,de;q=0.9", "de"), ("fr", "en"), ("en-GB", "en")):
        page = ask("/accounts/login/", HTTP_ACCEPT_LANGUAGE=asked)
        assert f'<html lang="{spoken}"' in page.content.decode()
        assert page.headers["Content-Language"] == spoken


def test_whoever_is_not_signed_in_switches_for_this_browser() -> None:
    client = Client()
    assert switch(client, "de", "/accounts/login/") == "/accounts/login/"
    assert language_of(client, "/accounts/login/") == "de"
    assert not Preferences.objects.exists()


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_the_switch_leads_nowhere_else(elsewhere: str) -> None:
    assert switch(Client(), "de", elsewhere) == "/"


@pytest.mark.parametrize("language", ["fr", "", "de\n", "DE"])
def test_a_language_that_is_not_spoken_here_is_refused(
    language: str, labeller: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(labeller)
    assert client.post("/language/", {"language": language}).status_code == 400
    with pytest.raises(InvalidInput):
        preferences.set_language(user=labeller, language=language)
    assert preferences.of(user=labeller).language == ""


def test_a_choice_follows_to_the_next_browser(labeller: User, signed_in: Callable[[User], Client]) -> None:
    switch(signed_in(labeller), "de")
    second = signed_in(labeller)
    assert language_of(second) == "de"
    second.post("/accounts/logout/")
    assert language_of(second, "/accounts/login/") == "de"  # the cookie was brought into line


def test_a_later_choice_reaches_a_browser_that_had_another(labeller: User, signed_in: Callable[[User], Client]) -> None:
    first, second = signed_in(labeller), signed_in(labeller)
    switch(first, "de")
    switch(second, "en")
    assert language_of(first) == "en"
    assert first.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


def test_the_last_persons_language_is_not_the_next_ones(
    labeller: User, admin: User, signed_in: Callable[[User], Client]
) -> None:
    preferences.set_language(user=labeller, language="en")
    browser = Client()
    switch(browser, "de", "/accounts/login/")
    browser.force_login(labeller, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert language_of(browser) == "en"


def test_the_api_asks_for_no_preferences(
    project: Project, labeller: User, signed_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*, user: User) -> Preferences:
        raise AssertionError("asked")

    monkeypatch.setattr(preferences, "of", refuse)
    assert signed_in(labeller).get("/api/v1/annotations/mine/?project=algebra").status_code == 200


def test_times_are_shown_in_the_persons_zone(
    project: Project, admin: User, signed_in: Callable[[User], Client]
) -> None:
    Project.objects.filter(pk=project.pk).update(created_at="2026-03-01T23:30:00Z")
    Preferences.objects.create(user=admin, time_zone="Europe/Berlin")
    assert "2 March 2026" in signed_in(admin).get("/projects/algebra/settings/", **ENGLISH).content.decode()
    Preferences.objects.update(time_zone="Nowhere/At all")
    assert "1 March 2026" in signed_in(admin).get("/projects/algebra/settings/", **ENGLISH).content.decode()


def test_a_database_that_is_away_is_answered_by_the_page(
    labeller: User, signed_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*, user: User) -> Preferences:
        raise OperationalError("away")

    monkeypatch.setattr(preferences, "of", away)
    assert signed_in(labeller).get("/account/").status_code == 200
