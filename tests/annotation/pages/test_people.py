"""Pages of people: members, invitations, my account and its tokens."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation import accounts, membership, projects
from annotation.models import ApiToken, Invitation, Membership, Project, Role, User

SignedIn = Callable[[User], Client]


def membership_of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def test_an_invitation_link_is_shown_in_the_answer_and_never_again(
    project: Project, admin: User, signed_in: SignedIn
) -> None:
    client = signed_in(admin)
    answer = client.post("/projects/algebra/people/", {"email": "new@example.org", "role": "reviewer"})
    assert answer.status_code == 201
    assert "http://127.0.0.1:8000/invitations/" in answer.content.decode()
    later = client.get("/projects/algebra/people/").content.decode()
    assert "new@example.org" in later
    assert "/invitations/" not in later.replace("/projects/algebra/invitations/", "")


def test_a_refused_invitation_says_why_beside_its_field(admin: User, signed_in: SignedIn) -> None:
    client = signed_in(admin)
    answer = client.post("/projects/algebra/people/", {"email": "a@example.org", "role": "owner"})
    assert (answer.status_code, Invitation.objects.count()) == (400, 0)
    assert 'class="error"' in answer.content.decode()
    taken = client.post("/projects/algebra/people/", {"email": admin.email, "role": "labeller"})
    assert "is a member already" in taken.content.decode()


def test_an_admin_changes_a_role_and_removes_a_member(admin: User, labeller: User, signed_in: SignedIn) -> None:
    client, found = signed_in(admin), membership_of(labeller)
    client.post(f"/projects/algebra/people/{found.pk}/role/", {"role": "reviewer"})
    assert membership_of(labeller).role == "reviewer"
    assert client.get(f"/projects/algebra/people/{found.pk}/remove/").status_code == 200
    assert Membership.objects.filter(user=labeller).exists()
    client.post(f"/projects/algebra/people/{found.pk}/remove/")
    assert not Membership.objects.filter(user=labeller).exists()
    assert signed_in(labeller).get("/projects/algebra/").status_code == 404


def test_a_removed_member_is_refused_in_the_session_they_already_had(
    admin: User, labeller: User, signed_in: SignedIn
) -> None:
    theirs = signed_in(labeller)
    assert theirs.get("/projects/algebra/").status_code == 200
    membership.remove(membership=membership_of(labeller), actor=admin)
    assert theirs.get("/projects/algebra/").status_code == 404
    assert theirs.post("/api/v1/projects/algebra/claims/").status_code == 404


def test_the_last_admin_is_told_why_they_stay(admin: User, signed_in: SignedIn) -> None:
    client, found = signed_in(admin), membership_of(admin)
    for path, body in (("role", {"role": "labeller"}), ("remove", {})):
        answer = client.post(f"/projects/algebra/people/{found.pk}/{path}/", body, follow=True)
        assert "A project needs an admin" in answer.content.decode()
    assert membership_of(admin).role == "admin"


@pytest.mark.parametrize("role", [Role.LABELLER, Role.REVIEWER, Role.RESEARCHER])
def test_nobody_but_an_admin_raises_rights_their_own_or_others(
    role: Role, member: Callable[..., User], project: Project, signed_in: SignedIn
) -> None:
    user = member(role)
    client, found = signed_in(user), membership_of(user)
    assert client.post(f"/projects/algebra/people/{found.pk}/role/", {"role": "admin"}).status_code == 403
    assert client.post("/projects/algebra/people/", {"email": "x@example.org", "role": "admin"}).status_code == 403
    api = f"/api/v1/projects/algebra/members/{found.pk}/"
    assert client.put(api, {"role": "admin"}, content_type="application/json").status_code == 403
    assert (membership_of(user).role, Invitation.objects.count()) == (role, 0)


def test_an_admin_here_is_nobody_elsewhere(
    project: Project, member: Callable[..., User], labeller: User, signed_in: SignedIn
) -> None:
    other = projects.create_project(slug="geometry")
    client, found = signed_in(member(Role.ADMIN, in_project=other)), membership_of(labeller)
    for slug in ("algebra", "geometry"):  # by the other project's address, and by their own with the other's id
        assert client.post(f"/projects/{slug}/people/{found.pk}/role/", {"role": "admin"}).status_code == 404
        assert client.post(f"/projects/{slug}/people/{found.pk}/remove/").status_code == 404
    assert membership_of(labeller).role == "labeller"


def test_the_people_page_asks_the_database_the_same_however_many_there_are(
    admin: User, member: Callable[..., User], project: Project, signed_in: SignedIn
) -> None:
    client = signed_in(admin)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get("/projects/algebra/people/").status_code == 200
        return len(captured)

    membership.invite(project=project, email="n0@example.org", role="labeller", actor=admin)
    before = queries()
    for n in range(1, 6):
        member(Role.LABELLER, name=f"l{n}")
        membership.invite(project=project, email=f"n{n}@example.org", role="labeller", actor=admin)
    assert queries() == before


def test_a_token_is_shown_once_works_and_ends_when_revoked(labeller: User, signed_in: SignedIn) -> None:
    client = signed_in(labeller)
    answer = client.post("/account/tokens/", {"name": "notebook", "scopes": ["read", "label"], "days": 30})
    assert answer.status_code == 201
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert secret not in client.get("/account/tokens/").content.decode()
    headers = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/projects/", headers=headers).status_code == 200
    client.post(f"/account/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert Client().get("/api/v1/projects/", headers=headers).status_code == 401
    assert "notebook" not in client.get("/account/tokens/").content.decode().split("no longer works")[-1]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "days": 30},
        {"name": "x", "scopes": ["root"], "days": 30},
        {"name": "x", "scopes": ["read"], "days": 9999},
    ],
)
def test_a_token_form_that_asks_too_much_makes_none(labeller: User, signed_in: SignedIn, body: dict[str, Any]) -> None:
    assert signed_in(labeller).post("/account/tokens/", body).status_code == 400
    assert not ApiToken.objects.exists()


def test_another_persons_token_cannot_be_revoked(labeller: User, admin: User, signed_in: SignedIn) -> None:
    token, _ = accounts.issue_token(user=admin, name="x", scopes=["read"])
    assert signed_in(labeller).post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    assert signed_in(labeller).delete(f"/api/v1/tokens/{token.pk}/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_the_api_invites_lists_changes_and_removes_for_an_admins_token(
    admin: User, labeller: User, project: Project
) -> None:
    _, secret = accounts.issue_token(user=admin, name="x", scopes=["admin"])
    client, base = Client(headers={"authorization": f"Bearer {secret}"}), "/api/v1/projects/algebra/members/"
    made = client.post(base, {"email": "new@example.org", "role": "labeller"}, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["link"].startswith("http://127.0.0.1:8000/invitations/")
    listed = client.get(base).json()["results"]
    assert [found["email"] for found in listed] == ["admin@example.org", "labeller@example.org"]
    found = membership_of(labeller)
    changed = client.put(f"{base}{found.pk}/", {"role": "reviewer"}, content_type="application/json")
    assert (changed.status_code, changed.json()["role"]) == (200, "reviewer")
    assert client.delete(f"{base}{found.pk}/").status_code == 204
    assert not Membership.objects.filter(user=labeller).exists()


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@b.org", "role": "labeller", "is_operator": True},
        {"email": 3, "role": "labeller"},
        {"role": "labeller"},
        {"email": "a@b.org", "role": "root"},
    ],
)
def test_the_api_refuses_fields_it_does_not_know_and_texts_that_are_none(
    admin: User, signed_in: SignedIn, body: dict[str, Any]
) -> None:
    answer = signed_in(admin).post("/api/v1/projects/algebra/members/", body, content_type="application/json")
    assert (answer.status_code, Invitation.objects.count()) == (400, 0)
    assert answer.json()["errors"]


@pytest.mark.parametrize("scope", ["label", "read", "export", "train"])
def test_a_token_without_the_admin_scope_touches_no_members(admin: User, project: Project, scope: str) -> None:
    _, secret = accounts.issue_token(user=admin, name="x", scopes=[scope])
    client = Client(headers={"authorization": f"Bearer {secret}"})
    for method in ("get", "post"):
        answer = getattr(client, method)("/api/v1/projects/algebra/members/")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
