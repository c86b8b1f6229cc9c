"""The API's own description: for people and tokens of this installation, not for passers-by."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView

from annotation.api.authentication import HasScope
from annotation.models import User
from annotation.pages.door import person_page

METHODS = ("get", "post", "put", "patch", "delete")


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "annotation.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "annotation.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


@cache
def _schema() -> dict[str, Any]:
    """It changes only with the code, and takes most of a second to make; in English, whoever asks first."""
    with translation.override("en"):
        found: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return found


class MadeOnce(SchemaGenerator):
    def get_schema(self, request: object = None, public: bool = False) -> dict[str, Any]:
        return _schema()


class SchemaView(SpectacularAPIView):
    generator_class = MadeOnce
    permission_classes = [HasScope]
    scopes = {"GET": "read"}
    http_method_names = ["get", "head"]


@person_page()
def docs(request: HttpRequest, user: User) -> HttpResponse:
    """The schema as a page to read: the addresses by what they are about, then the shapes that they take and give."""
    return render(request, "api.html", {"subjects": _read_schema()[0], "shapes": _read_schema()[1]})


@cache
def _read_schema() -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    """(operations by their subject, shapes), as the template shows them."""
    schema = _schema()
    subjects: dict[str, list[dict[str, Any]]] = {}
    for address, methods in schema["paths"].items():
        for method in (name for name in METHODS if name in methods):
            subjects.setdefault(methods[method]["tags"][0], []).append(_operation(address, method, methods[method]))
    return subjects, [_shape(name, shape) for name, shape in sorted(schema["components"]["schemas"].items())]


def _operation(address: str, method: str, found: dict[str, Any]) -> dict[str, Any]:
    given = [p for p in found.get("parameters", []) if p["in"] == "query"]
    return {
        "method": method.upper(),
        "address": address,
        "description": found.get("description", ""),
        "asks": [{"name": p["name"], "type": _type(p["schema"]), "required": p.get("required", False)} for p in given],
        "takes": _content(found.get("requestBody", {})),
        "gives": [{"status": status, "type": _content(answer)} for status, answer in found["responses"].items()],
    }


def _content(body: dict[str, Any]) -> dict[str, str] | None:
    return next((_type(kind.get("schema", {})) for kind in body.get("content", {}).values()), None)


def _shape(name: str, shape: dict[str, Any]) -> dict[str, Any]:
    required = shape.get("required", [])
    fields = [
        {
            "name": field,
            "type": _type(found),
            "required": field in required,
            "description": found.get("description", ""),
        }
        for field, found in shape.get("properties", {}).items()
    ]
    return {
        "name": name,
        "fields": fields,
        "values": shape.get("enum", []),
        "description": shape.get("description", ""),
    }


def _type(schema: dict[str, Any]) -> dict[str, str]:
    """`words` for a type, with the `shape` that they end in where it has a name: `list of` and `ClaimShown`."""
    if "$ref" in schema:
        return {"words": "", "shape": schema["$ref"].rsplit("/", 1)[1]}
    for part in ("allOf", "oneOf", "anyOf"):
        if part in schema:
            return _type(schema[part][0])
    if schema.get("type") == "array":
        inner = _type(schema["items"])
        return {"words": f"list of {inner['words']}".strip(), "shape": inner["shape"]}
    words = " ".join(str(schema[key]) for key in ("type", "format") if key in schema)
    return {"words": " or ".join(map(str, schema["enum"])) if "enum" in schema else words or "anything", "shape": ""}
