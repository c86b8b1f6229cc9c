"""Proof of "never loses": submissions by key presses through cuts, 401, 500, 503, crashed and closed tabs, two tabs and a killed server."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.faults.great_run import GreatRun, faults_found
from tests.faults.installation import Installation, stored_in
from tests.faults.line import Fate, Line
from tests.faults.private_postgres import PrivatePostgres

pytestmark = pytest.mark.browser

EVERYTHING = bool(os.environ.get("LABELAPP_TEST_ALL"))
SUBMISSIONS = 1_000 if EVERYTHING else 40
SEED = int(os.environ.get("LABELAPP_TEST_SEED", "7"))
PASSWORD = "correct horse battery"
CHANCES = {Fate.CUT_BEFORE: 0.06, Fate.CUT_AFTER: 0.06, Fate.ERROR: 0.04, Fate.BUSY: 0.03}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """On PostgreSQL for the full count; else on SQLite, which starts in a moment."""
    made = Installation(PrivatePostgres() if EVERYTHING else None, tmp_path)
    made.run("manage.py", "migrate", "--verbosity", "0")
    yield made
    made.close()


@pytest.fixture
def line_to() -> Iterator[Callable[[int], Line]]:
    made: list[Line] = []

    def make(port: int) -> Line:
        made.append(Line(port))
        return made[-1]

    yield make
    for line in made:
        line.close()


@pytest.fixture
def context_on(browser: Browser) -> Iterator[Callable[[Line], BrowserContext]]:
    """A browser of its own behind this line. No error may escape in any of its pages."""
    made: list[BrowserContext] = []
    escaped: list[str] = []

    def make(line: Line) -> BrowserContext:
        made.append(browser.new_context(base_url=line.url))
        made[-1].on("page", lambda page: page.on("pageerror", lambda error: escaped.append(str(error))))
        return made[-1]

    yield make
    for context in made:
        context.close()
    assert escaped == []


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_f37_the_great_run_loses_nothing_and_doubles_nothing(
    installation: Installation,
    line_to: Callable[[int], Line],
    context_on: Callable[[Line], BrowserContext],
    capsys: Any,
) -> None:
    email = installation.run("tests/faults/ledger_app.py", "desk", str(SUBMISSIONS), PASSWORD).strip()
    installation.start_web()
    line = line_to(installation.port)
    run = GreatRun(
        context=context_on(line), line=line, address="/projects/ledger/label/", sign_in=(email, PASSWORD), seed=SEED
    )
    run.tab.look()
    run.luck.chances = CHANCES

    def server_killed() -> None:
        installation.kill_web()
        installation.start_web()

    disturbances = {
        "line down": run.line_down,
        "session ended": lambda: installation.execute("DELETE FROM django_session"),
        "tab crashed": run.crash_tab,
        "tab closed": run.close_tab,
        "tab reloaded": run.reload_tab,
        "other tab": run.other_tab,
        "server killed": server_killed,
    }
    started = time.monotonic()
    run.run(disturbances, chance=0.2)
    seconds = time.monotonic() - started
    rows = stored_in(installation)
    with capsys.disabled():
        bad = {fate.value: line.count(fate) for fate in CHANCES}
        receipts = len(line.receipts())
        print(
            f"\ngreat run, seed {SEED}: {len(run.pressed)} submissions, {receipts} receipts, {len(rows)} rows in {seconds:.0f} s; "
            f"{len(line.submissions())} requests; {dict(run.events)}; requests {bad}"
        )
    assert faults_found(run, rows) == {}
    assert len(run.pressed) == len(rows) == len(line.receipts()) == SUBMISSIONS
    assert all(line.count(fate) for fate in CHANCES)
    assert disturbances.keys() <= run.events.keys()
