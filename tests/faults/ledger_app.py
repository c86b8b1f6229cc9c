"""What the ledger test runs against the private database, in processes of their own.

`seed N` queues N items for 12 labellers and prints their tokens; `desk N PASSWORD` queues N items for one labeller and prints the
address; `audit` prints every stored label with its hash made anew.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")

import django

django.setup()

from annotation import accounts, projects, queue  # noqa: E402
from annotation.formats import prm800k  # noqa: E402
from annotation.models import Annotation, Project, Role, User  # noqa: E402
from annotation.queue import QueueEntry  # noqa: E402
from tests.factories import make_numbered_queue, make_problem, make_solution  # noqa: E402

CLIENTS = 12


def seed(items: int) -> None:
    project = Project.objects.filter(slug="ledger").first() or projects.create_project(slug="ledger")
    tokens = []
    for number in range(CLIENTS):
        email = f"client{number}@example.org"
        user = User.objects.filter(email=email).first()
        if user is None:
            user, _ = accounts.create_account(email=email, project=project, role=Role.LABELLER)
        tokens.append(accounts.issue_token(user=user, name="ledger", scopes=["label"])[1])
    batch = project.batches.count()
    problem = make_problem(project, text=f"Problem of batch {batch}")
    solutions = [make_solution(problem, external_id=str(n)) for n in range(items)]
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=s.pk) for s in solutions], name=f"batch {batch}")
    print(json.dumps(tokens))


def desk(items: int, password: str) -> None:
    project = projects.create_project(slug="ledger")
    user, _ = accounts.create_account(email="desk@example.org", project=project, role=Role.LABELLER, password=password)
    make_numbered_queue(project, count=items)
    print(user.email)


def audit() -> None:
    rows = []
    for stored in Annotation.objects.select_related("labeller", "work_item").order_by("pk"):
        line = prm800k.write_record(
            labeller=str(stored.labeller.uuid),
            submitted_at=stored.submitted_at,
            generation=stored.work_item.generation,
            is_quality_control=stored.work_item.is_quality_control,
            is_initial_screening=stored.work_item.is_initial_screening,
            question=json.loads(stored.question),
            label=json.loads(stored.label),
        )
        rows.append(
            {
                "id": stored.pk,
                "key": str(stored.client_key),
                "sha256": stored.sha256,
                "line": line,
                "problem": json.loads(stored.question)["problem"],
                "item": stored.work_item_id,
                "item_state": stored.work_item.state,
                "ratings": list(stored.ratings.order_by("step", "completion").values_list("rating", flat=True)),
            }
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    if sys.argv[1] == "seed":
        seed(int(sys.argv[2]))
    elif sys.argv[1] == "desk":
        desk(int(sys.argv[2]), sys.argv[3])
    else:
        audit()
