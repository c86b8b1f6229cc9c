"""API of scoring on request: one solution in, a reward model's word on it out, at once or a moment later."""

from typing import Any

from django.conf import settings
from django.urls import path
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from activelearning import access, scorings
from activelearning.api.shown import WORDS
from activelearning.models import Scoring
from activelearning.retelling import retold
from annotation.api.desk_answers import only, person
from annotation.errors import Conflict
from annotation.models import JobState

WAITING = ("waiting", "running")


class SolutionGiven(serializers.Serializer[Any]):
    problem = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField(allow_blank=True), min_length=1)


class ScoringShown(serializers.Serializer[Any]):
    """What the model does not say is null: of an outcome model all but `orm_score`, and all of it until `state` is done."""

    id = serializers.IntegerField()
    model = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["waiting", "running", "done", "failed"])
    rating_probs = serializers.ListField(
        child=serializers.DictField(child=serializers.FloatField()),
        allow_null=True,
        help_text='One object {"-1": p, "0": p, "1": p} a step, unrounded.',
    )
    prm_score = serializers.FloatField(allow_null=True)
    orm_score = serializers.FloatField(allow_null=True)
    rating_deviation = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="Of an ensemble: how far its heads are apart on each step being good.",
    )
    first_error = serializers.IntegerField(
        allow_null=True,
        help_text="The first step, from 0, that is good with a chance under a half; null where there is none.",
    )
    error = serializers.CharField(help_text="Why there is no score, or why it is tried again; else empty.")


class ScoreView(APIView):
    scopes = {"POST": "read"}

    @extend_schema(request=SolutionGiven, responses={200: ScoringShown, 202: ScoringShown})
    def post(self, request: Request, model_id: int) -> Response:
        """Score a solution: 200 with its scores, or 202 and in `Location` where to ask for them.

        409 `cannot_be_scored` says why there will be none; 429 with `Retry-After` that too many wait already.
        """
        user = person(request)
        model = access.scoring_model(user=user, model_id=model_id)
        data: Any = request.data
        only(data, ("problem", "steps"))
        asked = scorings.request(reward_model=model, problem=data.get("problem"), steps=data.get("steps"), actor=user)
        found = scorings.wait(scoring=asked, seconds=settings.SCORING_WAIT_SECONDS)
        shown = scoring_shown(found)
        if found.state == JobState.FAILED:
            message = gettext("The solution was not scored: %(reason)s") % {"reason": shown["error"]}
            raise Conflict("cannot_be_scored", message, scoring=found.pk)
        if shown["state"] in WAITING:
            return Response(shown, status=202, headers={"Location": f"/api/v1/scorings/{found.pk}/"})
        return Response(shown)


class ScoringView(APIView):
    scopes = {"GET": "read"}

    @extend_schema(responses=ScoringShown)
    def get(self, request: Request, scoring_id: int) -> Response:
        """What became of a solution that was given to be scored. It is kept for a day."""
        return Response(scoring_shown(access.scoring(user=person(request), scoring_id=scoring_id)))


def scoring_shown(found: Scoring) -> dict[str, Any]:
    result = found.result
    return {
        "id": found.pk,
        "model": found.reward_model_id,
        "state": WORDS.get(JobState(found.state), found.state),
        "rating_probs": result.get("rating_probs"),
        "prm_score": result.get("prm_score"),
        "orm_score": result.get("orm_score"),
        "rating_deviation": result.get("rating_deviation"),
        "first_error": result.get("first_error"),
        "error": retold(found.error),
    }


urlpatterns = [
    path("models/<int:model_id>/score/", ScoreView.as_view(), name="api-score"),
    path("scorings/<int:scoring_id>/", ScoringView.as_view(), name="api-scoring"),
]
