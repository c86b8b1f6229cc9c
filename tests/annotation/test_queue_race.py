"""Many clients race for the last items: every item is labelled once, and handed out once while its lease is alive."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import close_old_connections, connection
from django.db.models import Count

from annotation import accounts, labelling, queue
from annotation.labelling import Submission
from annotation.models import Annotation, Handout, Labeller, Project, Role, User, WorkItem, WorkState
from annotation.queue import QueueEntry
from tests.factories import label, make_problem, make_solution

CLIENTS = 32
ITEMS = 10_000 if os.environ.get("LABELAPP_TEST_ALL") else 1_000  # on each engine


def _labellers(project: Project) -> list[tuple[User, Labeller]]:
    made = []
    for n in range(CLIENTS):
        email = f"racer{n}@example.org"
        user, _ = accounts.create_account(email=email, project=project, role=Role.LABELLER, password="x" * 12)
        made.append((user, accounts.labeller_of(project=project, user=user)))
    return made


def _work_until_empty(user: User, labeller: Labeller, start: threading.Barrier) -> int:
    """Claim and submit until nothing is left, as the desk does; returns how many were done."""
    done = 0
    start.wait()
    try:
        while claims := queue.claim(labeller=labeller):
            while claims:
                submission = Submission(client_key=uuid4(), label=label(1, 1, 1))
                _, work = labelling.submit_and_claim(user=user, claim_id=claims[0].pk, submission=submission)
                claims = work.claims
                done += 1
    finally:
        connection.close()
    return done


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(900)
def test_f06_32_clients_racing_for_the_last_items_label_each_of_them_once(project: Project) -> None:
    problem = make_problem(project)
    solutions = [make_solution(problem, external_id=str(n)) for n in range(ITEMS)]
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=s.pk) for s in solutions], name="race")
    racers = _labellers(project)
    start = threading.Barrier(CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(lambda racer: _work_until_empty(*racer, start), racers))
    close_old_connections()
    assert sum(done) == ITEMS
    assert Annotation.objects.count() == ITEMS
    twice = Handout.objects.values("work_item").annotate(times=Count("pk")).filter(times__gt=1)
    assert not twice.exists()
    assert not Annotation.objects.values("work_item").annotate(times=Count("pk")).filter(times__gt=1).exists()
    assert not WorkItem.objects.filter(state=WorkState.OPEN).exists()
    assert not Annotation.objects.filter(late=True).exists()
