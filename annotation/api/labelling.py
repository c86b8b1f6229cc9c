"""API of the desk: claim work, keep a draft, submit, look back, amend. Every answer lists its fields by name.

What a labeller must not see (scores, gold, correctness, the reference solution, others' labels) is in no list here.
"""

import json
import uuid
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access, accounts, labelling, queue
from annotation.errors import Conflict, FieldError, InvalidInput
from annotation.labelling import Receipt, Submission
from annotation.models import Annotation, Handout, Labeller, Project, User

SUBMISSION_FIELDS = ("client_key", "label", "reason", "error_kind", "error_note")
HISTORY_LENGTH = 10


class ProblemShown(serializers.Serializer[Any]):
    text = serializers.CharField()
    answer = serializers.CharField(allow_null=True)


class ClaimShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    problem = ProblemShown()
    steps = serializers.ListField(child=serializers.CharField())
    answer = serializers.CharField(allow_null=True)
    alternatives = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    draft = serializers.JSONField(allow_null=True)
    draft_version = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class ProgressShown(serializers.Serializer[Any]):
    today = serializers.IntegerField()
    active_ms_today = serializers.IntegerField()


class WorkShown(serializers.Serializer[Any]):
    claims = ClaimShown(many=True)
    progress = ProgressShown()


class DraftGiven(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    draft = serializers.JSONField()


class DraftShown(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class SubmissionGiven(serializers.Serializer[Any]):
    client_key = serializers.UUIDField()
    label = serializers.JSONField(  # type: ignore[assignment]  # named as in the record
        help_text="As in PRM800K: steps, total_time (milliseconds), finish_reason."
    )
    reason = serializers.CharField(required=False)
    error_kind = serializers.CharField(required=False)
    error_note = serializers.CharField(required=False)


class ReceiptShown(serializers.Serializer[Any]):
    annotation = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="SHA-256 of the annotation's PRM800K line, as any export shows it.")
    late = serializers.BooleanField()


class SubmittedShown(WorkShown):
    receipt = ReceiptShown()


class AmendedShown(serializers.Serializer[Any]):
    receipt = ReceiptShown()


class MineShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    submitted_at = serializers.DateTimeField()
    revision = serializers.IntegerField()
    problem = ProblemShown()
    steps = serializers.ListField(child=serializers.CharField())
    answer = serializers.CharField(allow_null=True)
    alternatives = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    label = serializers.JSONField()  # type: ignore[assignment]  # named as in the record
    reason = serializers.CharField()
    error_kind = serializers.CharField()
    error_note = serializers.CharField()


class MineListShown(serializers.Serializer[Any]):
    results = MineShown(many=True)


class ClaimsView(APIView):
    scopes = {"POST": "label"}

    @extend_schema(request=None, responses={200: WorkShown, 204: None})
    def post(self, request: Request, slug: str) -> Response:
        """Top up what I hold to two and return all of it, oldest first."""
        project = access.project(user=_person(request), slug=slug, roles=access.LABELLING)
        labeller = accounts.labeller_of(project=project, user=_person(request))
        claims = queue.claim(labeller=labeller)
        return Response(_work(claims, labeller)) if claims else Response(status=204)


class ClaimView(APIView):
    scopes = {"DELETE": "label"}

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, claim_id: int) -> Response:
        """Give it back (skip)."""
        queue.release(handout=access.claim(user=_person(request), claim_id=claim_id))
        return Response(status=204)


class DraftView(APIView):
    scopes = {"PUT": "label"}

    @extend_schema(request=DraftGiven, responses=DraftShown)
    def put(self, request: Request, claim_id: int) -> Response:
        """Save work in progress and renew the lease."""
        claim = access.claim(user=_person(request), claim_id=claim_id)
        data: dict[str, Any] = dict(request.data)
        _only(data, ("version", "draft"))
        version, draft = data.get("version"), data.get("draft")
        if type(version) is not int or version < 0:
            raise InvalidInput(
                "The draft was refused.", errors=[FieldError("version", "must be a whole number from 0")]
            )
        if not isinstance(draft, dict):
            raise InvalidInput("The draft was refused.", errors=[FieldError("draft", "must be an object")])
        new_version, expires_at = labelling.save_draft(claim=claim, version=version, draft=draft)
        return Response({"version": new_version, "expires_at": expires_at})


class SubmissionView(APIView):
    scopes = {"POST": "label"}

    @extend_schema(request=SubmissionGiven, responses={200: SubmittedShown, 201: SubmittedShown})
    def post(self, request: Request, claim_id: int) -> Response:
        """Submit the label: 201 with a receipt and the next work; 200 and the same receipt for a repeat."""
        claim = access.claim(user=_person(request), claim_id=claim_id)
        receipt = labelling.submit(claim=claim, submission=_submission(request.data))
        body = {"receipt": receipt.as_dict(), **_next_work(claim.work_item.project, claim.labeller)}
        return Response(body, status=_status(receipt))


