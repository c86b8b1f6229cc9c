"""The desk's page and its practice: who may open them, what they are told, and that a newcomer is known as one."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from annotation import accounts, labelling, projects, queue
from annotation.labelling import Submission
from annotation.models import Membership, Project, Protocol, Role, User, WorkItem
from tests.factories import label, make_queue

SignedIn = Callable[[User], Client]


def config(client: Client, path: str) -> dict[str, Any]:
    page = client.get(path).content.decode()
    written = page.split('id="desk-config" type="application/json">')[1].split("</script>")[0]
    found: dict[str, Any] = json.loads(written)
    return found


def submit_one(project: Project, user: User) -> None:
    make_queue(project)
    [claim] = queue.claim(labeller=accounts.labeller_of(project=project, user=user))
    submission = Submission(client_key=uuid4(), label=label(1, 1, 1))
    labelling.submit(claim=claim, submission=submission)


@pytest.mark.parametrize("page", ["label", "practice"])
def test_the_desk_is_open_to_who_labels_and_to_nobody_else(
    page: str, labeller: User, signed_in: SignedIn, db: None
) -> None:
    stranger, _ = accounts.create_account(email="stranger@example.org")
    assert signed_in(labeller).get(f"/projects/algebra/{page}/").status_code == 200
    assert signed_in(stranger).get(f"/projects/algebra/{page}/").status_code == 404


def test_practice_is_the_desk_with_a_word_that_nothing_counts(labeller: User, signed_in: SignedIn) -> None:
    client = signed_in(labeller)
    desk, practice = config(client, "/projects/algebra/label/"), config(client, "/projects/algebra/practice/")
    assert (desk["practice"], practice["practice"]) == (False, True)
    assert {**desk, "practice": None, "sign_in_url": None} == {**practice, "practice": None, "sign_in_url": None}


def test_practice_hands_out_no_work(labeller: User, project: Project, signed_in: SignedIn) -> None:
    make_queue(project)
    signed_in(labeller).get("/projects/algebra/practice/")
    assert not WorkItem.objects.filter(claimed_by__isnull=False).exists()


def test_a_newcomer_is_one_until_their_first_label_in_this_way_of_labelling_wherever_it_is(
    labeller: User, project: Project, signed_in: SignedIn
) -> None:
    for slug, protocol in {"more": Protocol.WHOLE_SOLUTION, "steps": Protocol.STEP_BY_STEP}.items():
        other = projects.create_project(slug=slug, protocol=protocol)
        Membership.objects.create(user=labeller, project=other, role=Role.LABELLER)
    client = signed_in(labeller)
    assert config(client, "/projects/algebra/label/")["newcomer"] is True
    submit_one(project, labeller)
    told = {slug: config(client, f"/projects/{slug}/label/")["newcomer"] for slug in ("algebra", "more", "steps")}
    assert told == {"algebra": False, "more": False, "steps": True}


def test_the_project_page_leads_to_practice(labeller: User, signed_in: SignedIn) -> None:
    assert 'href="/projects/algebra/practice/"' in signed_in(labeller).get("/projects/algebra/").content.decode()
