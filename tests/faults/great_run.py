"""A labeller at the desk while everything around breaks: presses keys, comes back after each crash, and remembers what was pressed."""

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as BrowserError

from tests.faults.desk_driver import DeskTab, Sight
from tests.faults.line import Asked, Fate, Line

PATIENCE = 120  # seconds for the desk to come back; far beyond any outage made here
# An item on the screen for so long was not merely about to go.
STAYS = 2.0


class BadLuck:
    """How requests to the API end: by a seeded chance, or all cut while the line is down."""

    def __init__(self, seed: int, chances: Mapping[Fate, float]) -> None:
        self.random = random.Random(seed)
        self.chances = chances
        self.down_until = 0.0
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Fate:
        if time.monotonic() < self.down_until:
            return Fate.CUT_BEFORE
        if not asked.is_api:
            return Fate.PASS
        with self._lock:
            drawn = self.random.random() * (1 if asked.is_submission else 3)
        for fate, chance in self.chances.items():
            drawn -= chance
            if drawn < 0:
                return fate
        return Fate.PASS


class GreatRun:
    """`pressed`: the ratings first submitted, by problem. `lost`: what was asked again."""

    def __init__(
        self, *, context: BrowserContext, line: Line, address: str, sign_in: tuple[str, str], seed: int
    ) -> None:
        self.context, self.line, self.address = context, line, address
        self.email, self.password = sign_in
        self.random = random.Random(seed)
        self.luck = BadLuck(seed, {})
        self.line.fate = self.luck
        self.pressed: dict[str, tuple[int, ...]] = {}
        self.lost: list[str] = []
        self.events: Counter[str] = Counter()
        self.tabs: list[DeskTab] = []

    def run(self, disturbances: Mapping[str, Callable[[], None]], chance: float) -> None:
        """Label until nothing is left; before each item, by chance, one of the disturbances, each as often as the others."""
        deck: list[str] = []
        while True:
            if disturbances and self.random.random() < chance:
                deck = deck or self.random.sample(list(disturbances), len(disturbances))
                name = deck.pop()
                self.last = name
                disturbances[name]()
                self.events[name] += 1
            sight = self.next_item()
            if sight is None:
                return
            self.label(sight)

    def label(self, sight: Sight) -> None:
        ratings = self._choose()
        tab = self.tab
        if sight.ratings:  # half done before a crash: begin again at its first step
            for _ in range(3):
                tab.page.keyboard.press("ArrowUp")
        tab.press(*ratings)
        seen = tab.look()
        assert (seen.problem, seen.ratings[: len(ratings)]) == (sight.problem, ratings), (
            f"the keys went elsewhere: {ratings} on {sight} gave {seen} after {self.last}; lost before: {self.lost}"
        )
        tab.submit()
        self.pressed[sight.problem] = ratings

    def _choose(self) -> tuple[int, ...]:
        ratings = [self.random.choice([1, 0]) for _ in range(3)]
        bad = self.random.randrange(12)
        return (*ratings[:bad], -1) if bad < 3 else tuple(ratings)

    # --- what a person does to get on -------------------------------------------------------------------------------------

    @property
    def tab(self) -> DeskTab:
        if not self.tabs:
            self.tabs = [self.open_tab()]
        return self.tabs[0]

    def open_tab(self) -> DeskTab:
        """A tab with the desk in it, however often that has to be tried."""
        deadline = time.monotonic() + PATIENCE
        while True:
            page = self.context.new_page()
            tab = DeskTab(page, self.address)
            try:
                page.goto(self.address)
                if "/accounts/login/" in page.url:
                    page.fill("input[name=login]", self.email)
                    page.fill("input[name=password]", self.password)
                    page.keyboard.press("Enter")
                page.wait_for_selector(".desk", timeout=5_000)
                return tab
            except BrowserError:
                page.close()
                assert time.monotonic() < deadline, "the desk did not open"

    def next_item(self) -> Sight | None:
        """What is to be rated next, after whatever has to be done first; None where nothing is left and all is saved."""
        deadline = time.monotonic() + PATIENCE
        seen: tuple[str, float] = ("", 0.0)
        asked_at = time.monotonic()
        while time.monotonic() < deadline:
            page, sight = self.tab.page, self.tab.look()
            if sight.sign_in:
                self._sign_in(page)
            elif sight.empty and sight.state == "saved":
                return None
            elif sight.problem and sight.problem not in self.pressed:
                return sight
            elif sight.problem:
                if seen[0] != sight.problem:
                    seen = (sight.problem, time.monotonic())
                elif time.monotonic() - seen[1] > STAYS:
                    self._asked_again(sight)
            elif time.monotonic() - asked_at > 0.4:
                asked_at = time.monotonic()
                self._click(page, "Try now")
            page.wait_for_timeout(25)
        raise AssertionError(f"the desk did not come back within {PATIENCE} s: {self.tab.look()}")

    def _asked_again(self, sight: Sight) -> None:
        """Submitted, and here again. With every rating still on it one press is missing; without, the work is lost."""
        if sight.ratings == self.pressed[sight.problem]:
            self.events["Enter asked for again"] += 1
            self.tab.submit_as_it_is()
        else:
            self.lost.append(
                f"{sight.problem}: pressed {self.pressed[sight.problem]}, asked again with {sight.ratings} after {self.last}"
            )
            self.label(sight)

    def _sign_in(self, page: Page) -> None:
        panel = page.get_by_test_id("sign-in")
        try:
            panel.get_by_label("Password").fill(self.password, timeout=1_000)
            panel.get_by_role("button", name="Sign in").click(timeout=1_000)
            panel.wait_for(state="detached", timeout=3_000)
            self.events["signed in again in place"] += 1
        except BrowserError:
            return  # the line was down, or somebody was quicker: look again

    def _click(self, page: Page, name: str) -> None:
        try:
            page.get_by_role("button", name=name).first.click(timeout=200)
        except BrowserError:
            return

    # --- what breaks ----------------------------------------------------------------------------------------------------------

    def line_down(self) -> None:
        self.luck.down_until = time.monotonic() + self.random.uniform(0.2, 1.5)

    def crash_tab(self) -> None:
        tab = self.tabs.pop(0) if self.tabs else None
        if tab is not None:
            with tab.page.expect_event("crash"), contextlib.suppress(BrowserError):
                tab.page.goto("chrome://crash")  # at once, without any farewell to the page
            tab.page.close()

    def close_tab(self) -> None:
        if self.tabs:
            self.tabs.pop(0).page.close()

    def reload_tab(self) -> None:
        try:
            self.tab.page.reload()
        except BrowserError:
            self.close_tab()

    def other_tab(self) -> None:
        """A second tab comes to the front; one more where there is only one."""
        if len(self.tabs) < 2:
            self.tabs.append(self.open_tab())
        self.tabs.reverse()
        self.tab.page.bring_to_front()


def faults_found(run: GreatRun, rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The oracle. Every item submitted is stored once with the ratings pressed, and every receipt is that of a stored row."""
    stored: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        stored.setdefault(row["problem"].rstrip("."), []).append(row)
    by_key = {row["key"]: row for row in rows}
    receipts = run.line.receipts()
    lost = [problem for problem, ratings in run.pressed.items() if ratings not in _ratings(stored.get(problem, []))]
    found = {
        "lost": sorted({*lost, *run.lost}),
        "doubled": [problem for problem, all_of_it in stored.items() if len(all_of_it) > 1],
        "never pressed": [problem for problem in stored if problem not in run.pressed],
        "receipts without a row": [key for key in receipts if key not in by_key],
        "rows without a receipt": [key for key in by_key if key not in receipts],
        "torn": [
            key
            for key, receipt in receipts.items()
            if key in by_key
            and (receipt["annotation"], receipt["sha256"]) != (by_key[key]["id"], by_key[key]["sha256"])
        ],
    }
    return {kind: cases for kind, cases in found.items() if cases}


def _ratings(rows: list[dict[str, Any]]) -> list[tuple[int, ...]]:
    return [tuple(row["ratings"]) for row in rows]
