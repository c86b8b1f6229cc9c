"""API of datasets: upload an import and ask how it goes, freeze a snapshot, download it in a format that others read."""

import base64
from typing import Any

from django.http import StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access, exports, snapshots, uploads
from annotation.errors import FieldError, InvalidInput
from annotation.import_sources import AUTO
from annotation.models import Import, Snapshot, User

UPLOAD_FIELDS = ("file", "format", "as", "csrfmiddlewaretoken")


class RefusedLine(serializers.Serializer[Any]):
    file = serializers.CharField()
    line = serializers.IntegerField()
    field = serializers.CharField()
    reason = serializers.CharField()


class ImportShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    project = serializers.CharField()
    state = serializers.CharField(help_text="pending, running, done, failed or cancelled")
    file_name = serializers.CharField()
    format = serializers.CharField()
    kind = serializers.CharField(help_text="What the rows become; empty until it is known.")
    sha256 = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows read, rows added, duplicates.")
    progress = serializers.JSONField(help_text="stage (check, insert, done), rows, total")
    error = serializers.CharField()
    refused = RefusedLine(many=True, help_text="The first hundred.")
    refused_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class SnapshotShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    project = serializers.CharField()
    created_at = serializers.DateTimeField()
    rows = serializers.IntegerField()
    sha256 = serializers.CharField()
    lineage = serializers.JSONField()


class SnapshotInFull(SnapshotShown):
    formats = serializers.JSONField(help_text="Of each format its rows, sha256 and bytes; of stepwise by neutral rule.")


class FormatIsOurs(BaseContentNegotiation):
    """`?format=` names a dataset format here; REST framework would take it for the name of a renderer."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        return parsers[0] if parsers else None

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class ImportsView(APIView):
    scopes = {"POST": "admin"}
    parser_classes = [MultiPartParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything reads the body: the check of the CSRF token does.
        uploads.require_size(length=int(request.META.get("CONTENT_LENGTH") or 0))
        try:
            super().initial(request, *args, **kwargs)
        except MultiPartParserError as error:
            raise InvalidInput(f"The upload is no multipart form: {error}") from error

    @extend_schema(
        request={
            "multipart/form-data": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "gzip too"},
                    "format": {"type": "string", "default": AUTO},
                    "as": {"type": "string", "enum": ["annotations", "queue", "pool", "evaluation"]},
                },
            }
        },
        responses={202: ImportShown},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Upload a dataset: 202, then ask `imports/{id}/` how it goes."""
        project = access.project(user=_person(request), slug=slug, roles=access.ADMINISTRATION)
        given: Any = request.data
        _only(given, UPLOAD_FIELDS)
        job = uploads.accept(
            project=project,
            upload=request.FILES.get("file"),
            format=given.get("format") or AUTO,
            kind=given.get("as") or None,
            actor=_person(request),
        )
        return Response(_import(job), status=202, headers={"Location": f"/api/v1/imports/{job.pk}/"})


class ImportView(APIView):
    scopes = {"GET": "admin"}

    @extend_schema(responses=ImportShown)
    def get(self, request: Request, import_id: int) -> Response:
        """How an import goes: state, progress, counts, refused lines."""
        return Response(_import(access.dataset_import(user=_person(request), import_id=import_id)))


class SnapshotsView(APIView):
    scopes = {"POST": "export"}

    @extend_schema(request=None, responses={201: SnapshotShown})
    def post(self, request: Request, slug: str) -> Response:
        """Freeze the project's live labels. Where nothing has changed since, this is the snapshot that stands already."""
        project = access.project(user=_person(request), slug=slug, roles=access.RESEARCH)
        _only(request.data, ())
        return Response(_snapshot(snapshots.freeze(project=project, actor=_person(request))), status=201)


class SnapshotView(APIView):
    scopes = {"GET": "export"}

    @extend_schema(responses=SnapshotInFull)
    def get(self, request: Request, snapshot_id: int) -> Response:
        """Lineage, and for each format what a whole download holds."""
        snapshot = access.snapshot(user=_person(request), snapshot_id=snapshot_id)
        return Response(_snapshot(snapshot) | {"formats": exports.summary(snapshot=snapshot)})


class ExportView(APIView):
    scopes = {"GET": "export"}
    content_negotiation_class = FormatIsOurs

    @extend_schema(
        parameters=[
            OpenApiParameter("format", str, required=True, enum=exports.FORMATS),
            OpenApiParameter(
                "neutral", str, enum=exports.NEUTRALS, description="How rating 0 counts where labels are two."
            ),
        ],
        responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, snapshot_id: int) -> StreamingHttpResponse:
        """The dataset, one JSON object a line. `Content-Length`, `X-Dataset-Rows` and `X-Dataset-SHA256` tell whether it is whole."""
        snapshot = access.snapshot(user=_person(request), snapshot_id=snapshot_id)
        wanted, neutral = request.query_params.get("format", ""), request.query_params.get("neutral", "good")
        exported = exports.hand_out(snapshot=snapshot, format=wanted, neutral=neutral, actor=_person(request))
        name = f"{snapshot.project.slug}-snapshot-{snapshot.pk}-{wanted}.jsonl"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(exported.path.stat().st_size),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "X-Dataset-Rows": str(exported.rows),
            "X-Dataset-SHA256": exported.sha256,
            "X-Dataset-Snapshot": str(snapshot.pk),
            "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(exported.sha256)).decode()}:",
        }
        return StreamingHttpResponse(exports.stream(exported), content_type="application/x-ndjson", headers=headers)


def _person(request: Request) -> User:
    if not isinstance(request.user, User):  # the permission class has refused everybody else already
        raise TypeError("a request without a person reached a view")
    return request.user


def _only(data: Any, fields: tuple[str, ...]) -> None:
    unknown = [FieldError(str(key), "is not a known field") for key in data if key not in fields]
    if unknown:
        raise InvalidInput("Some fields are not known.", errors=unknown)


def _import(job: Import) -> dict[str, Any]:
    return {
        "id": job.pk,
        "project": job.project.slug,
        "state": job.state,
        "file_name": job.file_name,
        "format": job.format,
        "kind": job.kind,
        "sha256": job.sha256,
        "counts": job.counts,
        "progress": job.progress,
        "error": job.error,
        "refused": job.refused,
        "refused_count": job.refused_count,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def _snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.pk,
        "project": snapshot.project.slug,
        "created_at": snapshot.created_at,
        "rows": snapshot.rows,
        "sha256": snapshot.sha256,
        "lineage": snapshot.lineage,
    }


urlpatterns = [
    path("projects/<slug:slug>/imports/", ImportsView.as_view(), name="api-imports"),
    path("imports/<int:import_id>/", ImportView.as_view(), name="api-import"),
    path("projects/<slug:slug>/snapshots/", SnapshotsView.as_view(), name="api-snapshots"),
    path("snapshots/<int:snapshot_id>/", SnapshotView.as_view(), name="api-snapshot"),
    path("snapshots/<int:snapshot_id>/export/", ExportView.as_view(), name="api-export"),
]
