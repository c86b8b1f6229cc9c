"""Claiming: eight labellers empty a queue, by our queue and by select-then-update, as tools do whose queue knows no locks.

Prints, for each, items handed out a second (median of the runs), CPU-seconds of this process per 1,000, and how many items were handed
to two people. Both run on the same private PostgreSQL in the same process, turn by turn.
"""

import argparse
import os
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.db.models.functions import Now

from annotation import accounts, projects, queue
from annotation.models import Batch, Handout, Labeller, Project, Role, WorkItem, WorkState
from annotation.queue import QueueEntry
from tests.factories import make_problem, make_solution

LABELLERS = 8


def ours(labeller: Labeller) -> list[int]:
    claims = queue.claim(labeller=labeller)
    done = [claim.work_item_id for claim in claims]
    WorkItem.objects.filter(pk__in=done).update(state=WorkState.CLOSED, claimed_by=None, claimed_until=None)
    return done


def select_then_update(labeller: Labeller) -> list[int]:
    """Two free items, marked as taken afterwards: what the second asker saw meanwhile is handed out again."""
    free = list(WorkItem.objects.open_for(labeller).order_by("-priority", "pk")[:2])
    for item in free:
        Handout.objects.create(work_item=item, labeller=labeller)
        WorkItem.objects.filter(pk=item.pk).update(claimed_by=labeller, claimed_until=Now())
        WorkItem.objects.filter(pk=item.pk).update(state=WorkState.CLOSED, claimed_by=None, claimed_until=None)
    return [item.pk for item in free]


def empty_queue(take: Callable[[Labeller], list[int]], labellers: list[Labeller]) -> float:
    start = threading.Barrier(len(labellers))

    def work(labeller: Labeller) -> None:
        start.wait()
        while take(labeller):
            pass
        connection.close()

    begun = time.monotonic()
    with ThreadPoolExecutor(len(labellers)) as pool:
        list(pool.map(work, labellers))
    return time.monotonic() - begun


def run(
    take: Callable[[Labeller], list[int]], project: Project, labellers: list[Labeller], items: int
) -> tuple[float, float, int]:
    """Items a second, CPU-seconds per 1,000 items, items handed out more than once."""
    problem = make_problem(project, text=f"problem {Batch.objects.count()}")
    solutions = [make_solution(problem, external_id=str(n)) for n in range(items)]
    batch = queue.enqueue(project=project, entries=[QueueEntry(solution_id=s.pk) for s in solutions], name="bench")
    before = resource.getrusage(resource.RUSAGE_SELF)
    seconds = empty_queue(take, labellers)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    twice = (
        Handout.objects.filter(work_item__batch=batch)
        .values("work_item")
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
        .count()
    )
    return items / seconds, 1000 * cpu / items, twice


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    project = projects.create_project(slug="bench")
    people = [
        accounts.create_account(email=f"bench{n}@example.org", project=project, role=Role.LABELLER)[0]
        for n in range(LABELLERS)
    ]
    labellers = [accounts.labeller_of(project=project, user=user) for user in people]
    found: dict[str, list[tuple[float, float, int]]] = {"ours": [], "select-then-update": []}
    for _ in range(options.runs):
        found["ours"].append(run(ours, project, labellers, options.items))
        found["select-then-update"].append(run(select_then_update, project, labellers, options.items))
    print(f"{options.items} items, {LABELLERS} labellers, median of {options.runs} runs, {connection.vendor}")
    for name, rows in found.items():
        rate, cpu, _ = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"{name:20} {rate:7.0f} items/s {cpu:7.2f} CPU-s per 1,000 {sum(row[2] for row in rows):6d} handed out twice, all runs"
        )
    ratio = statistics.median(a[0] / b[0] for a, b in zip(found["ours"], found["select-then-update"], strict=True))
    print(f"ratio of items/s, ours over select-then-update, run by run: {ratio:.2f}")


if __name__ == "__main__":
    main()
