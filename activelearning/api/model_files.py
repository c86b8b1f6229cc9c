"""API of a reward model's files: which there are, with SHA-256 and size, and each as it was trained."""

import base64
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from activelearning import access, model_files
from annotation.api.desk_answers import person


class ModelFileShown(serializers.Serializer[Any]):
    name = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")


class ModelFileListShown(serializers.Serializer[Any]):
    results = ModelFileShown(many=True)


class ModelFilesView(APIView):
    scopes = {"GET": "export"}

    @extend_schema(responses=ModelFileListShown)
    def get(self, request: Request, model_id: int) -> Response:
        """The files of a model's folder as its manifest, `training.json`, names them; that one stands first. 409 where they are gone."""
        model = access.reward_model(user=person(request), model_id=model_id)
        found = model_files.listed(model=model)
        return Response({"results": [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in found]})


class ModelFileView(APIView):
    scopes = {"GET": "export"}

    @extend_schema(
        operation_id="models_file_retrieve", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, model_id: int, name: str) -> StreamingHttpResponse:
        """One file of a model. `Content-Length` and `Repr-Digest` tell whether it is whole."""
        model = access.reward_model(user=person(request), model_id=model_id)
        file = model_files.one(model=model, name=name)
        headers = {
            "Content-Disposition": "attachment",
            "Content-Length": str(file.size),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(file.sha256)).decode()}:",
        }
        return StreamingHttpResponse(model_files.stream(file), content_type="application/octet-stream", headers=headers)


urlpatterns = [
    path("models/<int:model_id>/files/", ModelFilesView.as_view(), name="api-model-files"),
    path("models/<int:model_id>/files/<path:name>", ModelFileView.as_view(), name="api-model-file"),
]
