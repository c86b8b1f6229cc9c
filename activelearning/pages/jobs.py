"""The page of jobs: what runs, waits and failed lately, in a project for its researchers and in all of them for operators; and the workers.

An operator sees of others' projects that there are jobs, and how they go, but no link into them and no name of a file.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext

from activelearning import access, job_list, workers
from activelearning.job_list import Listed
from activelearning.models import GenerateShard, Scoring, Shard, Stage, WorkerHost
from activelearning.retelling import retold
from annotation.access import RESEARCH, role_in
from annotation.models import Import, JobState, Project, Role, User
from annotation.pages.door import person_page, project_page

TONES = {JobState.RUNNING: "accent"}
GIB = 1 << 30


@project_page(RESEARCH)
def of_project(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    administers = role_in(user=user, project=project) == Role.ADMIN
    found = [_told(row, link=_link(row, administers), name=True) for row in job_list.jobs_of(project=project)]
    return _page(request, found, taken=job_list.trained_on(project=project), project=project)


@person_page()
def of_all(request: HttpRequest, user: User) -> HttpResponse:
    access.require_operator(user=user)
    found = [_told(row, link="", name=False) for row in job_list.jobs_of()]
    return _page(request, found, taken=set())


def _page(request: HttpRequest, found: list[dict[str, Any]], *, taken: set[str], **context: Any) -> HttpResponse:
    going = [row for row in found if row["job"].state != JobState.FAILED]
    at_work = [row for row in going if row["job"].state == JobState.RUNNING]
    context |= {
        "going": going,
        "failed": [row for row in found if row["job"].state == JobState.FAILED],
        "workers": [_worker(row, at_work, taken) for row in workers.present()],
        "most": job_list.MOST,
    }
    return render(request, "activelearning/jobs.html", context)


def _told(row: Listed, *, link: str, name: bool) -> dict[str, Any]:
    return {
        "listed": row,
        "job": row.job,
        "what": _what(row, name=name),
        "link": link,
        "tone": "warn" if row.is_silent else TONES.get(JobState(row.job.state), ""),
        "message": retold(row.message),
        "error": retold(row.job.error),
    }


def _what(row: Listed, *, name: bool) -> str:
    """The job in a few words; with the name of a file or a model where the reader may know it."""
    job = row.job
    if isinstance(job, Stage):
        facts = {"number": job.round.number, "stage": job.get_name_display()}
        return gettext("Round %(number)s: %(stage)s") % facts
    if isinstance(job, GenerateShard):
        return gettext("Round %(number)s: solutions of some problems") % {"number": job.stage.round.number}
    if isinstance(job, Shard):
        return gettext("Round %(number)s: a part of the pool") % {"number": job.stage.round.number}
    if isinstance(job, Scoring):
        model = job.reward_model.name if name else gettext("a model")
        return gettext("One solution, to be scored by %(model)s") % {"model": model}
    if isinstance(job, Import):
        return gettext("Import of %(file)s") % {"file": job.file_name} if name else gettext("An import")
    return gettext("Next steps for a labeller")


def _link(row: Listed, administers: bool) -> str:
    stage = row.stage
    if stage:
        return reverse("round", args=[row.project.slug, stage.round.number])
    return reverse("import", args=[row.job.pk]) if isinstance(row.job, Import) and administers else ""


def _worker(row: WorkerHost, at_work: list[dict[str, Any]], taken: set[str]) -> dict[str, Any]:
    training = [job["what"] for job in at_work if job["listed"].stage and job["listed"].host == row.host]
    return {
        "row": row,
        "silent": workers.is_silent(row),
        "gpus": [{"name": gpu["name"], **_memory(gpu["memory_total"], gpu["memory_free"])} for gpu in row.gpus],
        "memory": _memory(row.memory_total, row.memory_free),
        "work": training if row.trains else [],
        "taken": row.trains and row.host in taken,
    }


def _memory(total: int, free: int) -> dict[str, float]:
    """In GiB; zeros where it is not known."""
    return {"total": total / GIB, "free": free / GIB}


urlpatterns = [
    path("jobs/", of_all, name="all-jobs"),
    path("projects/<slug:slug>/jobs/", of_project, name="jobs"),
]
