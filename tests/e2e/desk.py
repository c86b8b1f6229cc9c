"""The desk in a real browser, by keys: what several tests press and read."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from annotation import exports, queue, snapshots
from annotation.models import Project
from annotation.queue import QueueEntry
from tests.factories import make_problem, make_solution


def queue_texts(project: Project, *solutions: list[str], **fields: Any) -> None:
    """These solutions, each of a problem of its own (`Problem 0`, `Problem 1`, …), served in this order."""
    made = [
        make_solution(make_problem(project, text=f"Problem {n}"), steps=steps, **fields)
        for n, steps in enumerate(solutions)
    ]
    entries = [QueueEntry(solution_id=solution.pk, priority=-n) for n, solution in enumerate(made)]
    queue.enqueue(project=project, entries=entries, name="first", generation=0)


def open_desk(page: Page, slug: str = "algebra") -> None:
    page.goto(f"/projects/{slug}/label/")
    expect(page.get_by_test_id("desk-ready")).to_be_attached()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def all_saved(page: Page) -> None:
    """Nothing is left to label, and all of it is with the server."""
    expect(page.get_by_text("Nothing left")).to_be_visible()
    expect(page.get_by_test_id("save-state")).to_contain_text("aved")


def exported(project: Project) -> list[dict[str, Any]]:
    lines = b"".join(exports.export(snapshot=snapshots.freeze(project=project), format="prm800k")).splitlines()
    return [json.loads(line) for line in lines]


def ratings_of(record: dict[str, Any]) -> list[tuple[int | None, bool]]:
    return [(c["rating"], c["flagged"]) for step in record["label"]["steps"] for c in step["completions"] or []]


def forgive_the_save_at_the_reload(complaints: list[str]) -> None:
    """A save under way at a reload may land behind the desk's question what it holds: the next save is told so, and goes out anew."""
    complaints[:] = [said for said in complaints if not ("/draft/: " in said and "409" in said)]
