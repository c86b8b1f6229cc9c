"""Keys in a real browser: how few a solution takes, what each does, one's own in place of the table's; the export is what was pressed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from annotation import preferences
from annotation.models import Project, User
from tests.e2e.desk import all_saved, exported, open_desk, press, queue_texts, ratings_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEN = [f"Step {n}: $x_{n} = {n}$." for n in range(10)]
THREE = ["Let $x$ be it.", "Then $2x = 10$.", "# Answer\n\n5"]


def rating(page: Page, step: int) -> str | None:
    return page.get_by_test_id(f"step-{step}").get_attribute("data-rating")


def test_a_clean_solution_of_ten_steps_takes_eleven_presses(
    page: Page, sign_in: Callable[[str], None], labeller: User, project: Project
) -> None:
    queue_texts(project, TEN)
    sign_in(labeller.email)
    open_desk(page)
    presses = [*["1"] * 10, "Enter"]
    press(page, *presses)
    all_saved(page)
    assert len(presses) == 11
    (record,) = exported(project)
    assert ratings_of(record) == [(1, False)] * 10
    assert record["label"]["finish_reason"] == "solution"
    assert [step["chosen_completion"] for step in record["label"]["steps"]] == [0] * 10


def test_first_error_undo_flag_corrections_and_alternatives_are_exported_as_pressed(
    page: Page, sign_in: Callable[[str], None], labeller: User, project: Project
) -> None:
    queue_texts(project, TEN, THREE, [*THREE[:2], "So $x = 4$."], alternatives={"2": ["So $x = 5$.", "So $x = 6$."]})
    sign_in(labeller.email)
    open_desk(page)

    press(page, "ArrowDown", "ArrowDown", "ArrowDown", "e")  # all above Great, this one Bad
    expect(page.get_by_test_id("step-3")).to_have_attribute("data-rating", "-1")
    press(page, "z")
    expect(page.get_by_test_id("step-0")).not_to_have_attribute("data-rating", "1")
    press(page, "e", "Enter")

    expect(page.get_by_text("Problem 1")).to_be_visible()
    press(
        page, "1", "f", "ArrowDown", "2", "ArrowUp", "ArrowUp", "ArrowUp", "2"
    )  # the second is unsure; the first becomes Okay
    expect(page.get_by_test_id("step-0")).to_have_attribute("data-rating", "0")
    press(page, "Enter")

    expect(page.get_by_text("Problem 2")).to_be_visible()
    press(page, "1", "1", "3", "a", "1", "3")
    expect(page.get_by_test_id("alternative-1")).to_have_attribute("data-rating", "-1")
    press(page, "Enter")
    all_saved(page)

    first, second, third = exported(project)
    assert ratings_of(first) == [(1, False)] * 3 + [(-1, False)]
    assert ratings_of(second) == [(0, False), (None, True), (0, False)]
    assert ratings_of(third) == [(1, False), (1, False), (-1, False), (1, False), (-1, False)]
    assert third["label"]["steps"][-1]["chosen_completion"] is None


def test_every_shortcut_is_named_by_a_button_and_by_the_overlay(
    page: Page, sign_in: Callable[[str], None], labeller: User, project: Project
) -> None:
    queue_texts(project, TEN, THREE, alternatives={"0": ["Or else."]})
    sign_in(labeller.email)
    open_desk(page)
    press(page, "3")  # the alternatives and what was wrong are on the page as well
    expect(page.get_by_test_id("alternative-0")).to_be_visible()
    titles = page.eval_on_selector_all("button[title]", "all => all.map((one) => [one.title, one.checkVisibility()])")
    seen = " ".join(title for title, visible in titles if visible)
    for key in ("1", "2", "3", "e", "f", "z", "h", "i", "t", "?", "m", "Shift G", "Shift B", "s"):
        assert f"({key}" in seen or f", {key})" in seen, key
    press(page, "?")
    overlay = page.get_by_test_id("dialog-keys")
    expect(overlay).to_be_visible()
    shown = " ".join(overlay.inner_text().split())
    for words in (
        "Great",
        "Okay",
        "Bad",
        "All above Great",
        "Unsure",
        "Undo",
        "Enter",
        "Shift G",
        "Shift B",
        "Esc",
        "↑",
    ):
        assert words in shown, words


def test_keys_of_ones_own_work_on_every_machine_and_a_clash_is_refused_by_name(
    page: Page, browser: Browser, sign_in: Callable[[str], None], labeller: User, project: Project
) -> None:
    queue_texts(project, THREE, TEN)
    sign_in(labeller.email)
    open_desk(page)
    press(page, "m")
    page.get_by_test_id("menu-keys").press("Enter")
    row = page.get_by_test_id("keymap-great")
    said = page.get_by_test_id("keymap-said")
    cap = row.get_by_role("button").first
    cap.press("Enter")
    press(page, "z")
    expect(said).to_contain_text("Undo")  # who holds it
    press(page, "Control+z")
    expect(said).not_to_contain_text("is now")
    press(page, "x")
    expect(cap).to_have_text("x")
    press(page, "Escape")
    press(page, "1")
    assert rating(page, 0) in (None, "")
    with page.expect_response("**/draft/"):
        press(page, "x")
    expect(page.get_by_test_id("step-0")).to_have_attribute("data-rating", "1")
    assert preferences.of(user=labeller).keys["great"][0] == "x"

    cookies = page.context.cookies()
    elsewhere = browser.new_context(base_url=page.url.split("/projects")[0])
    elsewhere.add_cookies(cookies)  # type: ignore[arg-type]
    other = elsewhere.new_page()
    open_desk(other)
    expect(other.get_by_test_id("step-0")).to_have_attribute("data-rating", "1")  # the draft came along
    press(other, "x")
    expect(other.get_by_test_id("step-1")).to_have_attribute("data-rating", "1")
    elsewhere.close()
