"""Hands on the desk: what a labeller sees and presses in one tab of a real browser."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

KEYS = {1: "1", 0: "2", -1: "3"}

LOOK = """() => {
  const of = (name) => document.querySelector(`[data-testid="${name}"]`);
  const steps = [...document.querySelectorAll('[data-testid^="step-"]')];
  return {
    text: document.querySelector(".sheet")?.textContent ?? "",
    phase: document.querySelector(".desk")?.dataset.phase ?? "",
    empty: of("phase-empty") !== null,
    ratings: steps.map((step) => step.dataset.rating ?? ""),
    state: of("save-state")?.dataset.state ?? "",
    sign_in: of("sign-in") !== null,
  };
}"""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is on the screen at one moment."""

    phase: str
    problem: str
    ratings: tuple[int, ...]
    empty: bool
    state: str
    sign_in: bool


class DeskTab:
    """One tab. Problems are told apart by their number: `Problem number 17`."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def open(self) -> "DeskTab":
        self.page.goto(self.address)
        expect(self.page.get_by_test_id("desk-ready")).to_be_attached()
        return self

    def look(self) -> Sight:
        seen: dict[str, Any] = self.page.evaluate(LOOK)
        number = re.search(r"Problem number \d+", seen["text"]) if seen["phase"] == "working" else None
        ratings = tuple(int(rating) for rating in seen["ratings"] if rating not in ("", "null"))
        problem = number.group() if number else ""
        return Sight(seen["phase"], problem, ratings, seen["empty"], seen["state"], seen["sign_in"])

    def press(self, *ratings: int) -> None:
        for rating in ratings:
            self.page.keyboard.press(KEYS[rating])

    def submit(self) -> None:
        self.page.keyboard.press("Enter")

    def submit_as_it_is(self) -> None:
        """Enter without a rating before it. Right after the picture changed such a press is not meant for what is there now."""
        self.page.wait_for_timeout(400)
        self.submit()

    def put_away(self) -> None:
        """Another tab comes to the front: what is not saved yet goes at once."""
        self.page.evaluate("""() => {
          Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
          delete document.visibilityState;
        }""")

    def label(self, *ratings: int) -> str:
        """Rate what is on screen and submit it; its problem."""
        problem = self.look().problem
        self.press(*ratings)
        self.submit()
        expect(self.page.locator(".sheet")).not_to_contain_text(re.compile(rf"{problem}\b"))
        return problem

    def expect_state(self, state: str, text: str | re.Pattern[str] = "") -> None:
        expect(self.page.get_by_test_id("save-state")).to_have_attribute("data-state", state)
        if text:
            expect(self.page.get_by_test_id("save-state")).to_contain_text(text)

    def expect_problem(self, problem: str) -> None:
        expect(self.page.locator(".sheet")).to_contain_text(problem)
