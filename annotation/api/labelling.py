"""API of the desk: claim work, keep a draft, submit, look back, amend. Building step by step has a module of its own."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access, labelling, own_days, queue, step_by_step
from annotation.api.desk_answers import (
    AmendedShown,
    ClaimShown,
    DaysShown,
    DraftGiven,
    DraftShown,
    MineListShown,
    SubmissionGiven,
    SubmittedShown,
    WorkShown,
    claim_shown,
    client_key,
    mine_shown,
    only,
    person,
)
from annotation.errors import FieldError, InvalidInput
from annotation.labelling import Receipt, Submission
from annotation.queue import Work

SUBMISSION_FIELDS = ("client_key", "label", "reason", "error_kind", "error_note")
HISTORY_LENGTH = 10


class ClaimsView(APIView):
    scopes = {"POST": "label"}

    @extend_schema(request=None, responses={200: WorkShown, 204: None})
    def post(self, request: Request, slug: str) -> Response:
        """Top up what I hold to two and return all of it, oldest first."""
        work = queue.claim_in(user=person(request), slug=slug)
        return Response(_work(work)) if work else Response(status=204)


class ClaimView(APIView):
    scopes = {"GET": "label", "DELETE": "label"}

    @extend_schema(responses=ClaimShown)
    def get(self, request: Request, claim_id: int) -> Response:
        """A claim of mine as it stands, for instance to see whether a turn's alternatives are there by now."""
        claim = access.claim(user=person(request), claim_id=claim_id)
        step_by_step.shown([claim])
        return Response(claim_shown(claim))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, claim_id: int) -> Response:
        """Give it back (skip)."""
        queue.release(handout=access.claim(user=person(request), claim_id=claim_id))
        return Response(status=204)


class DraftView(APIView):
    scopes = {"PUT": "label"}

    @extend_schema(request=DraftGiven, responses=DraftShown)
    def put(self, request: Request, claim_id: int) -> Response:
        """Save work in progress and renew the lease."""
        claim = access.claim(user=person(request), claim_id=claim_id)
        data: dict[str, Any] = dict(request.data)
        only(data, ("version", "draft"))
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
        user = person(request)
        try:
            submission = _submission(request.data)
        except InvalidInput:
            access.claim(user=user, claim_id=claim_id)  # to a stranger it is absent, whatever they sent
            raise
        receipt, work = labelling.submit_and_claim(user=user, claim_id=claim_id, submission=submission)
        return Response({"receipt": receipt.as_dict(), **_work(work)}, status=_status(receipt))


class AmendmentsView(APIView):
    scopes = {"POST": "label"}

    @extend_schema(request=SubmissionGiven, responses={200: AmendedShown, 201: AmendedShown})
    def post(self, request: Request, annotation_id: int) -> Response:
        """Correct one of my labels; the earlier revision stays on record."""
        annotation = access.own_annotation(user=person(request), annotation_id=annotation_id)
        receipt = labelling.amend(annotation=annotation, submission=_submission(request.data))
        return Response({"receipt": receipt.as_dict()}, status=_status(receipt))


class MineView(APIView):
    scopes = {"GET": "label"}

    @extend_schema(parameters=[OpenApiParameter("project", str, required=True)], responses=MineListShown)
    def get(self, request: Request) -> Response:
        """My last ten labels of a project, newest first."""
        user = person(request)
        project = access.project(user=user, slug=request.query_params.get("project", ""), roles=access.LABELLING)
        return Response(
            {
                "results": [
                    mine_shown(found) for found in access.own_history(user=user, project=project, limit=HISTORY_LENGTH)
                ]
            }
        )


class DaysView(APIView):
    scopes = {"GET": "label"}

    @extend_schema(responses=DaysShown)
    def get(self, request: Request, slug: str) -> Response:
        """My last seven days in a project: items and active time. Nobody else's."""
        user = person(request)
        project = access.project(user=user, slug=slug, roles=access.LABELLING)
        return Response(own_days.last_days(user=user, project=project))


def _status(receipt: Receipt) -> int:
    return 200 if receipt.repeated else 201


def _work(work: Work) -> dict[str, Any]:
    step_by_step.shown(work.claims)
    return {"claims": [claim_shown(claim) for claim in work.claims], "progress": work.progress}


def _submission(data: Any) -> Submission:
    only(data, SUBMISSION_FIELDS)
    key = client_key(data)
    if "label" not in data:
        raise InvalidInput("The submission was refused.", errors=[FieldError("label", "is missing")])
    return Submission(
        client_key=key,
        label=data["label"],
        reason=data.get("reason"),
        error_kind=data.get("error_kind"),
        error_note=data.get("error_note"),
    )


urlpatterns = [
    path("projects/<slug:slug>/claims/", ClaimsView.as_view(), name="api-claims"),
    path("projects/<slug:slug>/mine/", DaysView.as_view(), name="api-my-days"),
    path("claims/<int:claim_id>/", ClaimView.as_view(), name="api-claim"),
    path("claims/<int:claim_id>/draft/", DraftView.as_view(), name="api-draft"),
    path("claims/<int:claim_id>/submission/", SubmissionView.as_view(), name="api-submission"),
    path("annotations/mine/", MineView.as_view(), name="api-mine"),
    path("annotations/<int:annotation_id>/amendments/", AmendmentsView.as_view(), name="api-amendments"),
]
