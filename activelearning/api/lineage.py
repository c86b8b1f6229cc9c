"""API: two models side by side, and where a line, a solution or a model comes from."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from activelearning import access, comparing, lineage
from annotation.access import RESEARCH
from annotation.access import project as project_of
from annotation.api.desk_answers import person

QUERY = [
    OpenApiParameter("annotation", int, description="an annotation's id"),
    OpenApiParameter("solution", int, description="a solution's id"),
    OpenApiParameter("model", int, description="a reward model's id"),
    OpenApiParameter("line", str, description="the SHA-256 of an exported PRM800K line, without its end of line"),
    OpenApiParameter("snapshot", int, description="with `row`: a line of a frozen file"),
    OpenApiParameter("row", int, description="from 1"),
]


class LineageShown(serializers.Serializer[Any]):
    links = serializers.ListField(
        child=serializers.DictField(),
        help_text="from the thing asked for back to its origins; `kind` is annotation, work_item, batch, choice, solution, score, "
        "model, round or snapshot",
    )


class LineageView(APIView):
    scopes = {"GET": "read"}

    @extend_schema(parameters=QUERY, responses=LineageShown)
    def get(self, request: Request, slug: str) -> Response:
        """Where it comes from, link by link. Name one thing; a labeller is named by the UUID that exports have."""
        project = project_of(user=person(request), slug=slug, roles=RESEARCH)
        return Response({"links": lineage.asked_for(project, request.query_params)})


class ComparedShown(serializers.Serializer[Any]):
    step = serializers.JSONField(allow_null=True, help_text="one, other: step reports; difference: one less the other")
    best_of_n = serializers.JSONField(allow_null=True, help_text="the same along n")


class CompareView(APIView):
    scopes = {"GET": "read"}

    @extend_schema(responses=ComparedShown)
    def get(self, request: Request, model_id: int, other_id: int) -> Response:
        """Two models of a project on what both have scored and neither learnt from, with paired 95 % intervals over problems."""
        user = person(request)
        one = access.reward_model(user=user, model_id=model_id)
        other = access.reward_model(user=user, model_id=other_id, project=one.project)
        return Response(comparing.compared(one, other))


urlpatterns = [
    path("projects/<slug:slug>/lineage/", LineageView.as_view(), name="api-lineage"),
    path("models/<int:model_id>/compare/<int:other_id>/", CompareView.as_view(), name="api-models-compare"),
]
