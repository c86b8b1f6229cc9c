"""axe finds nothing on any page, in both themes; nothing moves or is cut off at 320 pixels or 200 % zoom. With --all in German, too.

The pages are those that the URL resolver reaches, asked for as everybody who may see them, so a new one is walked by itself. Rules: WCAG
2.0, 2.1 and 2.2, A and AA, and axe's best practices.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from playwright.sync_api import Page, Route

from tests.attacks.stage import PASSWORD, Stage
from tests.attacks.walk import addresses, is_shadowed, path_of
from tests.e2e import scene
from tests.e2e.looks import AXE, wrong_with

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ALL = os.environ.get("LABELAPP_TEST_ALL") == "1"
OpenAs = Callable[[Client, str], Page]
# Answered for programs, whatever they ask for, or written to a file.
NO_PAGES = re.compile(r"^(?:health/|api/v1/(?!docs/))|/download/$")
# What differs between two answers that are one page.
VARIES = re.compile(rb'(?:csrfmiddlewaretoken|next)"? value="[^"]*"|\?next=[^"]*|<script.*?</script>', re.DOTALL)
ELEMENT = re.compile(rb'<(?!/)\w+(?: class="[^"]*")?')
READY = """() => (!document.querySelector('#desk') || document.querySelector('[data-testid=desk-ready]'))
    && !document.querySelector('[data-passages]:not([data-drawn]), .passage[aria-busy]')"""
EMPTY_FORM = """() => {
    const form = document.querySelector('main form.stacked');
    form.noValidate = true;
    for (const field of form.querySelectorAll('input:not([type=hidden]), textarea')) {
        if (field.checked) field.checked = false;
        else field.value = '';
    }
}"""


@pytest.fixture
def stage(db: None, settings: Any, tmp_path: Path) -> Stage:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    return scene.build()


class Walk:
    """Every page of a language, each looked at once: pages that are built of the same elements are one page (but for
    the desk, which builds itself).

    With LABELAPP_TEST_ALL=1 pages are one page only where they say the same, and they are walked in German, too.
    """

    def __init__(self, stage: Stage, open_as: OpenAs, language: str) -> None:
        self.stage, self.open_as, self.language = stage, open_as, language
        self.wrong: list[str] = []
        self.answers: dict[str, set[int]] = {}
        self._seen: set[object] = set()

    def all_as(self, client: Client, only: str = "") -> None:
        """Every page of the resolver that this client is shown, of those addresses that begin with `only`."""
        asked = {
            a: path_of(a, self.stage.parameters) for a in addresses() if a.startswith(only) and not NO_PAGES.search(a)
        }
        self.look(
            client,
            [
                path
                for address, path in asked.items()
                if not is_shadowed(address, path) and self.is_new(client, path, address)
            ],
        )

    def is_new(self, client: Client, path: str, address: str = "") -> bool:
        answer = client.get(path, HTTP_ACCEPT="text/html", HTTP_ACCEPT_LANGUAGE=self.language)
        if address:
            self.answers.setdefault(address, set()).add(answer.status_code)
        said = VARIES.sub(b"", answer.content.partition(b"<main")[2])
        drawn_later = b'id="desk"' in said
        key: object = said if ALL else path if drawn_later else frozenset(ELEMENT.findall(said))
        new = answer.status_code in (200, 403, 404) and key not in self._seen
        self._seen.add(key)
        return new

    def look(self, client: Client, paths: list[str]) -> None:
        page = self.open_as(client, self.language)
        page.add_init_script(path=AXE)
        for path in paths:
            page.goto(path)
            page.wait_for_function(READY)
            self.wrong += wrong_with(page)
            if page.locator("html").get_attribute("lang") != self.language:
                self.wrong.append(f"{path}: is not in {self.language}")
        page.context.close()

    def not_looked_at(self) -> list[str]:
        """Addresses that lead somewhere and showed nobody a page; those that are closed or take no GET lead nowhere."""
        return [
            address for address, statuses in self.answers.items() if 200 not in statuses and not statuses <= {404, 405}
        ]


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "de"] if ALL else ["en"])
def test_axe_finds_nothing_on_any_page(stage: Stage, open_as: OpenAs, language: str) -> None:
    walk = Walk(stage, open_as, language)
    for role in ("admin", "researcher", "labeller", "newcomer", "anonymous"):
        client = scene.session_of(stage.users.get(role))
        walk.all_as(client)
        walk.look(
            client, [path for who, path in scene.paths_beside(stage) if who == role and walk.is_new(client, path)]
        )
    _second_factor(walk)
    assert "\n".join(walk.wrong) == ""
    assert walk.not_looked_at() == []


def _second_factor(walk: Walk) -> None:
    """The pages of a person with an authenticator app and a security key: signed in, asked again, half signed in."""
    person = scene.protected(walk.stage)
    page = walk.open_as(scene.session_of(person), walk.language)
    walk.stage.parameters["pk"] = scene.add_security_key(page, person)
    page.context.close()
    half = Client()
    half.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    for client in (scene.session_of(person), scene.session_of(person, fresh=False), half):
        walk.all_as(client, only="accounts/")


REFUSED = {
    "/projects/new/": "admin",
    "/projects/full/settings/": "admin",
    "/projects/algebra/queue/": "admin",
    "/projects/full/people/": "admin",
    "/projects/full/imports/": "admin",
    "/projects/full/rounds/new/": "researcher",
    "/account/tokens/": "labeller",
    "/accounts/password/change/": "labeller",
    "/accounts/login/": "anonymous",
}
# Every control that is refused says so, and its description leads to the reason; nothing else is said to be wrong.
UNTIED = """() => [...document.querySelectorAll('main .errors')].filter((list) => {
    const tied = document.querySelector(`main [aria-describedby~="${list.id}"]`);
    return !tied || !(tied.matches('fieldset') || tied.getAttribute('aria-invalid') === 'true');
}).map((list) => list.outerHTML)"""


def test_a_refused_form_ties_each_error_to_its_field(stage: Stage, open_as: OpenAs) -> None:
    wrong = []
    pages: dict[str, Page] = {}
    for path, role in REFUSED.items():
        if role not in pages:
            pages[role] = open_as(scene.session_of(stage.users.get(role)), "en")
            pages[role].add_init_script(path=AXE)
        page = pages[role]
        page.goto(path)
        page.evaluate(EMPTY_FORM)
        page.locator("main form.stacked button.primary, main form.stacked button.button").first.click()
        page.wait_for_selector("main .errors, main .notice.error")
        wrong += [f"{path}: {what}" for what in page.evaluate(UNTIED)] + wrong_with(page)
    assert "\n".join(wrong) == ""


def _answering(body: str) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="text/html", status=500)

    return answer


def test_what_is_shown_once_and_what_broke_pass_too(stage: Stage, open_as: OpenAs) -> None:
    page = open_as(scene.session_of(stage.users["admin"]), "en")
    page.goto("/projects/full/people/")
    page.fill("main input[type=email]", "somebody@example.org")
    page.click("main .section button.primary")
    page.wait_for_selector("#invitation-link")
    wrong = wrong_with(page)
    page.goto("/account/tokens/")
    page.fill("main input[name=name]", "notebook")
    page.check("main input[value=read]")
    page.click("main form button.primary")
    page.wait_for_selector("#token-secret")
    wrong += wrong_with(page)
    for language in ("en", "de"):
        with translation.override(language):
            broken = render_to_string("500.html")
        page.route("**/broken/", _answering(broken))
        page.goto("/broken/")
        wrong += wrong_with(page)
    assert "\n".join(wrong) == ""


BAD_PAGE = """<!doctype html><html lang=en><title>t</title><main><h1>x</h1><img src=x><p>washed out</p></main>
<style>p { width: 700px; color: #ccc; background: #fff }</style>"""


@pytest.mark.parametrize("found", ["image-alt", "color-contrast", "320 px: the page is 7", "640 px: sticks out: <p>"])
def test_what_is_wrong_with_a_page_is_found(open_as: OpenAs, found: str) -> None:
    page = open_as(Client(), "en")
    page.set_content(BAD_PAGE)
    assert found in "\n".join(wrong_with(page))