class AmendmentsView(APIView):
    scopes = {"POST": "label"}

    @extend_schema(request=SubmissionGiven, responses={200: AmendedShown, 201: AmendedShown})
    def post(self, request: Request, annotation_id: int) -> Response:
        """Correct one of my labels; the earlier revision stays on record."""
        annotation = access.own_annotation(user=_person(request), annotation_id=annotation_id)
        receipt = labelling.amend(annotation=annotation, submission=_submission(request.data))
        return Response({"receipt": receipt.as_dict()}, status=_status(receipt))


class MineView(APIView):
    scopes = {"GET": "label"}

    @extend_schema(parameters=[OpenApiParameter("project", str, required=True)], responses=MineListShown)
    def get(self, request: Request) -> Response:
        """My last ten labels of a project, newest first."""
        user = _person(request)
        project = access.project(user=user, slug=request.query_params.get("project", ""), roles=access.LABELLING)
        return Response(
            {
                "results": [
                    _mine(found) for found in access.own_history(user=user, project=project, limit=HISTORY_LENGTH)
                ]
            }
        )


def _person(request: Request) -> User:
    if not isinstance(request.user, User):  # the permission class has refused everybody else already
        raise TypeError("a request without a person reached a view")
    return request.user


def _status(receipt: Receipt) -> int:
    return 200 if receipt.repeated else 201


def _next_work(project: Project, labeller: Labeller) -> dict[str, Any]:
    """The next items, in the same answer; none where the project was paused meanwhile (the label itself is stored)."""
    try:
        claims = queue.claim(labeller=labeller)
    except Conflict:
        claims = []
    return _work(claims, labeller)


def _work(claims: list[Handout], labeller: Labeller) -> dict[str, Any]:
    return {"claims": [_claim(claim) for claim in claims], "progress": Annotation.objects.done_today(labeller)}


def _claim(claim: Handout) -> dict[str, Any]:
    item = claim.work_item
    return {
        "id": claim.pk,
        "problem": {"text": item.problem.text, "answer": item.problem.answer},
        "steps": item.solution.steps if item.solution else [],
        "answer": item.solution.answer if item.solution else None,
        "alternatives": item.solution.alternatives if item.solution else {},
        "draft": item.draft,
        "draft_version": item.draft_version,
        "expires_at": item.claimed_until,
    }


def _mine(annotation: Annotation) -> dict[str, Any]:
    item = annotation.work_item
    return {
        "id": annotation.pk,
        "submitted_at": annotation.submitted_at,
        "revision": annotation.revision,
        "problem": {"text": item.problem.text, "answer": item.problem.answer},
        "steps": item.solution.steps if item.solution else [],
        "answer": item.solution.answer if item.solution else None,
        "alternatives": item.solution.alternatives if item.solution else {},
        "label": json.loads(annotation.label),
        "reason": annotation.reason,
        "error_kind": annotation.error_kind,
        "error_note": annotation.error_note,
    }


def _submission(data: Any) -> Submission:
    _only(data, SUBMISSION_FIELDS)
    try:
        key = uuid.UUID(data.get("client_key"))
    except (ValueError, TypeError, AttributeError):
        raise InvalidInput("The submission was refused.", errors=[FieldError("client_key", "must be a UUID")]) from None
    if "label" not in data:
        raise InvalidInput("The submission was refused.", errors=[FieldError("label", "is missing")])
    return Submission(
        client_key=key,
        label=data["label"],
        reason=data.get("reason"),
        error_kind=data.get("error_kind"),
        error_note=data.get("error_note"),
    )


def _only(data: Any, fields: tuple[str, ...]) -> None:
    """Refuse fields that nobody asked for, so that a typing slip or a try at writing something else is told."""
    unknown = [FieldError(str(key), "is not a known field") for key in data if key not in fields]
    if unknown:
        raise InvalidInput("Some fields are not known.", errors=unknown)


urlpatterns = [
    path("projects/<slug:slug>/claims/", ClaimsView.as_view(), name="api-claims"),
    path("claims/<int:claim_id>/", ClaimView.as_view(), name="api-claim"),
    path("claims/<int:claim_id>/draft/", DraftView.as_view(), name="api-draft"),
    path("claims/<int:claim_id>/submission/", SubmissionView.as_view(), name="api-submission"),
    path("annotations/mine/", MineView.as_view(), name="api-mine"),
    path("annotations/<int:annotation_id>/amendments/", AmendmentsView.as_view(), name="api-amendments"),
]
