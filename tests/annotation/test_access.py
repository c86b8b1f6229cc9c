"""Access by fetch: what is not yours is not there."""

from collections.abc import Callable

import pytest

from annotation import access, accounts, membership, projects
from annotation.errors import Forbidden, NotFound
from annotation.models import Membership, Project, Role, User


def test_a_project_of_others_and_one_that_does_not_exist_are_the_same_answer(project: Project, labeller: User) -> None:
    projects.create_project(slug="secret")
    messages = []
    for slug in ("secret", "nowhere"):
        with pytest.raises(NotFound) as refused:
            access.project(user=labeller, slug=slug, roles=access.LABELLING)
        messages.append(refused.value.message)
    assert messages[0] == messages[1]


def test_a_member_in_the_wrong_role_is_told_so(project: Project, labeller: User) -> None:
    for roles in (access.READING, access.RESEARCH, access.ADMINISTRATION):
        with pytest.raises(Forbidden):
            access.project(user=labeller, slug=project.slug, roles=roles)
    assert access.project(user=labeller, slug=project.slug, roles=access.LABELLING) == project


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (access.LABELLING, {Role.LABELLER, Role.REVIEWER, Role.RESEARCHER, Role.ADMIN}),
        (access.READING, {Role.REVIEWER, Role.RESEARCHER, Role.ADMIN}),
        (access.RESEARCH, {Role.RESEARCHER, Role.ADMIN}),
        (access.ADMINISTRATION, {Role.ADMIN}),
    ],
)
def test_each_group_of_roles_is_the_reviewed_one(roles: frozenset[Role], expected: set[Role]) -> None:
    assert roles == expected


def test_a_role_in_one_project_is_none_in_another(project: Project, member: Callable[..., User]) -> None:
    other = projects.create_project(slug="geometry")
    admin = member(Role.ADMIN, in_project=other)
    assert access.role_in(user=admin, project=project) is None
    assert [found.project for found in access.projects_of(user=admin)] == [other]
    with pytest.raises(NotFound):
        access.project(user=admin, slug=project.slug, roles=access.ADMINISTRATION)


def test_members_and_invitations_of_another_project_are_not_there(project: Project, labeller: User) -> None:
    other = projects.create_project(slug="geometry")
    theirs = Membership.objects.get(user=labeller)
    invitation, _ = membership.invite(project=project, email="new@example.org", role="labeller")
    with pytest.raises(NotFound):
        access.member(project=other, membership_id=theirs.pk)
    with pytest.raises(NotFound):
        access.invitation(project=other, invitation_id=invitation.pk)
    assert access.member(project=project, membership_id=theirs.pk) == theirs
    assert access.invitation(project=project, invitation_id=invitation.pk) == invitation


def test_another_persons_token_is_not_there(labeller: User, admin: User) -> None:
    token, _ = accounts.issue_token(user=labeller, name="x", scopes=["read"])
    with pytest.raises(NotFound):
        access.own_token(user=admin, token_id=token.pk)
    assert access.own_tokens(user=admin) == []
    assert access.own_token(user=labeller, token_id=token.pk) == token
