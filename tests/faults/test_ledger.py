"""F01-F03, F11: twelve clients submit while the web process is killed with -9 and PostgreSQL is stopped at once and started again.

Every client keeps what it sent until it holds the receipt, and sends it again with the same key until then, as the desk does. In the end
every receipt is in the database once, none torn; the control, with `synchronous_commit=off`, shows what the test would catch.
"""

import hashlib
import json
import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.factories import label
from tests.faults.installation import Installation, stored_in
from tests.faults.private_postgres import PrivatePostgres

SEEDS = 20 if os.environ.get("LABELAPP_TEST_ALL") else 3
ITEMS = 150 if SEEDS > 3 else 100
THINKING = (0.1, 0.7)  # seconds before a submission: on any machine some are left when something breaks
PATIENCE = 120  # seconds for one submission to get through; far beyond any outage made here


@pytest.fixture
def install(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    made: list[Installation] = []

    def make(**settings: str) -> Installation:
        installation = Installation(PrivatePostgres(**settings), tmp_path_factory.mktemp("data"))
        made.append(installation)
        installation.run("manage.py", "migrate", "--verbosity", "0")
        return installation

    yield make
    for installation in made:
        installation.close()


class LabellingClient:
    """Labels until nothing is left. `receipts` maps each key to what the server acknowledged."""

    def __init__(self, installation: Installation, token: str, seed: int) -> None:
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{installation.port}/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        self.random = random.Random(seed)
        self.receipts: dict[str, dict[str, Any]] = {}
        self.refused: list[str] = []

    def insist(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Send until there is an answer that is no outage."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = self.http.post(path, json=body)
            except httpx.TransportError:
                time.sleep(self.random.uniform(0.05, 0.3))
                continue
            if answer.status_code < 500:
                return answer
            time.sleep(self.random.uniform(0.05, 0.3))
        raise AssertionError(f"{path} was not answered within {PATIENCE} s")

    def work(self) -> None:
        answer = self.insist("projects/ledger/claims/", {})
        while answer.status_code == 200:
            claim = answer.json()["claims"][0]
            time.sleep(self.random.uniform(*THINKING))
            self.submit(claim["id"])
            answer = self.insist("projects/ledger/claims/", {})

    def submit(self, claim: int) -> None:
        ratings = [self.random.choice([0, 1]) for _ in range(3)]
        body = {"client_key": str(uuid4()), "label": label(*ratings)}
        answer = self.insist(f"claims/{claim}/submission/", body)
        if answer.status_code in (200, 201):
            self.receipts[body["client_key"]] = {**answer.json()["receipt"], "ratings": ratings}
        else:
            self.refused.append(f"{answer.status_code} {answer.text[:300]}")


@contextmanager
def closing_all(clients: list[LabellingClient]) -> Iterator[None]:
    try:
        yield
    finally:
        for client in clients:
            client.http.close()


def outage(installation: Installation, seed: int, done: threading.Event) -> list[str]:
    """Breaks things at random until the clients are done; what it did, in order. Seeds in a row begin with another thing each."""
    chance, log = random.Random(seed), []
    while not done.wait(chance.uniform(0.5, 2.0)):
        if chance.random() < 0.6 if log else seed % 2:
            installation.kill_web()
            installation.start_web()
            log.append("web killed")
        else:
            installation.database.stop_at_once()
            time.sleep(chance.uniform(0, 0.5))
            installation.database.start()
            log.append("database stopped at once")
        done.wait(4)  # time to come back and take labels again
    return log


def label_through_outages(installation: Installation, seed: int) -> tuple[list[LabellingClient], list[str]]:
    tokens = json.loads(installation.run("tests/faults/ledger_app.py", "seed", str(ITEMS)))
    if installation.web is None:
        installation.start_web()
    clients = [LabellingClient(installation, token, seed * 100 + n) for n, token in enumerate(tokens)]
    done = threading.Event()
    with closing_all(clients), ThreadPoolExecutor(len(clients) + 1) as pool:
        breaker = pool.submit(outage, installation, seed, done)
        try:
            list(pool.map(LabellingClient.work, clients))
        finally:
            done.set()
        return clients, breaker.result()


def receipts_of(clients: list[LabellingClient]) -> dict[str, dict[str, Any]]:
    return {key: receipt for client in clients for key, receipt in client.receipts.items()}


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_f01_f02_f03_f11_every_receipt_is_in_the_database_once_and_none_is_torn(install: Any) -> None:
    installation = install()
    receipts: dict[str, dict[str, Any]] = {}
    events: list[str] = []
    for seed in range(SEEDS):
        clients, log = label_through_outages(installation, seed)
        assert [c.refused for c in clients if c.refused] == []
        assert log, "nothing broke while they labelled"
        receipts |= receipts_of(clients)
        events += log
    rows = stored_in(installation)
    print(f"{SEEDS} seeds, {len(receipts)} receipts, {len(rows)} labels, {len(events)} outages: {sorted(set(events))}")
    assert {"web killed", "database stopped at once"} <= set(events)
    assert len(rows) == len(receipts) == SEEDS * ITEMS
    assert len({row["item"] for row in rows}) == len(rows)
    for row in rows:
        receipt = receipts[row["key"]]
        assert (row["id"], row["sha256"]) == (receipt["annotation"], receipt["sha256"])
        assert hashlib.sha256(row["line"].encode()).hexdigest() == row["sha256"]
        assert (row["ratings"], row["item_state"]) == (receipt["ratings"], "closed")


def label_one(client: LabellingClient) -> None:
    client.submit(client.insist("projects/ledger/claims/", {}).json()["claims"][0]["id"])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_f11_control_without_synchronous_commit_receipts_are_lost(
    install: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    # PostgreSQL writes whole pages of its log soon even so: what a crash of it loses is the last page's commits. Try some times.
    installation = install(synchronous_commit="off", wal_writer_delay="10s", full_page_writes="off")
    tokens = json.loads(installation.run("tests/faults/ledger_app.py", "seed", "200"))
    installation.start_web()
    clients = [LabellingClient(installation, token, n) for n, token in enumerate(tokens)]
    lost: set[str] = set()
    with closing_all(clients):
        for _ in range(8):
            with ThreadPoolExecutor(len(clients)) as pool:
                list(pool.map(label_one, clients))
            installation.database.stop_at_once()
            installation.database.start()
            kept = {row["key"] for row in stored_in(installation)}
            if lost := receipts_of(clients).keys() - kept:
                break
    acknowledged = len(receipts_of(clients))
    with capsys.disabled():
        print(f"\ncontrol with synchronous_commit=off: {len(lost)} of {acknowledged} acknowledged labels lost")
    assert acknowledged >= len(clients)
    assert lost, "the control lost nothing, so the ledger test above would not notice a loss either"
