"""Many clients race for the last items: every item is labelled once, and handed out once while its lease is alive."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import uuid4

import pytest
from django.db import OperationalError, close_old_connections, connection
from django.db.models import Count

from annotation import accounts, labelling, queue
from annotation.labelling import Submission
from annotation.models import Annotation, Handout, Labeller, Project, Role, WorkItem, WorkState
from annotation.queue import QueueEntry
from tests.factories import label, make_problem, make_solution

Outcome = TypeVar("Outcome")
CLIENTS = 32
ITEMS = 10_000 if os.environ.get("LABELAPP_TEST_ALL") else 2_000


def _labellers(project: Project) -> list[Labeller]:
    made = [
        accounts.create_account(email=f"racer{n}@example.org", project=project, role=Role.LABELLER, password="x" * 12)[
            0
        ]
        for n in range(CLIENTS)
    ]
    return [accounts.labeller_of(project=project, user=user) for user in made]


# The embedded server's own number of threads: SQLite has one write lock and hands it out unfairly, so more would only starve.
AT_ONCE = threading.Semaphore(CLIENTS if connection.vendor == "postgresql" else 8)


def _patiently(act: Callable[[], Outcome]) -> Outcome:
    """Who waits too long for SQLite's write lock is answered 503: try again, as the desk does."""
    for _ in range(20):
        try:
            with AT_ONCE:
                return act()
        except OperationalError as error:
            if "locked" not in str(error):
                raise
    raise AssertionError("the write lock was never free")


def _work_until_empty(labeller: Labeller, start: threading.Barrier) -> int:
    """Claim and submit until nothing is left, as the desk does; returns how many were done."""
    done = 0
    start.wait()
    try:
        while claims := _patiently(lambda: queue.claim(labeller=labeller)):
            for claim in claims:
                submission = Submission(client_key=uuid4(), label=label(1, 1, 1))
                _patiently(
                    lambda claim=claim, submission=submission: labelling.submit(claim=claim, submission=submission)
                )
                done += 1
    finally:
        connection.close()
    return done


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(900)
def test_32_clients_racing_for_the_last_items_label_each_of_them_once(project: Project) -> None:
    problem = make_problem(project)
    solutions = [make_solution(problem, external_id=str(n)) for n in range(ITEMS)]
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=s.pk) for s in solutions], name="race")
    racers = _labellers(project)
    start = threading.Barrier(CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(lambda labeller: _work_until_empty(labeller, start), racers))
    close_old_connections()
    assert sum(done) == ITEMS
    assert Annotation.objects.count() == ITEMS
    twice = Handout.objects.values("work_item").annotate(times=Count("pk")).filter(times__gt=1)
    assert not twice.exists()
    assert not Annotation.objects.values("work_item").annotate(times=Count("pk")).filter(times__gt=1).exists()
    assert not WorkItem.objects.filter(state=WorkState.OPEN).exists()
    assert not Annotation.objects.filter(late=True).exists()
