"""The desk in Chromium, all on the page's own clock: key to repaint, submit to the next item, data to the first step, live steps, weight.

Texts are MATH's, from $LABELAPP_SHARED_DATA/math: problems with their solutions, a sentence a step. With `--potato DIR` (a virtual
environment with potato-annotation) Potato's page for process rewards is measured in the same run, on the same texts. Potato has no key for
a step, so there a press is a click; it renders no maths, so its first step is plain text.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MOST_STEPS, LONG = 10, 60  # LONG steps hold 180 formulas
PACE_MS = 80  # between two presses; faster than a person rates
DELAY_MS = 150  # from here to the server and back
NEXT = f"submit to the next item, {DELAY_MS} ms to the server"
TURNS = 20
STEP = (
    r"Step {n}: with $\frac{{a_{{{n}}}}}{{\sqrt{{c + {n}}}}}$ and \(x_{{{n}}} = y^{n}\) we have "
    r"\[\left(\frac{{1}}{{{n}}} + z\right)^2 = {n}.\]"
)
SUPPLY_SECONDS = (0.2, 3.0)  # how long the live supplier takes, turn by turn

# `shown` looks once a frame, at its begin: what it finds is painted in that frame, and the message comes in behind the paint.
WATCH = """
window.bench = {presses: [], tasks: [], begun: 0};
window.painted = (then) => {
    const line = new MessageChannel();
    line.port1.onmessage = () => then(performance.now());
    line.port2.postMessage(0);
};
window.shown = (selector, text) => new Promise((resolve, reject) => {
    const until = performance.now() + 30000;
    const look = () => {
        if (document.querySelector(selector)?.textContent.includes(text)) painted(resolve);
        else if (performance.now() > until) reject(new Error(`${text} was never shown in ${selector}`));
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
});
const press = (event) => {
    bench.begun = event.timeStamp;
    requestAnimationFrame(() => painted((now) => bench.presses.push(now - event.timeStamp)));
};
addEventListener('keydown', press, true);
addEventListener('click', press, true);
new PerformanceObserver((list) => bench.tasks.push(...list.getEntries().map((task) => task.duration)))
    .observe({type: 'longtask', buffered: true});
"""
WEIGHT = """() => performance.getEntriesByType('resource')
    .filter(({name}) => /\\.(js|css)$/.test(new URL(name).pathname))
    .map(({encodedBodySize}) => encodedBodySize)"""


def next_steps(*, problem: str, steps: Sequence[str], count: int, seed: int) -> list[str]:
    """The live supplier of this benchmark: its one step says when it was ready."""
    time.sleep(SUPPLY_SECONDS[len(steps) % len(SUPPLY_SECONDS)])
    return [f"Step {len(steps) + 1} was ready at {time.time() * 1000:.0f}."]


Texts = list[tuple[str, list[str]]]


def texts(count: int) -> Texts:
    """Problems that begin with their number, and their solutions' sentences."""
    shared = Path(os.environ.get("LABELAPP_SHARED_DATA") or ROOT.parent / "shared" / "data")
    found: Texts = []
    with (shared / "math" / "test.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            steps = [step for step in re.split(r"(?<=[.!?])\s+", row["solution"]) if step.count("$") % 2 == 0]
            if 3 <= len(steps) <= MOST_STEPS and "asy" not in row["solution"] + row["problem"]:
                found.append((f"Problem {len(found)}: {row['problem']}", steps))
            if len(found) == count:
                return found
    sys.exit(f"bench/desk: {shared}/math/test.jsonl has only {len(found)} such problems")


def main() -> None:
    from playwright.sync_api import sync_playwright

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--items", type=int, default=60, help="solutions to rate")
    options.add_argument("--loads", type=int, default=15)
    options.add_argument("--potato", type=Path, help="a virtual environment with potato-annotation")
    given = options.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    items = texts(given.items)
    found: dict[str, dict[str, Any]] = {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        with ours(Path(folder), items) as (url, password):
            found["our desk"] = desk(browser.new_context(base_url=url).new_page(), password, items, given.loads)
        if given.potato:
            with potato(Path(folder), given.potato.resolve(), items) as url:
                found["Potato"] = peer(browser.new_context(base_url=url).new_page(), items, given.loads)
        browser.close()
    show(found)


def show(found: dict[str, dict[str, Any]]) -> None:
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}\n")
    print("| | " + " | ".join(found) + " |\n| --- |" + " --- |" * len(found))
    for name in dict.fromkeys(name for figures in found.values() for name in figures):
        print(f"| {name} | " + " | ".join(said(figures.get(name)) for figures in found.values()) + " |")
    for name, other in found.get("Potato", {}).items():
        if isinstance(other, list):
            print(f"Potato / ours, {name}: {statistics.median(other) / statistics.median(found['our desk'][name]):.1f}")


def said(figure: Any) -> str:
    """Milliseconds as median and 95th percentile, anything else as it is."""
    if not isinstance(figure, list):
        return str(figure or "–")
    return f"{statistics.median(figure):.0f} ms, p95 {percentile(figure, 95):.0f} ms (n = {len(figure)})"


def percentile(values: list[float], percent: int) -> float:
    """The smallest of the values that at least so many percent of them do not exceed."""
    return sorted(values)[-(-len(values) * percent // 100) - 1]


def slow_line(page: Any) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    line = {"offline": False, "latency": DELAY_MS, "downloadThroughput": -1, "uploadThroughput": -1}
    devtools.send("Network.emulateNetworkConditions", line)


def weight(page: Any) -> str:
    sizes = page.evaluate(WEIGHT)
    return f"{sum(sizes) / 1000:.1f} kB in {len(sizes)} files"


@contextmanager
def serving(command: list[str], folder: Path, health: str, **env: str) -> Iterator[None]:
    """A server in a group of processes of its own, from its first answer on; its words are kept in `folder`/log."""
    there = folder if "potato" in command[0] else ROOT
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=there, env={**os.environ, **env}, stdout=log, stderr=log, start_new_session=True
        )  # fmt: skip
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(health, timeout=5).close()
                break
            except OSError:
                time.sleep(0.25)
        else:
            sys.exit(f"bench/desk: {health} does not answer:\n{(folder / 'log').read_text()[-2000:]}")
        yield
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)


def free_port() -> int:
    from tests.faults.private_postgres import free_port

    return free_port()


# --- our desk --------------------------------------------------------------------------------------------------------


@contextmanager
def ours(folder: Path, items: Texts) -> Iterator[tuple[str, str]]:
    """Our server on its embedded default with two projects, and the labeller's password."""
    home = folder / "ours"
    home.mkdir()
    env = {
        "LABELAPP_DATA_DIR": str(home),
        "LABELAPP_STEP_SUPPLIER": "bench.desk.next_steps",
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }

    def manage(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"bench/desk: manage.py {words[0]} failed:\n{done.stdout}\n{done.stderr[-2000:]}")
        return done.stdout

    def load(slug: str, format: str, records: list[dict[str, Any]]) -> None:
        data = folder / f"{slug}.jsonl"
        data.write_text("".join(json.dumps(record) + "\n" for record in records))
        manage("import_dataset", slug, str(data), "--format", format, "--as", "queue")

    manage("migrate", "--verbosity", "0")
    manage("create_project", "whole", "--protocol", "whole-solution")
    manage("create_project", "live", "--protocol", "step-by-step")
    account = ["create_account", "labeller@example.org", "--role", "labeller", "--json", "--project"]
    password = json.loads(manage(*account, "whole"))["password"]
    manage(*account, "live")
    long = (f"Problem {len(items)}: the long one.", [STEP.format(n=n) for n in range(1, LONG + 1)])
    load("whole", "solutions", [{"problem": problem, "steps": steps} for problem, steps in [*items, long]])
    load(
        "live", "step-tree", [{"problem": "What comes next?", "answer": "7", "tree": [{"text": "Begin.", "next": []}]}]
    )
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with serving([sys.executable, "manage.py", "up", "--port", str(port)], home, f"{url}/health/live/", **env):
        yield url, password


def desk(page: Any, password: str, items: Texts, loads: int) -> dict[str, Any]:
    page.add_init_script(WATCH)
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "labeller@example.org")
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    figures: dict[str, Any] = {"first step after its data": [first_step(page) for _ in range(loads)]}
    page.wait_for_load_state("networkidle")
    figures["scripts and sheets"] = weight(page)
    slow_line(page)
    page.wait_for_timeout(1000)
    presses, submits = [], []
    for n, (_, steps) in enumerate(items):
        page.evaluate("bench.presses.length = 0")
        for _ in steps:
            page.keyboard.press("1")
            page.wait_for_timeout(PACE_MS)
        page.wait_for_function(f"() => bench.presses.length >= {len(steps)}")
        presses += page.evaluate("bench.presses")
        page.wait_for_timeout(500)  # nobody submits faster
        page.evaluate(
            "(text) => { bench.tasks.length = 0; bench.next = shown('.statement', text); }", f"Problem {n + 1}:"
        )
        page.keyboard.press("Enter")
        submits.append(page.evaluate("bench.next.then((at) => at - bench.begun)"))
    figures["press to repaint"] = presses
    figures[NEXT] = submits
    page.wait_for_function(f"() => document.querySelectorAll('.step').length >= {LONG}")
    page.wait_for_timeout(1500)
    blocks = max(page.evaluate("bench.tasks"), default=0.0)
    figures[f"longest block of {LONG} steps with 180 formulas"] = f"{blocks:.0f} ms" if blocks else "none over 50 ms"
    page.context.new_cdp_session(page).send("Network.disable")
    figures |= live(page.context.new_page())
    return figures


def first_step(page: Any) -> float:
    """From the answer that brought the items to the paint of the first step."""
    page.goto("/projects/whole/label/", wait_until="commit")
    at = page.evaluate("shown('[data-testid=step-0] .passage:not([aria-busy])', '')")
    claims = "performance.getEntriesByType('resource').find(({name}) => name.endsWith('/claims/')).responseEnd"
    return float(at - page.evaluate(claims))


def live(page: Any) -> dict[str, Any]:
    """From when the supplier had its step, which the step itself says, to its paint; a step takes one of `SUPPLY_SECONDS`."""
    page.add_init_script(WATCH)
    page.goto("/projects/live/label/")
    page.wait_for_selector(".dock:has-text('Begin.')")
    waits: dict[float, list[float]] = {}
    for turn in range(1, TURNS + 1):
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        said = f"Step {turn + 1} was ready"
        at = page.evaluate("(text) => shown('.dock', text).then((at) => performance.timeOrigin + at)", said)
        ready = re.search(r"ready at (\d+)", page.locator(".dock").text_content())
        waits.setdefault(SUPPLY_SECONDS[turn % 2], []).append(at - int(ready.group(1)) if ready else 0.0)
    return {f"live step ready to shown, made in {seconds} s": found for seconds, found in waits.items()}


# --- Potato ----------------------------------------------------------------------------------------------------------


@contextmanager
def potato(folder: Path, environment: Path, items: Texts) -> Iterator[str]:
    """Potato's server with the same texts on its form for process rewards, three ratings a step."""
    home = folder / "potato"
    (home / "data").mkdir(parents=True)
    records = [
        {"id": str(n), "text": problem, "steps": [{"action": text} for text in steps]}
        for n, (problem, steps) in enumerate(items)
    ]
    (home / "data" / "items.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    form = {"annotation_type": "process_reward", "name": "steps", "description": "Rate each step", "steps_key": "steps"}
    config = {
        "annotation_task_name": "bench",
        "task_dir": ".",
        "output_annotation_dir": "out",
        "output_annotation_format": "json",
        "data_files": ["data/items.jsonl"],
        "item_properties": {"id_key": "id", "text_key": "text"},
        "require_password": False,
        "secret_key": "only for a benchmark on this machine",
        "annotation_schemes": [{**form, "mode": "per_step", "allow_neutral": True}],
    }
    (home / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(environment / "bin" / "potato"), "start", "config.yaml", "-p", str(port)]
    with serving(command, home, url):
        yield url


def peer(page: Any, items: Texts, loads: int) -> dict[str, Any]:
    """The same of Potato's page: a mark is a click, and the next item a page of its own."""
    page.add_init_script(WATCH)
    # When this page first showed a step, and when the click that led to it was, both on the clock that pages share.
    page.add_init_script("""
        window.first = shown('.prm-step-card', '').then((at) => performance.timeOrigin + at);
        addEventListener('click', (event) => sessionStorage.setItem('begun', performance.timeOrigin + event.timeStamp), true);
    """)
    page.goto("/")
    page.fill("#login-email", "labeller")
    page.keyboard.press("Enter")
    page.wait_for_selector(".prm-btn")
    answered = "performance.timeOrigin + performance.getEntriesByType('navigation')[0].responseEnd"
    figures: dict[str, Any] = {"first step after its data": []}
    for _ in range(loads):
        page.goto("/annotate")
        figures["first step after its data"].append(page.evaluate(f"first.then((at) => at - ({answered}))"))
    page.wait_for_load_state("networkidle")
    figures["scripts and sheets"] = weight(page)
    slow_line(page)
    presses, submits = [], []
    for _, steps in items[:-1]:
        page.wait_for_selector(".prm-btn-correct")
        page.evaluate("bench.presses.length = 0")
        for step in range(len(steps)):
            page.click(f".prm-btn-correct[data-step='{step}']")
            page.wait_for_timeout(PACE_MS)
        page.wait_for_function(f"() => bench.presses.length >= {len(steps)}")
        presses += page.evaluate("bench.presses")
        page.wait_for_timeout(500)
        with page.expect_navigation():
            page.click("#next-btn")
        submits.append(page.evaluate("first.then((at) => at - sessionStorage.getItem('begun'))"))
    figures["press to repaint"] = presses
    figures[NEXT] = submits
    return figures


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
