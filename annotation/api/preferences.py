"""API of one's own preferences: keys, language, time zone. They are nobody else's business, whatever their role."""

from typing import Any

from django.conf import settings
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import preferences
from annotation.api.desk_answers import person


class PreferencesShown(serializers.Serializer[Any]):
    keys = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=preferences.KEY_MAX)),
        help_text="The actions that were given other keys than the desk's own: {action: [key, …]}.",
    )
    language = serializers.ChoiceField(choices=settings.LANGUAGES, allow_blank=True)
    time_zone = serializers.CharField(allow_blank=True, help_text="IANA's name; empty: not known, UTC.")
    practised = serializers.BooleanField()


class PreferencesView(APIView):
    scopes = {"GET": "label", "PUT": "label"}

    @extend_schema(responses=PreferencesShown)
    def get(self, request: Request) -> Response:
        """What I chose for myself."""
        return Response(preferences.shown(preferences.of(user=person(request))))

    @extend_schema(request=PreferencesShown(partial=True), responses=PreferencesShown)
    def put(self, request: Request) -> Response:
        """Change what is named; what is not named stays."""
        return Response(preferences.shown(preferences.change(user=person(request), given=dict(request.data))))


urlpatterns = [path("me/preferences/", PreferencesView.as_view(), name="api-preferences")]
