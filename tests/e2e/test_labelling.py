"""A labeller's day in a real browser: three solutions by keyboard alone, a reload half-way, and an export of exactly what was pressed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Annotation, Project, User
from tests.e2e.desk import exported, forgive_the_save_at_the_reload, open_desk, queue_texts, ratings_of
from tests.e2e.looks import cut_off

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SOLUTIONS = [
    ["Let $x$ be the number.", "Then $2x = 10$.", "So $x = \\frac{10}{2}$.", "# Answer\n\n5"],
    ["The area is $\\pi r^2$.", "With $r = 3$ that is $6\\pi$.", "# Answer\n\n$6\\pi$"],
    ["It costs $5 and $7 more.", "Together \\(5 + 7 = 12\\).", "# Answer\n\n12"],
]


@pytest.fixture
def queued(project: Project) -> None:
    queue_texts(project, *SOLUTIONS)


def test_three_solutions_by_keyboard_alone_survive_a_reload_and_export_as_pressed(
    page: Page, sign_in: Callable[[str], None], labeller: User, project: Project, queued: None, complaints: list[str]
) -> None:
    sign_in(labeller.email)
    open_desk(page)
    keys = page.keyboard

    for key in ("1", "2", "1"):  # Great, Okay, Great …
        keys.press(key)
    expect(page.get_by_test_id("step-2")).to_have_attribute("data-rating", "1")
    page.reload()  # … the reload, before any draft could be sent …
    expect(page.get_by_test_id("desk-ready")).to_be_attached()
    expect(page.get_by_test_id("step-1")).to_have_attribute("data-rating", "0")
    expect(page.get_by_test_id("step-3")).to_have_attribute("data-current", "true")
    keys.press("1")  # … and the last step
    keys.press("Enter")

    expect(page.get_by_text("Problem 1")).to_be_visible()
    keys.press("1")
    keys.press("3")  # the first Bad step
    keys.press("Enter")

    expect(page.get_by_text("Problem 2")).to_be_visible()
    keys.press("2")
    keys.press("z")  # undone
    keys.press("1")
    keys.press("1")
    keys.press("1")
    keys.press("Enter")
    expect(page.get_by_test_id("save-state")).to_contain_text("aved")
    expect(page.get_by_text("Nothing left")).to_be_visible()

    records = exported(project)
    assert [ratings_of(r) for r in records] == [
        [(1, False), (0, False), (1, False), (1, False)],
        [(1, False), (-1, False)],
        [(1, False), (1, False), (1, False)],
    ]
    labels = [r["label"] for r in records]
    assert [label["finish_reason"] for label in labels] == [
        "solution",
        "found_error",
        "solution",
    ]
    texts = [[c["text"] for s in label["steps"] for c in s["completions"]] for label in labels]
    assert texts == [SOLUTIONS[0], SOLUTIONS[1][:2], SOLUTIONS[2]]
    forgive_the_save_at_the_reload(complaints)
    assert all(0 < label["total_time"] < 600_000 for label in labels)
    assert Annotation.objects.count() == 3


def test_the_desk_hides_what_a_labeller_must_not_see_and_renders_maths(
    page: Page, sign_in: Callable[[str], None], labeller: User, queued: None
) -> None:
    sign_in(labeller.email)
    open_desk(page)
    expect(page.locator(".katex").first).to_be_visible()
    assert "verifier" not in page.content()


def test_what_the_ratings_mean_stays_in_sight_however_far_one_scrolls(
    page: Page, sign_in: Callable[[str], None], labeller: User, project: Project
) -> None:
    queue_texts(project, [f"So {n} follows." for n in range(40)])
    sign_in(labeller.email)
    open_desk(page)
    for key in ("1", "End"):
        expect(page.get_by_test_id("legend")).to_be_in_viewport(ratio=1)
        expect(page.get_by_test_id("legend")).to_contain_text("right, and moves on")
        page.keyboard.press(key)
    page.set_viewport_size({"width": 360, "height": 740})
    for _ in range(30):
        page.keyboard.press("1")
    expect(page.get_by_test_id("step-31").get_by_text("wrong or not checkable")).to_be_in_viewport(ratio=1)


def test_on_a_phone_the_menu_is_there_with_ones_own_day_and_the_way_out(
    page: Page, sign_in: Callable[[str], None], labeller: User, queued: None
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(labeller.email)
    open_desk(page)
    page.get_by_test_id("step-0").get_by_role("button", name="Bad").click()
    expect(page.get_by_test_id("save-state")).to_contain_text("saved")
    page.get_by_test_id("submit").click()
    expect(page.get_by_text("Problem 1")).to_be_visible()
    expect(page.get_by_test_id("save-state")).to_contain_text("saved")

    page.get_by_test_id("menu").click()
    menu = page.get_by_role("dialog", name="Menu")
    expect(menu.get_by_test_id("my-day")).to_contain_text("1")
    expect(menu.get_by_test_id("my-week").get_by_role("listitem")).to_have_count(7)
    assert cut_off(page) == []
    menu.get_by_test_id("sign-out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
