"""Three generations of the demo run unattended, with an oracle at the desk; one exported line is then walked back in the browser."""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from activelearning import rounds
from activelearning.demo import Demo, make_demo
from activelearning.domains import arithmetic
from activelearning.models import Round, RoundState, Selected
from annotation import accounts, labelling, queue, snapshots
from annotation.labelling import Submission
from annotation.models import Annotation, Project, Role, User, WorkItem, WorkState
from tests.activelearning.loop import QUICK
from tests.factories import label

GENERATIONS = 3
BUDGET = 10
CONFIG: dict[str, Any] = {"training": {**QUICK, "epochs": 1}, "budget": BUDGET, "per_problem": 1}

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def demo(settings: Any, tmp_path: Path) -> Demo:
    settings.DATA_DIR = tmp_path
    return make_demo()


def member(role: Role) -> User:
    return User.objects.get(memberships__project__slug="demo", memberships__role=role)


def next_generation(project: Project) -> Round:
    """A round from its start to its batch, as a worker carries it out."""
    started = rounds.start_round(project=project, config=CONFIG)
    while rounds.advance(round_pk=started.pk):
        pass
    done = Round.objects.get(pk=started.pk)
    assert (done.state, done.error) == (RoundState.DONE, "")
    return done


def label_as_the_oracle(chosen: Round, person: User) -> None:
    """All that the round queued, which the desk serves before what waits from earlier."""
    labeller = accounts.labeller_of(project=chosen.project, user=person)
    claims = queue.claim(labeller=labeller)
    while claims and claims[0].work_item.batch_id == chosen.batch_id:
        item = claims[0].work_item
        assert item.solution is not None
        ratings = arithmetic.oracle(item.problem.text, item.solution.steps)
        submission = Submission(client_key=uuid4(), label=label(*ratings, steps=item.solution.steps))
        _, work = labelling.submit_and_claim(user=person, claim_id=claims[0].pk, submission=submission)
        claims = work.claims
    for claim in claims:
        queue.release(handout=claim)


@pytest.mark.long
@pytest.mark.usefixtures("in_process")
def test_three_generations_run_unattended_and_an_exported_line_is_walked_back_by_its_links(
    demo: Demo, page: Page, signed_in: Any, live_server: Any
) -> None:
    before = Annotation.objects.count()
    for generation in range(1, GENERATIONS + 1):
        chosen = next_generation(demo.project)
        items = WorkItem.objects.filter(batch=chosen.batch)
        assert {item.generation for item in items} == {generation}
        label_as_the_oracle(chosen, member(Role.LABELLER))
        assert not items.filter(state=WorkState.OPEN).exists()
    assert Annotation.objects.count() == before + GENERATIONS * BUDGET
    assert Selected.objects.values("solution").distinct().count() == GENERATIONS * BUDGET, "nothing is chosen twice"

    researcher: Client = signed_in(member(Role.RESEARCHER))
    page.context.add_cookies(
        [{"name": name, "value": one.value, "url": live_server.url} for name, one in researcher.cookies.items()]
    )
    lines = snapshots.file_of(snapshots.freeze(project=demo.project)).read_bytes().split(b"\n")
    last = next(line for line in reversed(lines) if line and json.loads(line)["generation"] == GENERATIONS)
    page.goto("/projects/demo/lineage/")
    page.get_by_label("SHA-256 of an exported line").fill(hashlib.sha256(last).hexdigest())
    page.get_by_role("button", name="Show where it comes from").click()
    links = page.locator("ol.lineage > li")
    expect(links.filter(has=page.get_by_text("Version of the code")).first).to_be_visible()
    page.wait_for_load_state("domcontentloaded")  # the list is the answer's own: whole once the page has arrived
    kinds = links.evaluate_all("links => links.map(link => link.className.replace('link ', ''))")
    assert kinds[:4] == ["annotation", "work_item", "batch", "choice"]
    assert {"solution", "score", "model", "snapshot", "round"} <= set(kinds)

    page.locator("li.choice").get_by_role("link", name="Round 3").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Round 3")
    page.get_by_role("link", name="demo-prm-3").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("demo-prm-3")
    page.get_by_role("link", name="Lineage").click()
    expect(page.locator("li.model").first).to_contain_text("Version of the code")
    for number in (1, 2, 3):
        expect(page.locator("li.round").get_by_role("link", name=f"Round {number}")).to_be_visible()
    page.locator("li.round").get_by_role("link", name="Round 1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Round 1")
