"""API of building a solution step by step: answer a turn, and say what is likely to follow."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access, step_by_step
from annotation.api.desk_answers import GuessGiven, StepGiven, TurnsShown, client_key, only, person, turn_shown
from annotation.errors import FieldError, InvalidInput
from annotation.models import TurnState
from annotation.step_by_step import TurnGiven


class NextStepView(APIView):
    scopes = {"POST": "label"}

    @extend_schema(request=StepGiven, responses={200: TurnsShown, 202: TurnsShown})
    def post(self, request: Request, claim_id: int) -> Response:
        """Answer a turn, or correct an earlier one: the whole conversation, 202 while its next turn is being made.

        The same key again changes nothing and is answered with the conversation as it stands.
        """
        claim = access.claim(user=person(request), claim_id=claim_id)
        data: Any = request.data
        only(data, ("client_key", "turn", "ratings", "written"))
        given = TurnGiven(
            client_key=client_key(data),
            turn=_number(data, "turn"),
            ratings=data.get("ratings"),
            written=data.get("written"),
        )
        step_by_step.answer(claim=claim, given=given)
        step_by_step.shown([claim])
        shown = [turn_shown(turn) for turn in claim.turns.all()]
        return Response({"turns": shown}, status=202 if shown[-1]["state"] == TurnState.MAKING else 200)


class PrepareView(APIView):
    scopes = {"POST": "label"}

    @extend_schema(request=GuessGiven, responses={202: None})
    def post(self, request: Request, claim_id: int) -> Response:
        """Guess what will be chosen, so that what follows it can be made ahead. A wrong guess does nothing."""
        claim = access.claim(user=person(request), claim_id=claim_id)
        only(request.data, ("turn", "chosen"))
        step_by_step.prepare(claim=claim, turn=_number(request.data, "turn"), chosen=_number(request.data, "chosen"))
        return Response(status=202)


def _number(data: Any, field: str) -> int:
    value = data.get(field)
    if type(value) is not int or value < 0:
        raise InvalidInput("This was refused.", errors=[FieldError(field, "must be a whole number from 0")])
    return value


urlpatterns = [
    path("claims/<int:claim_id>/next-step/", NextStepView.as_view(), name="api-next-step"),
    path("claims/<int:claim_id>/prepare/", PrepareView.as_view(), name="api-prepare"),
]
