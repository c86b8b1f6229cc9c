"""API of jobs: what runs, waits and failed lately, in a project or in all of them, and the workers that there are."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from activelearning import access, job_list, workers
from activelearning.api.shown import WORDS
from activelearning.job_list import Listed
from activelearning.models import WorkerHost
from activelearning.retelling import retold
from annotation.access import RESEARCH
from annotation.access import project as project_of
from annotation.api.desk_answers import person
from annotation.models import JobState


class JobShown(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.name for kind in job_list.KINDS])
    id = serializers.IntegerField(help_text="Among the jobs of its kind.")
    project = serializers.CharField()
    state = serializers.ChoiceField(choices=["running", "waiting", "failed"])
    round = serializers.IntegerField(allow_null=True, help_text="The number of the round that a stage or shard is of.")
    stage = serializers.CharField(allow_null=True)
    host = serializers.CharField(help_text="Where it runs or last ran; empty where no worker has had it.")
    attempt = serializers.IntegerField()
    done = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()
    silent = serializers.BooleanField(
        help_text="It runs and has not been heard of for so long that it will be tried again."
    )
    asked_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField()


class GpuShown(serializers.Serializer[Any]):
    name = serializers.CharField()
    memory_total = serializers.IntegerField(help_text="Bytes.")
    memory_free = serializers.IntegerField(help_text="Bytes.")


class WorkerShown(serializers.Serializer[Any]):
    host = serializers.CharField()
    queues = serializers.ListField(child=serializers.CharField())
    gpus = GpuShown(many=True, help_text="None: it computes on the CPU.")
    cores = serializers.IntegerField()
    memory_total = serializers.IntegerField(help_text="Bytes; 0 where the host does not say.")
    memory_free = serializers.IntegerField()
    seen_at = serializers.DateTimeField()
    silent = serializers.BooleanField()


class JobListShown(serializers.Serializer[Any]):
    results = JobShown(many=True)
    workers = WorkerShown(many=True)


class AllJobsView(APIView):
    scopes = {"GET": "admin"}

    @extend_schema(operation_id="jobs_of_all_projects", responses=JobListShown)
    def get(self, request: Request) -> Response:
        """The jobs of all projects, for operators: running, then waiting, then failed in the last week; fifty of a kind at most."""
        access.require_operator(user=person(request))
        return Response(_shown(job_list.jobs_of()))


class ProjectJobsView(APIView):
    scopes = {"GET": "read"}

    @extend_schema(operation_id="jobs_of_a_project", responses=JobListShown)
    def get(self, request: Request, slug: str) -> Response:
        """The jobs of a project: running, then waiting, then failed in the last week; fifty of a kind at most."""
        project = project_of(user=person(request), slug=slug, roles=RESEARCH)
        return Response(_shown(job_list.jobs_of(project=project)))


def _shown(found: list[Listed]) -> dict[str, Any]:
    return {"results": [_job(row) for row in found], "workers": [_worker(row) for row in workers.present()]}


def _job(row: Listed) -> dict[str, Any]:
    job, stage = row.job, row.stage
    return {
        "kind": row.kind,
        "id": job.pk,
        "project": row.project.slug,
        "state": WORDS.get(JobState(job.state), job.state),
        "round": stage.round.number if stage else None,
        "stage": stage.name if stage else None,
        "host": row.host,
        "attempt": job.attempt,
        "done": row.done,
        "total": row.total,
        "message": retold(row.message),
        "silent": row.is_silent,
        "asked_at": row.asked_at,
        "started_at": job.started_at,
        "heartbeat_at": job.heartbeat_at,
        "finished_at": job.finished_at,
        "error": retold(job.error),
    }


def _worker(row: WorkerHost) -> dict[str, Any]:
    return {
        "host": row.host,
        "queues": row.queues.split(","),
        "gpus": row.gpus,
        "cores": row.cores,
        "memory_total": row.memory_total,
        "memory_free": row.memory_free,
        "seen_at": row.seen_at,
        "silent": workers.is_silent(row),
    }


urlpatterns = [
    path("jobs/", AllJobsView.as_view(), name="api-all-jobs"),
    path("projects/<slug:slug>/jobs/", ProjectJobsView.as_view(), name="api-jobs"),
]
