"""Building a solution step by step in a real browser: by keys alone, over a reload and a change of mind, to the line that was pressed."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation import step_supply
from annotation.models import Annotation, Project, StepSupply, User
from tests.annotation.conversations import join, make_project, node, queue_problem
from tests.e2e.desk import exported, forgive_the_save_at_the_reload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TREE = [
    node(
        "We call it $x$.",
        node("So $2x = 10$.", node("So $x = 20$."), node("So $x = 8$.")),
        node("So $2x = 12$.", node("Then $x = 6$.\n\n# Answer\n\n6")),
    ),
    node("It is positive."),
    node("Say it is $y = 3$."),
]


@pytest.fixture
def steps(labeller: User) -> Project:
    project = make_project()
    join(project, labeller)
    return project


def open_desk(page: Page) -> None:
    page.goto("/projects/steps/label/")
    expect(page.get_by_test_id("dock")).to_be_visible()


def at_turn(page: Page, number: int) -> None:
    expect(page.locator(f"[data-testid=dock][data-turn='{number}'][data-state=open]")).to_be_visible()


def card_saying(page: Page, text: str) -> int:
    cards = page.locator("[data-testid^=card-]").all_inner_texts()
    return next(index for index, shown in enumerate(cards) if text in " ".join(shown.split()))


def rate(page: Page, ratings: dict[str, str]) -> None:
    """Press a key for each card in turn: `ratings` maps what a card says to its key."""
    cards = page.locator("[data-testid^=card-]").count()
    keys = {card_saying(page, text): key for text, key in ratings.items()}
    for index in range(cards):
        expect(page.get_by_test_id(f"card-{index}")).to_have_attribute("data-current", "true")
        page.keyboard.press(keys[index])


def said(step: dict[str, Any]) -> dict[str, int | None]:
    return {completion["text"]: completion["rating"] for completion in step["completions"]}


def test_a_conversation_by_keys_alone_exports_as_pressed(
    page: Page, sign_in: Callable[[str], None], labeller: User, steps: Project, complaints: list[str]
) -> None:
    queue_problem(steps, TREE, text="Twice a number is 10. Which?")
    sign_in(labeller.email)
    open_desk(page)
    rate(page, {"positive": "2", "We call it": "1", "Say it is": "3"})
    at_turn(page, 1)
    rate(page, {"10": "3", "12": "1"})
    at_turn(page, 2)

    page.keyboard.press("z")  # nothing said here yet: the turn before is open again
    at_turn_one = page.locator("[data-testid=dock][data-turn='1'][data-state=answered]")
    expect(at_turn_one).to_be_visible()
    rate(page, {"10": "1", "12": "3"})  # the other way
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("submit-reason")).to_contain_text("1 later step is dropped")
    page.keyboard.press("Enter")
    at_turn(page, 2)

    rate(page, {"20": "3", "8": "3"})  # all are Bad
    page.keyboard.type("Halve both sides: $x = 5$.")
    expect(page.get_by_test_id("preview").locator(".katex")).to_be_visible()
    page.get_by_test_id("write-answer").fill("5")
    page.reload()
    expect(page.get_by_test_id("write-step")).to_have_value("Halve both sides: $x = 5$.")
    expect(page.get_by_test_id("write-answer")).to_have_value("5")
    page.get_by_test_id("write-step").focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing left")).to_be_visible()
    expect(page.get_by_test_id("save-state")).to_contain_text("aved")

    forgive_the_save_at_the_reload(complaints)
    (record,) = exported(steps)
    assert record["generation"] is None
    assert record["question"] == {"problem": "Twice a number is 10. Which?", "ground_truth_answer": "5"}
    label = record["label"]
    assert label["finish_reason"] == "solution"
    assert [said(step) for step in label["steps"]] == [
        {"We call it $x$.": 1, "It is positive.": 0, "Say it is $y = 3$.": -1},
        {"So $2x = 10$.": 1, "So $2x = 12$.": -1},
        {"So $x = 20$.": -1, "So $x = 8$.": -1},
    ]
    chosen = [step["chosen_completion"] for step in label["steps"]]
    assert [
        step["completions"][index]["text"] if index is not None else None
        for step, index in zip(label["steps"], chosen, strict=True)
    ] == ["We call it $x$.", "So $2x = 10$.", None]
    human = {"text": "Halve both sides: $x = 5$.\n\n# Answer\n\n5", "rating": None, "source": "human", "flagged": False}
    assert [step["human_completion"] for step in label["steps"]] == [None, None, human]


@pytest.mark.parametrize(("key", "reason"), [("Shift+G", "give_up"), ("Shift+B", "bad_problem")])
def test_a_conversation_ends_early_with_a_reason(
    page: Page, sign_in: Callable[[str], None], labeller: User, steps: Project, key: str, reason: str
) -> None:
    queue_problem(steps, TREE)
    sign_in(labeller.email)
    open_desk(page)
    rate(page, {"positive": "2", "We call it": "1", "Say it is": "3"})
    at_turn(page, 1)
    page.keyboard.press(key)
    page.get_by_test_id(f"dialog-{reason}").get_by_role("textbox").fill("It leads nowhere.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Nothing left")).to_be_visible()
    expect(page.get_by_test_id("save-state")).to_contain_text("aved")
    (record,) = exported(steps)
    assert record["label"]["finish_reason"] == reason
    unfinished = {"completions": None, "human_completion": None, "chosen_completion": None}
    assert record["label"]["steps"][1:] == [unfinished]
    assert Annotation.objects.get().reason == "It leads nowhere."


def next_steps(*, problem: str, steps: Sequence[str], count: int, seed: int) -> list[str]:
    return [f"Step {len(steps) + 1} goes on.", "It is 7.\n\n# Answer\n\n7"]


def test_steps_that_are_made_live_are_waited_for_and_prepared_ahead(
    page: Page, sign_in: Callable[[str], None], labeller: User, steps: Project, settings: Any
) -> None:
    settings.STEP_SUPPLIER = f"{__name__}.next_steps"
    queue_problem(steps)
    sign_in(labeller.email)
    page.goto("/projects/steps/label/")
    expect(page.get_by_test_id("making")).to_be_visible()
    step_supply.run(pk=StepSupply.objects.get().pk)  # what a worker does
    at_turn(page, 0)

    page.get_by_test_id(f"card-{card_saying(page, 'goes on')}").get_by_role("button", name="Great").click()
    # The desk has guessed before, by the order that was drawn: perhaps this card, perhaps the answer, which nothing follows.
    for _ in range(100):
        if ahead := StepSupply.objects.filter(state="pending").first():
            break
        page.wait_for_timeout(50)
    assert ahead
    step_supply.run(pk=ahead.pk)
    page.get_by_test_id(f"card-{card_saying(page, 'It is 7')}").get_by_role("button", name="Bad").click()
    at_turn(page, 1)
    expect(page.get_by_test_id("turn-0")).to_contain_text("Step 1 goes on.")
