"""What labellers feel of a training: at the desk in Chromium from submitting to the next item's paint, and what the server takes for it.

One server with its worker (`manage.py up`) on PostgreSQL and Redis, idle and while a round trains, turn by turn; the labellers' browser is
on the same machine. Prints the median and the 95th percentile of both, and the ratio of the 95th percentiles with its 95 % interval
(bootstrap over the turns). The child that trains goes after everything else and has one thread. A third kind of turn has an empty loop of
the same priority instead: what any work at all on another core takes from this machine's labellers (clock rate, caches, turns).
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright runs an event loop in this thread

import django

django.setup()

import httpx
from django.core.management import call_command
from playwright.sync_api import Page, sync_playwright

from activelearning.domains import arithmetic
from activelearning.domains.trial import pairs
from annotation import accounts, imports, priority, projects
from annotation.models import Role
from bench.desk import PACE_MS, WATCH, free_port, percentile, serving

LABELLERS = 2
THINKING = 0.15  # seconds between two submissions of a labeller; far quicker than a person
LABELLED, POOL = 400, 200
HESITATION_MS = 500  # before the desk's labeller submits; no person is quicker
PASSWORD = str(uuid4())
ENDLESS = {"epochs": 10_000, "max_epochs": 10_000}
RESAMPLES = 2_000
IDLE, LOOPING, TRAINING = "idle", "while an empty loop runs", "while a round trains"
# The next item's steps are other elements than those that were rated.
NEXT_PAINTED = """() => {
    const before = document.querySelector('[data-testid=step-0]');
    bench.next = new Promise((resolve) => {
        const look = () => {
            const now = document.querySelector('[data-testid=step-0] .passage:not([aria-busy])');
            if (now && !before.contains(now)) painted(resolve);
            else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    });
}"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--turns", type=int, default=6)
    options.add_argument("--seconds", type=float, default=15, help="of each half of a turn: the server, the desk")
    given = options.parse_args()
    submissions = round(given.turns * 3 * (given.seconds + 12) / THINKING) * LABELLERS
    tokens, researcher = prepared(submissions)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(port)]
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    server: dict[str, list[list[float]]] = {IDLE: [], LOOPING: [], TRAINING: []}
    desk: dict[str, list[list[float]]] = {IDLE: [], LOOPING: [], TRAINING: []}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(command, Path(folder), f"{url}/health/ready/"),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = opened(browser.new_context(base_url=url).new_page())
        desks = [Desk(url, token) for token in tokens]
        rounds = httpx.Client(base_url=f"{url}/api/v1/", headers={"Authorization": f"Bearer {researcher}"}, timeout=60)

        def turn(name: str) -> None:
            server[name].append(settled(desks, given.seconds))
            desk[name].append(painted(page, given.seconds))

        measured(desks, 3)  # the first requests of each thread open its connection
        painted(page, 3)
        for _ in range(given.turns):
            turn(IDLE)
            with empty_loop():
                turn(LOOPING)
            number = started(rounds)
            turn(TRAINING)
            rounds.post(f"rounds/{number}/cancel/").raise_for_status()
            time.sleep(6)  # its child is gone within two, its stages are settled by then
        browser.close()
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")
    show("submit to the next item's paint at the desk", desk)
    show("the server's answer to a submission", server)


