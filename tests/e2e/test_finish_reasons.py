"""Every way in which a whole solution's item ends, by keys: the exported line says which, and nothing that was not pressed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Annotation, Handout, Project, User, WorkItem
from tests.e2e.desk import all_saved, exported, open_desk, press, queue_texts, ratings_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STEPS = ["Let $x$ be it.", "Then $2x = 10$.", "# Answer\n\n5"]


def test_all_four_ways_to_end_an_item(
    page: Page, sign_in: Callable[[str], None], labeller: User, project: Project
) -> None:
    queue_texts(project, STEPS, STEPS, STEPS, STEPS)
    sign_in(labeller.email)
    open_desk(page)

    press(page, "1", "2", "Enter")  # not all rated and no Bad step: it does not go
    expect(page.get_by_text("Problem 0", exact=True)).to_be_visible()
    expect(page.get_by_test_id("submit-reason")).to_contain_text("rate all")
    press(page, "1", "Enter")

    expect(page.get_by_text("Problem 1", exact=True)).to_be_visible()
    press(page, "1", "3", "Enter")

    expect(page.get_by_text("Problem 2", exact=True)).to_be_visible()
    press(page, "1", "Shift+G")
    reason = page.get_by_test_id("reason")
    expect(reason).to_be_focused()
    press(page, "Enter")  # a reason is asked for
    expect(reason).to_be_visible()
    page.keyboard.type("I cannot see where the second step comes from.")
    press(page, "Enter")

    expect(page.get_by_text("Problem 3", exact=True)).to_be_visible()
    press(page, "Shift+B")
    expect(reason).to_be_focused()
    page.keyboard.type("It asks nothing.")
    press(page, "Enter")
    all_saved(page)

    records = exported(project)
    assert [record["label"]["finish_reason"] for record in records] == [
        "solution",
        "found_error",
        "give_up",
        "bad_problem",
    ]
    assert [ratings_of(record) for record in records[:2]] == [
        [(1, False), (0, False), (1, False)],
        [(1, False), (-1, False)],
    ]
    assert ratings_of(records[2])[0] == (1, False)
    assert list(Annotation.objects.order_by("pk").values_list("reason", flat=True))[2:] == [
        "I cannot see where the second step comes from.",
        "It asks nothing.",
    ]


def test_an_item_that_is_given_back_is_the_next_persons(
    page: Page, sign_in: Callable[[str], None], labeller: User, project: Project
) -> None:
    queue_texts(project, STEPS, STEPS, STEPS)
    sign_in(labeller.email)
    open_desk(page)
    press(page, "1", "s")
    dialog = page.get_by_test_id("dialog-skip")
    expect(dialog).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_test_id("step-0")).to_have_attribute("data-rating", "1")
    press(page, "s")
    expect(page.get_by_test_id("give-back")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_text("Problem 1", exact=True)).to_be_visible()
    expect(page.get_by_test_id("save-state")).to_contain_text("aved")
    page.wait_for_timeout(300)
    given_back = WorkItem.objects.get(solution__problem__text="Problem 0")
    assert given_back.claimed_by is None
    assert given_back.draft is None
    assert not Annotation.objects.exists()
    assert Handout.objects.filter(work_item=given_back).exists()
