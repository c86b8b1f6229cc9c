"""API of people: my projects, a project's members and invitations, my tokens."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import access, accounts, membership
from annotation.errors import FieldError, InvalidInput
from annotation.models import ApiToken, Membership, User


class ProjectShown(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    protocol = serializers.CharField()
    paused = serializers.BooleanField()
    role = serializers.CharField(help_text="My role in it.")


class ProjectListShown(serializers.Serializer[Any]):
    results = ProjectShown(many=True)


class MemberShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    email = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    active = serializers.BooleanField()


class MemberListShown(serializers.Serializer[Any]):
    results = MemberShown(many=True)


class InvitationGiven(serializers.Serializer[Any]):
    email = serializers.CharField()
    role = serializers.CharField()


class InvitationShown(InvitationGiven):
    link = serializers.CharField(help_text="Shown here once; it works once.")
    expires_at = serializers.DateTimeField()


class RoleGiven(serializers.Serializer[Any]):
    role = serializers.CharField()


class TokenShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class TokenListShown(serializers.Serializer[Any]):
    results = TokenShown(many=True)


class ProjectsView(APIView):
    scopes = {"GET": "read"}

    @extend_schema(responses=ProjectListShown)
    def get(self, request: Request) -> Response:
        """The projects I am a member of."""
        return Response({"results": [_project(found) for found in access.projects_of(user=_person(request))]})


class MembersView(APIView):
    scopes = {"GET": "admin", "POST": "admin"}

    @extend_schema(responses=MemberListShown)
    def get(self, request: Request, slug: str) -> Response:
        """Everybody in the project, for its admins."""
        project = access.project(user=_person(request), slug=slug, roles=access.ADMINISTRATION)
        return Response({"results": [_member(found) for found in access.members(project=project)]})

    @extend_schema(request=InvitationGiven, responses={201: InvitationShown})
    def post(self, request: Request, slug: str) -> Response:
        """Invite an address in a role; the answer holds the link."""
        project = access.project(user=_person(request), slug=slug, roles=access.ADMINISTRATION)
        email, role = _texts(request.data, ("email", "role"))
        made, link = membership.invite(project=project, email=email, role=role, actor=_person(request))
        body = {"email": made.email, "role": made.role, "link": link, "expires_at": made.expires_at}
        return Response(body, status=201)


class MemberView(APIView):
    scopes = {"PUT": "admin", "DELETE": "admin"}

    @extend_schema(request=RoleGiven, responses=MemberShown)
    def put(self, request: Request, slug: str, membership_id: int) -> Response:
        """Give a member another role."""
        found = self._found(request, slug, membership_id)
        (role,) = _texts(request.data, ("role",))
        membership.change_role(membership=found, role=role, actor=_person(request))
        found.refresh_from_db()
        return Response(_member(found))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, slug: str, membership_id: int) -> Response:
        """Remove a member; what they labelled stays."""
        membership.remove(membership=self._found(request, slug, membership_id), actor=_person(request))
        return Response(status=204)

    def _found(self, request: Request, slug: str, membership_id: int) -> Membership:
        project = access.project(user=_person(request), slug=slug, roles=access.ADMINISTRATION)
        return access.member(project=project, membership_id=membership_id)


class TokensView(APIView):
    scopes = {"GET": "admin"}

    @extend_schema(responses=TokenListShown)
    def get(self, request: Request) -> Response:
        """My tokens that still work, without their secrets. They are made on the account's page alone."""
        return Response({"results": [_token(found) for found in access.own_tokens(user=_person(request))]})


class TokenView(APIView):
    scopes = {"DELETE": "admin"}

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke one of my tokens; it is refused from the next request on."""
        found = access.own_token(user=_person(request), token_id=token_id)
        accounts.revoke_token(token=found, actor=_person(request))
        return Response(status=204)


def _person(request: Request) -> User:
    if not isinstance(request.user, User):  # the permission class has refused everybody else already
        raise TypeError("a request without a person reached a view")
    return request.user


def _project(found: Membership) -> dict[str, Any]:
    project = found.project
    return {
        "slug": project.slug,
        "name": project.name,
        "protocol": project.protocol,
        "paused": project.paused,
        "role": found.role,
    }


def _member(found: Membership) -> dict[str, Any]:
    user = found.user
    return {"id": found.pk, "email": user.email, "name": user.name, "role": found.role, "active": user.is_active}


def _token(found: ApiToken) -> dict[str, Any]:
    return {
        "id": found.pk,
        "name": found.name,
        "scopes": found.scopes,
        "expires_at": found.expires_at,
        "last_used_at": found.last_used_at,
    }


def _texts(data: Any, fields: tuple[str, ...]) -> list[str]:
    """Exactly these fields, each a text; whatever else was sent is told, not ignored."""
    errors = [FieldError(key, "is not a known field") for key in data if key not in fields]
    errors += [FieldError(field, "must be a text") for field in fields if not isinstance(data.get(field), str)]
    if errors:
        raise InvalidInput("Some fields were refused.", errors=errors)
    return [data[field] for field in fields]


urlpatterns = [
    path("projects/", ProjectsView.as_view(), name="api-projects"),
    path("projects/<slug:slug>/members/", MembersView.as_view(), name="api-members"),
    path("projects/<slug:slug>/members/<int:membership_id>/", MemberView.as_view(), name="api-member"),
    path("tokens/", TokensView.as_view(), name="api-tokens"),
    path("tokens/<int:token_id>/", TokenView.as_view(), name="api-token"),
]
