"""A held batch: it waits in rows, is looked at, dropped from and let through by researchers alone, and labellers meet nothing of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activelearning import approval, rounds, tasks
from activelearning.attempt import Attempt
from activelearning.models import Round, RoundState, Selected, Stage
from annotation import jobs, queue
from annotation.accounts import labeller_of
from annotation.errors import Conflict, InvalidInput
from annotation.models import AuditEntry, JobState, Project, Purpose, User, WorkItem
from tests.activelearning.loop import fill_pool

pytestmark = pytest.mark.django_db
PAGE, API = "/projects/algebra/rounds/1/", "/api/v1/rounds/{}/"


def chosen_round(project: Project, *, solutions: int = 4, **config: Any) -> Round:
    """A round that has chosen from the pool and was told to wait, unless configured otherwise."""
    started = rounds.start_round(project=project, config={"approve": True, **config})
    for rank, solution in enumerate(fill_pool(project, problems=solutions, each=1), start=1):
        Selected.objects.create(
            round=started, solution=solution, rank=rank, score=0.5, strategy="uniform", reason="chosen by chance"
        )
    Stage.objects.filter(round=started).exclude(name="queue").update(state=JobState.DONE)
    return started


def solutions_of(started: Round) -> list[int]:
    return list(started.selected.order_by("rank").values_list("solution", flat=True))


@pytest.fixture
def browser(researcher: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(researcher)


def test_a_round_that_was_told_to_waits_whatever_workers_and_reapers_do(project: Project, labeller: User) -> None:
    started = chosen_round(project)
    assert approval.awaited(started)
    assert rounds.next_due(round_pk=started.pk) is None
    assert not rounds.advance(round_pk=started.pk)
    rounds.reap()
    assert rounds.forgotten() == []
    tasks.nudge(started.pk)
    started.refresh_from_db()
    assert started.state == RoundState.RUNNING
    assert not WorkItem.objects.exists()
    assert queue.claim(labeller=labeller_of(project=project, user=labeller)) == []


def test_what_is_approved_is_queued_and_what_was_dropped_stays_in_the_pool(project: Project, researcher: User) -> None:
    started = chosen_round(project)
    first, second, third, fourth = solutions_of(started)
    approval.mark(round_=started, dropped=[first, second], actor=researcher)
    approval.mark(round_=started, kept=[second], actor=researcher)
    approval.approve(round_=started, actor=researcher)
    assert rounds.advance(round_pk=started.pk)
    started.refresh_from_db()
    assert started.state == RoundState.DONE
    queued = WorkItem.objects.order_by("-priority").values_list("solution", flat=True)
    assert list(queued) == [second, third, fourth]
    assert started.selected.get(solution=first).solution.purpose == Purpose.POOL
    told = AuditEntry.objects.filter(action__in=["round.choices_marked", "round.approved"], actor=researcher)
    assert list(told.order_by("pk").values_list("action", flat=True)) == [
        "round.choices_marked",
        "round.choices_marked",
        "round.approved",
    ]


def test_a_round_that_was_not_told_to_wait_does_not(project: Project) -> None:
    started = chosen_round(project, approve=False)
    assert not approval.awaited(started)
    assert rounds.next_due(round_pk=started.pk) is not None
    with pytest.raises(Conflict) as refused:
        approval.approve(round_=started)
    assert refused.value.code == "not_awaited"


def test_a_worker_that_had_the_stage_already_queues_only_what_is_left(project: Project) -> None:
    started = chosen_round(project)
    approval.mark(round_=started, dropped=solutions_of(started)[:3])
    approval.approve(round_=started)
    stage = jobs.take(kind=Stage, pk=started.stages.get(name="queue").pk, worker="test")
    assert stage is not None
    with pytest.raises(Conflict):
        approval.mark(round_=started, dropped=solutions_of(started))
    rounds.SPECS["queue"].carry_out(Attempt(stage))
    assert WorkItem.objects.count() == 1


def test_nothing_left_is_not_approved_and_a_cancelled_round_is_not_either(project: Project) -> None:
    started = chosen_round(project)
    approval.mark(round_=started, dropped=solutions_of(started))
    with pytest.raises(Conflict) as refused:
        approval.approve(round_=started)
    assert refused.value.code == "nothing_left"
    rounds.cancel_round(round_=started)
    with pytest.raises(Conflict) as refused:
        approval.mark(round_=started, kept=solutions_of(started))
    assert refused.value.code == "not_awaited"
    rounds.retry_round(round_=started)
    assert approval.awaited(Round.objects.get(pk=started.pk))


def test_what_the_round_did_not_choose_cannot_be_marked(project: Project) -> None:
    started = chosen_round(project)
    (other,) = fill_pool(project, problems=1, each=1, first=9000)
    with pytest.raises(InvalidInput, match="refused"):
        approval.mark(round_=started, dropped=[other.pk])
    with pytest.raises(InvalidInput):
        approval.mark(round_=started, dropped=solutions_of(started)[:1], kept=solutions_of(started)[:1])
    assert not Selected.objects.filter(dropped_at__isnull=False).exists()


def test_the_page_shows_what_waits_and_its_buttons_drop_take_back_and_approve(
    browser: Client, project: Project
) -> None:
    started = chosen_round(project)
    first, second, *_ = solutions_of(started)
    text = browser.get(PAGE).content.decode()
    assert "It chose 4 solutions and waits" in text
    assert "data-poll-url" not in text.split("<ol")[0]  # nothing to wait for but the reader
    browser.post(PAGE + "choices/", {"solution": [first, second], "act": "drop"})
    browser.post(PAGE + "choices/", {"solution": [second, "x"], "act": "keep"})
    text = browser.get(PAGE).content.decode()
    assert "1 was dropped before" in text
    assert "Approve and queue 3" in text
    answer = browser.post(PAGE + "approve/")
    assert answer["Location"] == PAGE + "#chosen"
    assert Round.objects.get(pk=started.pk).approved_at is not None
    assert "Approve and queue" not in browser.get(PAGE).content.decode()


def test_many_choices_are_shown_page_by_page(browser: Client, project: Project) -> None:
    chosen_round(project, solutions=53)
    assert "1 to 50 of 53" in browser.get(PAGE).content.decode()
    later = browser.get(PAGE + "?after=50").content.decode()
    assert "51 to 53 of 53" in later
    assert browser.get(PAGE + "?after=nonsense").status_code == 200


def test_the_api_tells_marks_and_approves(browser: Client, project: Project) -> None:
    started = chosen_round(project)
    address = API.format(started.pk)
    assert browser.get(address).json()["awaits_approval"] is True
    listed = browser.get(address + "choices/?after=1").json()
    assert [row["rank"] for row in listed["results"]] == [2, 3, 4]
    assert listed["next"] is None
    assert listed["results"][0] | {"solution": 0, "problem": 0} == {
        "rank": 2, "solution": 0, "problem": 0, "score": 0.5, "strategy": "uniform", "reason": "chosen by chance",
        "verdict": "", "dropped": False,
    }  # fmt: skip
    first = solutions_of(started)[0]
    json = {"content_type": "application/json"}
    assert browser.post(address + "choices/", {"dropped": [first]}, **json).status_code == 200
    assert browser.get(address + "choices/").json()["results"][0]["dropped"] is True
    assert browser.post(address + "choices/", {"dropped": [10**9]}, **json).status_code == 400
    assert browser.post(address + "choices/", {"dropped": "all"}, **json).status_code == 400
    assert browser.post(address + "approve/").json()["awaits_approval"] is False
    assert browser.post(address + "approve/").status_code == 409
    assert timezone.now() >= Round.objects.get(pk=started.pk).approved_at
