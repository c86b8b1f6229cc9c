"""One labeller's tabs write at the same moment: the writes wait for each other and none is broken off as a deadlock."""

import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection, transaction

from annotation import labelling, queue
from annotation.labelling import Submission
from annotation.models import Handout, Labeller, Project, Role, User, WorkItem
from tests.factories import label, make_queue

pytestmark = [pytest.mark.postgres_only, pytest.mark.django_db(transaction=True)]


def held_by(project: Project, member: Callable[..., User]) -> list[Handout]:
    user = member(Role.LABELLER)
    return queue.claim(labeller=Labeller.objects.get_or_create(project=project, user=user)[0])


def waits(process: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [process])
        row = cursor.fetchone()
    return bool(row and row[0])


def beside(write: Callable[[], object]) -> tuple[threading.Thread, list[object], list[int]]:
    """`write` in a thread with a connection of its own; what it gave or raised, and that connection's process."""
    came: list[object] = []
    process: list[int] = []

    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            process.append(cursor.fetchone()[0])
        try:
            came.append(write())
        except Exception as error:
            came.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, came, process


def save_draft(claim: Handout) -> object:
    return labelling.save_draft(claim=claim, version=0, draft={"v": 1})


def submit(claim: Handout) -> object:
    return labelling.submit(claim=claim, submission=Submission(client_key=uuid4(), label=label(1, 1, 1)))


@pytest.mark.parametrize("write", [save_draft, submit])
def test_a_write_that_meets_a_submission_waits_before_it_holds_any_item(
    project: Project, member: Callable[..., User], write: Callable[[Handout], object]
) -> None:
    make_queue(project, solutions=3)
    first, second = held_by(project, member)
    with transaction.atomic():
        Labeller.objects.locked().get(pk=first.labeller_id)
        WorkItem.objects.select_for_update().get(pk=first.work_item_id)
        thread, came, process = beside(lambda: write(second))
        deadline = time.monotonic() + 20
        while not (process and waits(process[0])) and time.monotonic() < deadline:
            time.sleep(0.01)
        # It waits with nothing in hand: whoever came first can go on to the second item too.
        assert WorkItem.objects.select_for_update(nowait=True).get(pk=second.work_item_id)
    thread.join(20)
    assert came
    assert not isinstance(came[0], Exception), came[0]
