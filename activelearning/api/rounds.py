"""API of the loop: start a round, list them, watch one, stop it, go on; the reward models that came of it."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from activelearning import access, automatic, promotion, round_config, rounds, tasks
from activelearning.api.shown import (
    RewardModelListShown,
    RewardModelShown,
    RoundListShown,
    RoundShown,
    model_shown,
    round_listed,
    round_shown,
)
from activelearning.models import RewardModel
from annotation.access import RESEARCH
from annotation.access import project as project_of
from annotation.api.desk_answers import person
from annotation.errors import FieldError, InvalidInput

LISTED = 50  # rounds in one answer


class RoundGiven(serializers.Serializer[Any]):
    """Every field may be left out; its default is then used."""

    base = serializers.CharField(required=False)
    training = serializers.JSONField(required=False)
    seed = serializers.IntegerField(required=False)
    hold_out = serializers.FloatField(required=False)
    generate = serializers.JSONField(
        required=False, help_text='`"pool"`, `"scripted"`, `{"local": NAME}` or `{"server": NAME}`'
    )
    sampling = serializers.JSONField(required=False, help_text="how a generator samples; see docs/generators.md")
    strategy = serializers.JSONField(
        required=False, help_text="a strategy's name, or an object with the shares of several that add up to 1"
    )
    budget = serializers.IntegerField(required=False)
    per_problem = serializers.IntegerField(required=False, allow_null=True)
    uniform_share = serializers.FloatField(required=False)
    drop_near_duplicates = serializers.BooleanField(required=False)
    quality_control = serializers.IntegerField(required=False)
    approve = serializers.BooleanField(required=False)
    labels_each = serializers.IntegerField(required=False)
    dropout_passes = serializers.IntegerField(required=False)
    start_from = serializers.ChoiceField(choices=round_config.STARTS, required=False)
    promote = serializers.ChoiceField(choices=round_config.PROMOTIONS, required=False)
    uniform_control = serializers.BooleanField(required=False)


class RoundsView(APIView):
    scopes = {"GET": "read", "POST": "train"}

    @extend_schema(
        parameters=[OpenApiParameter("before", int, description="Rounds of a lower number alone.")],
        responses=RoundListShown,
    )
    def get(self, request: Request, slug: str) -> Response:
        """The project's rounds, newest first, fifty at a time; `next` leads to earlier ones."""
        project = project_of(user=person(request), slug=slug, roles=RESEARCH)
        found = access.rounds_before(project=project, number=number_given(request, "before"), most=LISTED + 1)
        more = f"{request.path}?before={found[LISTED - 1].number}" if len(found) > LISTED else None
        return Response({"results": [round_listed(one) for one in found[:LISTED]], "next": more})

    @extend_schema(request=RoundGiven, responses={201: RoundShown})
    def post(self, request: Request, slug: str) -> Response:
        """Start a round; 409 `round_active` with the `number` of the one that runs."""
        user = person(request)
        project = project_of(user=user, slug=slug, roles=RESEARCH)
        started = rounds.start_round(project=project, config=request.data, actor=user)
        tasks.nudge_on_commit(started.pk)
        return Response(round_shown(access.round_(user=user, round_id=started.pk)), status=201)


class RoundView(APIView):
    scopes = {"GET": "read"}

    @extend_schema(responses=RoundShown)
    def get(self, request: Request, round_id: int) -> Response:
        """State, stages, progress, metrics."""
        return Response(round_shown(access.round_(user=person(request), round_id=round_id)))


class CancelView(APIView):
    scopes = {"POST": "train"}

    @extend_schema(request=None, responses=RoundShown)
    def post(self, request: Request, round_id: int) -> Response:
        """Stop it; 409 `not_running` where there is nothing to stop."""
        user = person(request)
        rounds.cancel_round(round_=access.round_(user=user, round_id=round_id), actor=user)
        return Response(round_shown(access.round_(user=user, round_id=round_id)))