def prepared(submissions: int) -> tuple[list[str], str]:
    """The labellers' tokens and a researcher's, in a new project with labels to learn from and a queue that does not end."""
    call_command("migrate", verbosity=0)
    project = projects.create_project(slug="sums", name="Sums")
    with tempfile.TemporaryDirectory() as folder:
        labelled, pool, queue = (Path(folder) / name for name in ("labelled.jsonl", "pool.jsonl", "queue.jsonl"))
        write(labelled, list(arithmetic.labelled_lines(pairs(LABELLED, 1, 1))))
        write(pool, [arithmetic.pool_line(*pair) for pair in pairs(POOL, 1, 2)])
        lines = [
            arithmetic.pool_line(*pair).replace('"generator"', f'"id": "{n}", "generator"')
            for n, pair in enumerate(pairs(submissions // 4, 4, 3))
        ]
        write(queue, lines)
        imports.import_files(project=project, paths=[labelled])
        imports.import_files(project=project, paths=[pool], kind="pool")
        imports.import_files(project=project, paths=[queue], kind="queue")

    def token(name: str, role: Role, scopes: list[str]) -> str:
        email = f"{name}@example.org"
        user, _ = accounts.create_account(email=email, project=project, role=role, password=PASSWORD)
        return accounts.issue_token(user=user, name="benchmark", scopes=scopes)[1]

    accounts.create_account(email="reader@example.org", project=project, role=Role.LABELLER, password=PASSWORD)
    people = [token(f"labeller{n}", Role.LABELLER, ["label"]) for n in range(LABELLERS)]
    return people, token("researcher", Role.RESEARCHER, ["read", "train"])


def write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


class Desk:
    """A labeller who calls every step right and takes no time over it."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self.claims: list[dict[str, Any]] = []

    def submit(self) -> float:
        """Seconds from a submission to the next item."""
        if not self.claims:
            self.claims = self.http.post("projects/sums/claims/", json={}).raise_for_status().json()["claims"]
        claim = self.claims[0]
        steps = [
            {
                "completions": [{"text": text, "rating": 1, "flagged": False}],
                "human_completion": None,
                "chosen_completion": 0,
            }
            for text in claim["steps"]
        ]
        label = {"steps": steps, "total_time": 1000, "finish_reason": "solution"}
        begun = time.perf_counter()
        answer = self.http.post(f"claims/{claim['id']}/submission/", json={"client_key": str(uuid4()), "label": label})
        taken = time.perf_counter() - begun
        self.claims = answer.raise_for_status().json()["claims"]
        return taken


def opened(page: Page) -> Page:
    """The desk of a labeller in a browser."""
    page.add_init_script(WATCH)
    page.goto("/accounts/login/?next=/projects/sums/label/")
    page.fill("input[name=login]", "reader@example.org")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-testid=step-0] .passage:not([aria-busy])")
    return page


def painted(page: Page, seconds: float) -> list[float]:
    """Milliseconds from submitting to the next item's paint, on the page's own clock, for so long."""
    found: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for _ in range(page.locator("[data-testid^=step-] .passage").count()):
            page.keyboard.press("1")
            page.wait_for_timeout(PACE_MS)
        page.wait_for_timeout(HESITATION_MS)
        page.evaluate(NEXT_PAINTED)
        page.keyboard.press("Enter")
        found.append(page.evaluate("bench.next.then((at) => at - bench.begun)"))
    return found


@contextmanager
def empty_loop() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
    priority.lower(process.pid, priority.CHILDREN)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def settled(desks: list[Desk], seconds: float) -> list[float]:
    """What is measured once the change from idle to busy, or back, is over."""
    measured(desks, 3)
    return measured(desks, seconds)


def measured(desks: list[Desk], seconds: float) -> list[float]:
    """Milliseconds of each submission of all desks in so many seconds."""
    over = threading.Event()

    def work(desk: Desk) -> list[float]:
        found = []
        while not over.is_set():
            found.append(desk.submit() * 1000)
            over.wait(THINKING * random.uniform(0.5, 1.5))
        return found

    with ThreadPoolExecutor(len(desks)) as pool:
        running = [pool.submit(work, desk) for desk in desks]
        time.sleep(seconds)
        over.set()
        return [one for done in running for one in done.result()]


def started(rounds: httpx.Client) -> int:
    """A round whose training does not end; its id, once it trains."""
    number: int = rounds.post("projects/sums/rounds/", json={"training": ENDLESS}).raise_for_status().json()["id"]
    for _ in range(240):
        stages = rounds.get(f"rounds/{number}/").raise_for_status().json()["stages"]
        train = next(stage for stage in stages if stage["name"] == "train")
        if train["progress"].get("done"):
            return number
        time.sleep(0.5)
    sys.exit(f"bench/beside_training: the round does not train: {stages}")


def show(what: str, found: dict[str, list[list[float]]]) -> None:
    print(f"\n| {what} | submissions | median | p95 |\n| --- | --- | --- | --- |")
    for name, turns in found.items():
        every = [one for turn in turns for one in turn]
        print(f"| {name} | {len(every):,} | {percentile(every, 50):.1f} ms | {percentile(every, 95):.1f} ms |")
    print()
    for name, other in combinations(found, 2):
        low, high = interval(found[name], found[other])
        print(
            f"p95 {other} / {name}: {ratio(found[name], found[other]):.2f} [{low:.2f}, {high:.2f}], {len(found[name])} turns each"
        )


def interval(idle: list[list[float]], busy: list[list[float]]) -> tuple[float, float]:
    chance = random.Random(0)
    ratios = []
    for _ in range(RESAMPLES):
        drawn = [chance.randrange(len(idle)) for _ in idle]
        ratios.append(ratio([idle[n] for n in drawn], [busy[n] for n in drawn]))
    return sorted(ratios)[RESAMPLES // 40], sorted(ratios)[-RESAMPLES // 40]


def ratio(idle: list[list[float]], busy: list[list[float]]) -> float:
    return percentile([one for turn in busy for one in turn], 95) / percentile(
        [one for turn in idle for one in turn], 95
    )


if __name__ == "__main__":
    main()
