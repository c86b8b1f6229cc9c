"""The list of jobs: of every kind what runs, waits for a worker, and failed lately; of one project or of all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activelearning import job_list, rounds, workers
from activelearning.hardware import Gpu, Hardware
from activelearning.models import (
    GenerateShard,
    GradeShard,
    ModelKind,
    RewardModel,
    RoundState,
    ScoreShard,
    Scoring,
    Stage,
)
from annotation import accounts, projects, queue
from annotation.models import Import, JobState, Project, Role, StepSupply, User
from tests.factories import make_queue

pytestmark = pytest.mark.django_db

PAGE = "/projects/algebra/jobs/"
API = "/api/v1/projects/algebra/jobs/"


def one_of_each(project: Project, state: JobState, *, member: User) -> None:
    """A job of each kind in this state, on host gpu1 where it runs."""
    now = timezone.now()
    said: dict[str, Any] = {"state": state, "attempt": 1, "error": "It broke." if state == JobState.FAILED else ""}
    if state != JobState.PENDING:
        said |= {"worker": "gpu1/4026/17/99", "started_at": now, "heartbeat_at": now}
    if state == JobState.FAILED:
        said |= {"finished_at": now}
    Import.objects.create(
        project=project, file_name="pool.jsonl", format="auto", progress={"rows": 3, "total": 9}, **said
    )
    project.rounds.update(state=RoundState.FAILED)
    started = rounds.start_round(project=project, config={})
    started.stages.filter(name="freeze").update(state=JobState.DONE)
    stage = started.stages.get(name="train")
    Stage.objects.filter(pk=stage.pk).update(**said | {"worker": said.get("worker", "") and "gpu1:17"})
    ScoreShard.objects.create(stage=stage, first_problem=1, last_problem=2, size=5000, progress={"done": 7}, **said)
    GradeShard.objects.create(stage=stage, first_solution=1, last_solution=9, size=9, progress={"done": 2}, **said)
    GenerateShard.objects.create(stage=stage, problems=[1, 2], size=2, progress={"done": 1}, **said)
    model = RewardModel.objects.create(
        project=project, kind=ModelKind.PRM, name=f"{project.slug}-{started.number}", path="m", sha256="0" * 64
    )
    Scoring.objects.create(reward_model=model, problem="p", steps=["s"], **said)
    if not project.work_items.exists():
        make_queue(project)
    labeller = accounts.labeller_of(project=project, user=member)
    handout = queue.claim(labeller=labeller)[0]
    StepSupply.objects.create(handout=handout, steps=[], steps_sha256=uuid4().hex * 2, **said)


@pytest.fixture
def full(project: Project, labeller: User) -> Project:
    for state in (JobState.PENDING, JobState.FAILED, JobState.DONE, JobState.CANCELLED, JobState.RUNNING):
        one_of_each(project, state, member=labeller)
    return project


KINDS = {"import", "stage", "shard", "grade-shard", "generate-shard", "scoring", "step-supply"}


def test_every_kind_is_listed_in_every_state_that_matters_running_first(full: Project) -> None:
    found = job_list.jobs_of(project=full)
    assert [row.job.state for row in found] == sorted(
        (row.job.state for row in found), key=["running", "pending", "failed"].index
    )
    for state in ("running", "failed"):
        assert {row.kind for row in found if row.job.state == state} == KINDS
    # A round that is over has nothing that waits for a worker.
    assert {row.kind for row in found if row.job.state == "pending"} == KINDS - {"stage"}
    assert {row.project for row in found} == {full}
    assert {row.host for row in found if row.job.state == "running"} == {"gpu1"}


def test_of_a_running_round_the_stage_that_is_due_waits_and_no_other(project: Project) -> None:
    started = rounds.start_round(project=project, config={})
    assert [row.stage.name for row in job_list.jobs_of() if row.stage] == ["freeze"]
    started.stages.filter(name="freeze").update(state=JobState.DONE)
    assert [row.stage.name for row in job_list.jobs_of() if row.stage] == ["train"]
    started.stages.filter(name="train").update(state=JobState.RUNNING)
    assert [row.job.state for row in job_list.jobs_of()] == [JobState.RUNNING]


def test_progress_is_said_as_far_as_it_is_known(full: Project) -> None:
    found = {row.kind: (row.done, row.total) for row in job_list.jobs_of(project=full) if row.job.state == "running"}
    assert found == {
        "import": (3, 9), "stage": (None, None), "shard": (7, 5000),
        "grade-shard": (2, 9), "generate-shard": (1, 2), "scoring": (None, None), "step-supply": (None, None),
    }  # fmt: skip


def test_what_failed_long_ago_is_not_listed_and_a_silent_one_is_said_to_be_so(full: Project, settings: Any) -> None:
    Import.objects.filter(state=JobState.FAILED).update(finished_at=timezone.now() - timedelta(days=8))
    silence = timedelta(seconds=settings.JOB_DEAD_AFTER + 5)
    Scoring.objects.filter(state=JobState.RUNNING).update(heartbeat_at=timezone.now() - silence)
    found = job_list.jobs_of(project=full)
    assert {row.kind for row in found if row.job.state == "failed"} == KINDS - {"import"}
    assert [row.kind for row in found if row.is_silent] == ["scoring"]


@pytest.fixture
def browser(researcher: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(researcher)


@pytest.mark.parametrize("path", [PAGE, API])
def test_the_number_of_queries_does_not_grow_with_jobs(
    project: Project, labeller: User, browser: Client, path: str
) -> None:
    counts = []
    for _ in range(2):
        for state in (JobState.FAILED, JobState.RUNNING):
            one_of_each(project, state, member=labeller)
            Import.objects.update(state=JobState.FAILED, finished_at=timezone.now())  # one may run
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path).status_code == 200
        counts.append(len(captured))
    assert len(job_list.jobs_of(project=project)) > 12
    assert counts[0] == counts[1]


def test_another_projects_jobs_are_not_listed_but_say_that_the_host_is_taken(
    full: Project, member: Callable[..., User], browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "gpu1")
    workers.tell(
        queues=["train"],
        found=Hardware(gpus=(Gpu("NVIDIA H200", 139 << 30, 35 << 30),), cores=16, memory_total=0, memory_free=0),
    )
    other = projects.create_project(slug="geometry", name="Geometry")
    reader = member(Role.RESEARCHER, name="other", in_project=other)
    assert job_list.jobs_of(project=other) == []
    client = Client()
    client.force_login(reader, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/projects/geometry/jobs/").content.decode()
    assert "a job of another project" in page
    assert "pool.jsonl" not in page
    assert "NVIDIA H200" in page
    assert "35.0 of 139.0 GiB free" in page
    own = browser.get(PAGE).content.decode()
    assert "a job of another project" not in own
    assert "It broke." in own


def test_the_api_says_the_same(full: Project, browser: Client) -> None:
    workers.tell(queues=["train"], found=Hardware(gpus=(), cores=3, memory_total=4, memory_free=2))
    body = browser.get(API).json()
    assert {row["kind"] for row in body["results"]} == KINDS
    shard = next(row for row in body["results"] if row["kind"] == "shard" and row["state"] == "running")
    assert (shard["host"], shard["done"], shard["total"], shard["stage"]) == ("gpu1", 7, 5000, "train")
    (worker,) = body["workers"]
    assert (worker["queues"], worker["gpus"], worker["cores"], worker["silent"]) == (["train"], [], 3, False)


def test_an_operator_sees_all_projects_without_names_of_files(
    full: Project, signed_in: Callable[[User], Client]
) -> None:
    operator, _ = accounts.create_account(email="op@example.org", password="correct horse battery", is_operator=True)
    client = signed_in(operator)
    page = client.get("/jobs/").content.decode()
    assert full.name in page
    assert "pool.jsonl" not in page
    assert f'href="{PAGE}' not in page
    answer = client.get("/api/v1/jobs/")
    assert {row["project"] for row in answer.json()["results"]} == {"algebra"}
    assert "pool.jsonl" not in answer.content.decode()


def test_nobody_else_does(member: Callable[..., User], signed_in: Callable[[User], Client], project: Project) -> None:
    for role in Role:
        client = signed_in(member(role))
        assert (client.get("/jobs/").status_code, client.get("/api/v1/jobs/").status_code) == (403, 403)
        allowed = role in (Role.RESEARCHER, Role.ADMIN)
        assert {client.get(path).status_code for path in (PAGE, API)} == {200 if allowed else 403}


def test_where_nothing_is_the_page_says_so(browser: Client, project: Project) -> None:
    page = browser.get(PAGE).content.decode()
    for said in ("Nothing runs and nothing waits.", "No worker has said that it is there", "None."):
        assert said in page
    assert "data-refresh" not in page