class RetryView(APIView):
    scopes = {"POST": "train"}

    @extend_schema(request=None, responses=RoundShown)
    def post(self, request: Request, round_id: int) -> Response:
        """Go on from the stage that failed or was cancelled; 409 `nothing_to_retry` or `round_active`."""
        user = person(request)
        rounds.retry_round(round_=access.round_(user=user, round_id=round_id), actor=user)
        tasks.nudge_on_commit(round_id)
        return Response(round_shown(access.round_(user=user, round_id=round_id)))


class LoopGiven(serializers.Serializer[Any]):
    auto_round_after = serializers.IntegerField(
        allow_null=True, min_value=1, help_text="new labels that start a round; null: none starts by itself"
    )


class LoopShown(serializers.Serializer[Any]):
    auto_round_after = serializers.IntegerField(allow_null=True)
    new_labels = serializers.IntegerField(help_text="since the last round froze its own")
    waits_for = serializers.CharField(help_text="labels, a_first_round, the_running_round, somebody, or nothing")


class LoopView(APIView):
    scopes = {"GET": "read", "PUT": "train"}

    @extend_schema(responses=LoopShown)
    def get(self, request: Request, slug: str) -> Response:
        """When the next round starts by itself, and what it waits for."""
        project = project_of(user=person(request), slug=slug, roles=RESEARCH)
        return Response(automatic.standing(project).as_dict())

    @extend_schema(request=LoopGiven, responses=LoopShown)
    def put(self, request: Request, slug: str) -> Response:
        """Let rounds start by themselves after so many new labels, or not (null)."""
        user = person(request)
        project = project_of(user=user, slug=slug, roles=RESEARCH)
        given = LoopGiven(data=request.data)
        given.is_valid(raise_exception=True)
        automatic.set_after(project=project, after=given.validated_data["auto_round_after"], actor=user)
        return Response(automatic.standing(project).as_dict())


class RewardModelsView(APIView):
    scopes = {"GET": "read"}

    @extend_schema(responses=RewardModelListShown)
    def get(self, request: Request, slug: str) -> Response:
        """The project's reward models, newest first."""
        project = project_of(user=person(request), slug=slug, roles=RESEARCH)
        found = RewardModel.objects.filter(project=project).select_related("round").order_by("-pk")
        return Response({"results": [model_shown(model) for model in found]})


class RewardModelView(APIView):
    scopes = {"GET": "read"}

    @extend_schema(responses=RewardModelShown)
    def get(self, request: Request, model_id: int) -> Response:
        """One reward model: metrics, and the round, snapshot and files that it came from."""
        return Response(model_shown(access.reward_model(user=person(request), model_id=model_id)))


def number_given(request: Request, name: str) -> int | None:
    """The whole number that the address gives under this name; None where it gives none. Raises `InvalidInput`."""
    given = request.query_params.get(name)
    if given is None:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        refused = FieldError(name, gettext("must be a whole number"))
        raise InvalidInput(gettext("Some fields were refused."), errors=[refused])
    return int(given)


class PromoteView(APIView):
    scopes = {"POST": "train"}

    @extend_schema(request=None, responses=RewardModelShown)
    def post(self, request: Request, model_id: int) -> Response:
        """Make it the project's current model; 409 `already_current`, `not_measured` or `model_broken`."""
        user = person(request)
        promotion.promote(model=access.reward_model(user=user, model_id=model_id), actor=user)
        return Response(model_shown(access.reward_model(user=user, model_id=model_id)))


urlpatterns = [
    path("projects/<slug:slug>/rounds/", RoundsView.as_view(), name="api-rounds"),
    path("projects/<slug:slug>/loop/", LoopView.as_view(), name="api-loop"),
    path("rounds/<int:round_id>/", RoundView.as_view(), name="api-round"),
    path("rounds/<int:round_id>/cancel/", CancelView.as_view(), name="api-round-cancel"),
    path("rounds/<int:round_id>/retry/", RetryView.as_view(), name="api-round-retry"),
    path("projects/<slug:slug>/models/", RewardModelsView.as_view(), name="api-reward-models"),
    path("models/<int:model_id>/", RewardModelView.as_view(), name="api-reward-model"),
    path("models/<int:model_id>/promote/", PromoteView.as_view(), name="api-reward-model-promote"),
]
