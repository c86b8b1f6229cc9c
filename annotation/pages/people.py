"""Pages of people: a project's members and invitations, accepting one, my account and its tokens."""

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from annotation import access, accounts, membership
from annotation.errors import Conflict, DomainError, NotFound
from annotation.models import Invitation, Project, Role, User
from annotation.pages.door import person_page, project_page
from annotation.pages.forms import ROLE_WORDS, InviteForm, JoinForm, RoleForm, TokenForm, status_of
from annotation.words import midsentence


@project_page(access.ADMINISTRATION, "GET", "POST")
def people(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    """Members and invitations. A POST invites, and its answer shows the link, the only time that anybody sees it."""
    form, link, invited = InviteForm(request.POST or None), "", None
    if request.method == "POST" and form.is_valid():
        try:
            invited, link = membership.invite(project=project, actor=user, **form.cleaned_data)
        except DomainError as error:
            form.refused(error)
    context = {
        "project": project,
        "members": access.members(project=project),
        "invitations": access.invitations(project=project),
        "roles": Role,
        "form": InviteForm() if invited else form,
        "invited": invited,
        "link": link,
    }
    return render(request, "annotation/people.html", context, **({"status": 201} if invited else status_of(form)))


@project_page(access.ADMINISTRATION, "POST")
def change_role(request: HttpRequest, user: User, project: Project, membership_id: int) -> HttpResponse:
    found = access.member(project=project, membership_id=membership_id)
    form = RoleForm(request.POST)
    role = form.cleaned_data["role"] if form.is_valid() else ""
    try:
        membership.change_role(membership=found, role=role, actor=user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request, gettext("%(name)s is now %(role)s.") % {"name": found.user, "role": midsentence(Role(role).label)}
        )
    return redirect("project" if found.user == user else "people", project.slug)


@project_page(access.ADMINISTRATION, "GET", "POST")
def remove_member(request: HttpRequest, user: User, project: Project, membership_id: int) -> HttpResponse:
    found = access.member(project=project, membership_id=membership_id)
    if request.method != "POST":
        return render(request, "annotation/member_remove.html", {"project": project, "member": found})
    try:
        membership.remove(membership=found, actor=user)
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("people", project.slug)
    messages.success(
        request, gettext("%(name)s is no longer a member. What they labelled stays.") % {"name": found.user}
    )
    return redirect("people", project.slug) if found.user != user else redirect("home")


@project_page(access.ADMINISTRATION, "POST")
def withdraw_invitation(request: HttpRequest, user: User, project: Project, invitation_id: int) -> HttpResponse:
    found = access.invitation(project=project, invitation_id=invitation_id)
    membership.withdraw(invitation=found, actor=user)
    messages.success(request, gettext("The invitation of %(email)s no longer works.") % {"email": found.email})
    return redirect("people", project.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Open to whoever holds the link: the invited person joins with their account, or makes it here."""
    try:
        found = membership.invitation_for(secret=secret)
    except NotFound as error:
        return render(request, "annotation/invitation_over.html", {"message": error.message}, status=404)
    if User.objects.filter(email=found.email).exists():
        return _join_with_account(request, found)
    return _join_as_new(request, found)


def _join_with_account(request: HttpRequest, found: Invitation) -> HttpResponse:
    user = request.user if isinstance(request.user, User) else None
    if request.method == "POST" and user is not None:
        membership.accept(invitation=found, user=user)
        messages.success(request, gettext("You are a member of %(project)s now.") % {"project": found.project.name})
        return redirect("project", found.project.slug)
    context = {
        "invitation": found,
        "words": ROLE_WORDS[Role(found.role)],
        "yours": user is not None and user.email == found.email,
    }
    return render(request, "annotation/invitation_join.html", context)


def _join_as_new(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = membership.accept_as_new(invitation=found, **form.cleaned_data)
        except DomainError as error:
            form.refused(error)
        else:
            perform_login(request, user)
            return redirect("project", found.project.slug)
    context = {"invitation": found, "words": ROLE_WORDS[Role(found.role)], "form": form}
    return render(request, "annotation/invitation_new.html", context, **status_of(form))


def closed(request: HttpRequest, **kwargs: str) -> HttpResponse:
    """Stands where the sign-in package would let people make accounts or change their addresses: here that takes an invitation."""
    raise NotFound


@person_page()
def account(request: HttpRequest, user: User) -> HttpResponse:
    return render(request, "annotation/account.html")


@person_page("GET", "POST")
def tokens(request: HttpRequest, user: User) -> HttpResponse:
    """My tokens. A POST makes one, and its answer shows the secret, the only time that anybody sees it."""
    form, made, secret = TokenForm(request.POST or None), None, ""
    if request.method == "POST" and form.is_valid():
        made, secret = accounts.issue_token(user=user, **form.cleaned_data)
    context = {
        "tokens": access.own_tokens(user=user),
        "form": TokenForm() if made else form,
        "made": made,
        "secret": secret,
    }
    return render(request, "annotation/tokens.html", context, **({"status": 201} if made else status_of(form)))


@person_page("POST")
def revoke_token(request: HttpRequest, user: User, token_id: int) -> HttpResponse:
    found = access.own_token(user=user, token_id=token_id)
    accounts.revoke_token(token=found, actor=user)
    messages.success(request, gettext("The token %(name)s no longer works.") % {"name": found.name})
    return redirect("tokens")


urlpatterns = [
    path("projects/<slug:slug>/people/", people, name="people"),
    path("projects/<slug:slug>/people/<int:membership_id>/role/", change_role, name="member-role"),
    path("projects/<slug:slug>/people/<int:membership_id>/remove/", remove_member, name="member-remove"),
    path(
        "projects/<slug:slug>/invitations/<int:invitation_id>/withdraw/",
        withdraw_invitation,
        name="invitation-withdraw",
    ),
    path("invitations/<str:secret>/", invitation, name="invitation"),
    path("account/", account, name="account"),
    path("account/tokens/", tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", revoke_token, name="token-revoke"),
]
