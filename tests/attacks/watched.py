"""A page in a real Chromium, and what hostile text has brought about on it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route

WITNESS = Path(__file__).with_name("witness.js")
FREEZE_MS = 500
# A task's time on the machine that the limit was set on is known by what this takes there, on a page of its own: a slower machine, or one
# whose caches are shared with other work, takes longer over both. Other work comes and goes within seconds, so it is done before and after.
# A task a run, with a mark in it by which the trace shows it.
STANDARD_WORK = """async (name) => {
    for (let run = 0; run < 6; run += 1) {
        performance.mark(name);
        const box = document.createElement('div');
        for (let n = 0; n < 4000; n += 1) {
            const span = document.createElement('span');
            span.style.padding = `${n % 7}px`;
            span.innerHTML = '<i>x<sub>1</sub></i> ';
            box.append(span);
        }
        document.body.append(box);
        box.getBoundingClientRect();
        box.remove();
        await new Promise((done) => setTimeout(done));
    }
}"""
STANDARD_MS = 80.0
# Marks in a page's own timeline: that the trace was on, and which tasks were standard work.
WATCHING = "the watch for freezes begins"
STANDARD = ("standard work before", "standard work after")


@dataclass
class Watched:
    """A page and what was noticed of it."""

    page: Page
    home: str
    foreign: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def assert_harmless(self) -> None:
        seen = self.page.evaluate("() => window.seen")
        assert seen == {"pwned": 0, "violations": []}
        assert (self.foreign, self.dialogs, self.complaints) == ([], [], [])
        assert urlsplit(self.page.url).netloc == urlsplit(self.home).netloc
        assert self.page.evaluate("() => witness.madeOfText()") == []
        assert len(self.page.frames) == 1


def watched_page(browser: Browser, home: str, client: Client, language: str) -> tuple[BrowserContext, Watched]:
    """A browser with this client's session; a request to any other host is counted and goes nowhere."""
    context = browser.new_context(
        base_url=home, viewport={"width": 1280, "height": 800}, reduced_motion="reduce", locale=language
    )
    held = {name: morsel.value for name, morsel in client.cookies.items()}
    held[settings.LANGUAGE_COOKIE_NAME] = language
    context.add_cookies([{"name": name, "value": value, "url": home} for name, value in held.items()])
    context.add_init_script(path=WITNESS)
    watched = Watched(context.new_page(), home)

    def elsewhere(route: Route) -> None:
        watched.foreign.append(route.request.url)
        route.abort()

    context.route(lambda url: not url.startswith((home, "data:,")), elsewhere)
    watched.page.on("dialog", lambda dialog: (watched.dialogs.append(dialog.message), dialog.dismiss()))
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on(
        "console",
        lambda message: watched.complaints.append(message.text) if message.type in ("error", "log") else None,
    )
    return context, watched


@contextmanager
def never_freezing(watched: Watched, most: int = FREEZE_MS) -> Iterator[None]:
    """Nothing that is done meanwhile has the page's main thread compute for longer than this (ms) on end.

    What is measured is the thread's own processor time: what a task waits on a busy machine is not the page's doing, nor is it that a
    processor does less in its time while another one takes its share of caches and clock.
    """
    browser = watched.page.context.browser
    assert browser is not None
    browser.start_tracing(page=watched.page, categories=["toplevel", "blink.user_timing"])
    watched.page.wait_for_timeout(300)  # the page's process hears of it by another way than of what it is told next
    watched.page.evaluate("(name) => { performance.mark(name); }", WATCHING)
    try:
        do_standard_work(watched.page.context, STANDARD[0])
        yield
        # A task is written down at its end: the last one has ended where another has run.
        watched.page.evaluate("() => 0")
        do_standard_work(watched.page.context, STANDARD[1])
    finally:
        trace = browser.stop_tracing()
    events = json.loads(trace)["traceEvents"]
    assert any(event["name"] == WATCHING for event in events), "the trace began too late to have seen everything"
    tasks = main_thread_tasks(events)
    longest = max(tasks[""])
    slower = max(1.0, *(min(tasks[name])[0] / STANDARD_MS for name in STANDARD))
    print(
        f"longest task: {longest[0]} ms of processor time ({longest[1]} ms on the clock), of {len(tasks[''])}; {slower:.2f} times slower"
    )
    assert longest[0] <= most * slower


def do_standard_work(context: BrowserContext, name: str) -> None:
    page = context.new_page()
    page.evaluate(STANDARD_WORK, name)
    page.close()


def main_thread_tasks(events: list[dict[str, Any]]) -> dict[str, list[tuple[int, int]]]:
    """Processor time and time on the clock in ms of each task that the pages' main threads ran, by the standard work it was, or ""."""
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    marks = [event for event in events if event["name"] in STANDARD]
    tasks: dict[str, list[tuple[int, int]]] = {"": []}
    for event in events:
        thread = (event["pid"], event["tid"])
        if event["name"] != "ThreadControllerImpl::RunTask" or event["ph"] != "X" or thread not in threads:
            continue
        if "tdur" in event:
            inside = [mark["name"] for mark in marks if (mark["pid"], mark["tid"]) == thread and is_within(mark, event)]
            tasks.setdefault(inside[0] if inside else "", []).append((event["tdur"] // 1000, event["dur"] // 1000))
    return tasks


def is_within(mark: dict[str, Any], task: dict[str, Any]) -> bool:
    return bool(task["ts"] <= mark["ts"] <= task["ts"] + task["dur"])
