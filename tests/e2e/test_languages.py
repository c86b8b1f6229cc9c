"""Another language in a real browser: chosen without JavaScript, followed by the desk, and nothing of it in what is stored."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from annotation import exports, preferences, queue, snapshots
from annotation.models import Project, User
from annotation.queue import QueueEntry
from tests.e2e.conftest import PASSWORD
from tests.factories import make_problem, make_solution
from tests.labelapp.test_german_pages import ENGLISH

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# All that the desk says in words of its own: seen, heard, or under the pointer.
SAID = """() => {
  const said = [];
  const theirs = "bdi, kbd, .passage, .katex, [lang]:not([lang=de]), script, style";
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode())
    if (node.textContent.trim() && !node.parentElement.closest(theirs)) said.push(node.textContent.trim());
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]"))
    if (!element.closest(theirs))
      for (const name of ["aria-label", "title", "placeholder"])
        if (element.getAttribute(name)) said.push(element.getAttribute(name));
  return said;
}"""


@pytest.fixture
def queued(project: Project) -> None:
    made = [make_solution(make_problem(project, text=f"Problem {n}"), steps=["One.", "Two.", "Three."]) for n in "12"]
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=one.pk) for one in made], name="first", generation=0)


@pytest.fixture
def plain(browser: Browser, live_server: Any) -> Iterator[Page]:
    """A browser set to English, without JavaScript."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.fixture
def german(browser: Browser, live_server: Any) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, locale="de-DE", viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def sign_in(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", PASSWORD)
    page.locator("form.stacked button.primary").click()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


def english_words(page: Page) -> list[str]:
    return [text for text in page.evaluate(SAID) if ENGLISH.search(text)]


def test_the_language_is_switched_without_javascript_on_the_page_one_is_on(plain: Page, labeller: User) -> None:
    plain.goto("/accounts/login/?next=/account/")
    plain.get_by_role("button", name="Deutsch").click()
    assert plain.url.endswith("/accounts/login/?next=/account/")
    expect(plain.locator("html")).to_have_attribute("lang", "de")
    expect(plain.get_by_role("heading", name="Anmelden")).to_be_visible()
    sign_in(plain, labeller)
    expect(plain.get_by_role("heading", name="Meine Projekte")).to_be_visible()
    plain.get_by_role("button", name="English").click()
    expect(plain.get_by_role("heading", name="My projects")).to_be_visible()


def test_the_desk_speaks_german_stores_what_was_pressed_and_switches_from_its_menu(
    german: Page, labeller: User, project: Project, queued: None
) -> None:
    page = german
    sign_in(page, labeller)
    page.goto("/projects/algebra/label/")
    expect(page.get_by_test_id("desk-ready")).to_be_attached()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    keys = page.keyboard
    keys.press("1")
    expect(page.get_by_test_id("announcement")).to_contain_text("Schritt 1 von 3: Gut. Jetzt Schritt 2 von 3.")
    keys.press("3")
    expect(page.get_by_test_id("submit-reason")).to_have_text("Fehler: Schritt 2")
    assert english_words(page) == []
    for key in ("?", "i", "h", "m", "Shift+G"):
        keys.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        assert (key, english_words(page)) == (key, [])
        keys.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    keys.press("Enter")
    expect(page.get_by_test_id("save-state")).to_contain_text("gespeichert")
    keys.press("m")
    page.get_by_test_id("language-en").click()
    expect(page.get_by_test_id("save-state")).to_contain_text("saved")
    assert page.url.endswith("/projects/algebra/label/")
    assert preferences.of(user=labeller).language == "en"
    line = json.loads(b"".join(exports.export(snapshot=snapshots.freeze(project=project), format="prm800k")))
    assert line["label"]["finish_reason"] == "found_error"
    assert [step["completions"][0]["rating"] for step in line["label"]["steps"]] == [1, -1]
