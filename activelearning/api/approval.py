"""API of a held batch: what a round chose and why, some of it dropped or taken back, and the rest let through to the queue."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from activelearning import access, approval, tasks
from activelearning.api.rounds import number_given
from activelearning.api.shown import RoundShown, round_shown
from activelearning.models import Selected
from activelearning.retelling import retold
from annotation.api.desk_answers import person

LISTED = 100  # choices in one answer


class ChoiceShown(serializers.Serializer[Any]):
    rank = serializers.IntegerField()
    solution = serializers.IntegerField()
    problem = serializers.IntegerField()
    score = serializers.FloatField(allow_null=True)
    strategy = serializers.CharField()
    reason = serializers.CharField()
    verdict = serializers.CharField(help_text="right, wrong, undecided; empty where it was not graded")
    dropped = serializers.BooleanField()


class ChoiceListShown(serializers.Serializer[Any]):
    results = ChoiceShown(many=True)
    next = serializers.CharField(allow_null=True, help_text="Where the next ones are; null where there are none.")


class Marks(serializers.Serializer[Any]):
    """Solutions by their ids. What nobody names stays as it is."""

    dropped = serializers.ListField(child=serializers.IntegerField(), required=False, max_length=100_000)
    kept = serializers.ListField(child=serializers.IntegerField(), required=False, max_length=100_000)


class ChoicesView(APIView):
    scopes = {"GET": "read", "POST": "train"}

    @extend_schema(
        parameters=[OpenApiParameter("after", int, description="Choices of a higher rank alone.")],
        responses=ChoiceListShown,
    )
    def get(self, request: Request, round_id: int) -> Response:
        """What the round chose, best first, a hundred at a time."""
        found = access.round_(user=person(request), round_id=round_id)
        rows = access.choices_after(round_=found, rank=number_given(request, "after") or 0, most=LISTED + 1)
        more = f"{request.path}?after={rows[LISTED - 1].rank}" if len(rows) > LISTED else None
        return Response({"results": [_shown(row) for row in rows[:LISTED]], "next": more})

    @extend_schema(request=Marks, responses=RoundShown)
    def post(self, request: Request, round_id: int) -> Response:
        """Drop some, take others back, while the batch is held; 409 `not_awaited` where it is not."""
        user = person(request)
        found = access.round_(user=user, round_id=round_id)
        given = Marks(data=request.data)
        given.is_valid(raise_exception=True)
        approval.mark(round_=found, **given.validated_data, actor=user)
        return Response(round_shown(access.round_(user=user, round_id=round_id)))


class ApproveView(APIView):
    scopes = {"POST": "train"}

    @extend_schema(request=None, responses=RoundShown)
    def post(self, request: Request, round_id: int) -> Response:
        """Let through what was not dropped; 409 `not_awaited`, or `nothing_left`."""
        user = person(request)
        approval.approve(round_=access.round_(user=user, round_id=round_id), actor=user)
        tasks.nudge_on_commit(round_id)
        return Response(round_shown(access.round_(user=user, round_id=round_id)))


def _shown(row: Selected) -> dict[str, Any]:
    return {
        "rank": row.rank,
        "solution": row.solution_id,
        "problem": row.solution.problem_id,
        "score": row.score,
        "strategy": row.strategy,
        "reason": retold(row.reason),
        "verdict": row.solution.verdict,
        "dropped": row.dropped_at is not None,
    }


urlpatterns = [
    path("rounds/<int:round_id>/choices/", ChoicesView.as_view(), name="api-round-choices"),
    path("rounds/<int:round_id>/approve/", ApproveView.as_view(), name="api-round-approve"),
]
