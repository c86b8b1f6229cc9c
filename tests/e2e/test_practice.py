"""Practice in a real browser: offered to a newcomer, a mistake explained, an item finished by keys; nothing of it reaches the server."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation import preferences
from annotation.models import Annotation, Handout, Project, User
from tests.e2e.looks import axe
from tests.factories import make_queue

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# All but the first; as `progress.ts` keeps them.
DONE = dict.fromkeys(
    ("slip", "does-not-follow", "right-by-a-wrong-way", "leap", "bad-problem", "wrong-reference", "stalling"), True
)


@pytest.fixture
def sent(page: Page) -> list[str]:
    """What the page sends to the server, apart from asking for pages and files."""
    calls: list[str] = []
    page.on(
        "request", lambda r: calls.append(f"{r.method} {r.url.split('/api/v1')[-1]}") if r.method != "GET" else None
    )
    return calls


def test_a_newcomer_is_offered_practice_errs_reads_why_and_finishes_by_keys(
    page: Page, sign_in: Callable[[str], None], labeller: User, project: Project, sent: list[str]
) -> None:
    make_queue(project)
    sign_in(labeller.email)
    page.goto("/projects/algebra/label/")
    offer = page.get_by_test_id("practice-offer").get_by_role("link", name="Practise first")
    expect(page.get_by_test_id("desk-ready")).to_be_attached()
    handed_out = Handout.objects.count()
    offer.press("Enter")
    expect(page.get_by_text("Practice", exact=True)).to_be_visible()
    page.evaluate(f"localStorage.setItem('labelapp-practice {labeller.pk} whole-solution', '{json.dumps(DONE)}')")
    page.reload()
    expect(page.get_by_text("The full bags hold")).to_be_visible()
    sent.clear()

    for key in ("2", "1", "1", "1", "Enter"):  # the third is praise, not progress: no Great
        page.keyboard.press(key)

    feedback = page.get_by_test_id("feedback")
    expect(feedback.get_by_role("heading", level=1)).to_be_focused()
    expect(feedback.get_by_role("heading", level=1)).to_contain_text("there is no error to find")
    expect(feedback).to_contain_text("3 of 4 ratings as expected")
    judged = page.get_by_test_id("judged-2")
    expect(judged).to_have_attribute("data-verdict", "other")
    for words in ("You said", "Great", "Expected", "Okay", "differs", "the solution stands where it stood before"):
        expect(judged).to_contain_text(words)
    assert axe(page) == []

    page.wait_for_timeout(400)  # a press sooner than a third of a second was meant for the item before
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("practice-done")).to_contain_text("all 8 as expected")
    assert axe(page) == []
    assert sent == ["PUT /me/preferences/"]
    assert Handout.objects.count() == handed_out
    page.get_by_role("link", name="Go to the desk").press("Enter")
    expect(page.get_by_test_id("desk-ready")).to_be_attached()
    expect(page.get_by_text("Problem", exact=True)).to_be_visible()
    expect(page.get_by_test_id("practice-offer")).to_have_count(0)

    assert preferences.of(user=labeller).practised
    assert not Annotation.objects.exists()
