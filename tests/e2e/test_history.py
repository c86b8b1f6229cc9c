"""Back to what was submitted: the last ten items and no more, one of them corrected by keys; the export carries the correction."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Annotation, Project, User
from tests.annotation.conversations import join, make_project, node, queue_problem
from tests.e2e.desk import all_saved, exported, open_desk, press, queue_texts, ratings_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_last_ten_are_listed_and_one_is_corrected(
    page: Page, sign_in: Callable[[str], None], labeller: User, project: Project
) -> None:
    queue_texts(project, *[[f"Only step of {n}."] for n in range(12)])
    sign_in(labeller.email)
    open_desk(page)
    for n in range(12):
        expect(page.get_by_text(f"Problem {n}", exact=True)).to_be_visible()
        press(page, "1", "Enter")
    all_saved(page)

    press(page, "h")
    listed = page.locator("[data-testid^=history-]")
    expect(listed).to_have_count(10)
    assert [f"Problem {n}" in listed.nth(11 - n).inner_text() for n in range(11, 1, -1)] == [True] * 10
    press(page, "ArrowDown", "ArrowDown", "Enter")  # the third from the end
    expect(page.get_by_text("Problem 9", exact=True)).to_be_visible()
    press(page, "ArrowUp", "3", "Enter")
    all_saved(page)

    records = {record["question"]["problem"]: record for record in exported(project)}
    assert {problem: ratings_of(record) for problem, record in records.items()} == {
        f"Problem {n}": [(-1 if n == 9 else 1, False)] for n in range(12)
    }
    assert records["Problem 9"]["label"]["finish_reason"] == "found_error"
    assert Annotation.objects.count() == 13  # what was said first stays

    press(page, "h")
    corrected = page.get_by_test_id("history-0")
    expect(corrected).to_contain_text("Problem 9")
    press(page, "Escape")
    expect(page.get_by_text("Nothing left")).to_be_visible()


def test_a_conversation_is_corrected_without_leaving_its_way(
    page: Page, sign_in: Callable[[str], None], labeller: User
) -> None:
    steps = make_project()
    join(steps, labeller)
    queue_problem(steps, [node("We halve it.\n\n# Answer\n\n5"), node("It is even.")])
    sign_in(labeller.email)
    page.goto("/projects/steps/label/")
    expect(page.get_by_test_id("dock")).to_be_visible()
    for index in range(2):
        expect(page.get_by_test_id(f"card-{index}")).to_have_attribute("data-current", "true")
        press(page, "1" if "halve" in page.get_by_test_id(f"card-{index}").inner_text() else "2")
    press(page, "Enter")
    all_saved(page)

    press(page, "h")
    expect(page.get_by_test_id("history-0")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_test_id("card-1")).to_be_visible()
    even = next(n for n in range(2) if "even" in page.get_by_test_id(f"card-{n}").inner_text())
    page.get_by_test_id(f"card-{even}").get_by_role("button", name="Bad").click()
    page.get_by_test_id("submit").press("Enter")
    all_saved(page)
    (record,) = exported(steps)
    (only,) = record["label"]["steps"]
    assert {c["text"]: c["rating"] for c in only["completions"]} == {
        "We halve it.\n\n# Answer\n\n5": 1,
        "It is even.": -1,
    }
