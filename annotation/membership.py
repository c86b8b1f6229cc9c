"""Rights in a project: who is a member in which role, by which invitation, and how that ends. Every change is audited.

Who may call these is the shells' question, answered by `annotation/access.py`: only an admin of the project.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from annotation import accounts, audit
from annotation.errors import Conflict, FieldError, InvalidInput, NotFound
from annotation.models import Invitation, Membership, Project, Role, User

INVITATION_DAYS = 7


@transaction.atomic
def invite(
    *, project: Project, email: str, role: str, actor: User | None = None, days: int = INVITATION_DAYS
) -> tuple[Invitation, str]:
    """An invitation for one address and one role, and its link, which is stored nowhere and shown once.

    An earlier one for the same address ends. Raises `InvalidInput`, or `Conflict("already_member")`.
    """
    folded, checked = accounts.checked_email(email), checked_role(role)
    if Membership.objects.filter(project=project, user__email=folded).exists():
        raise Conflict(
            "already_member",
            gettext("%(email)s is a member already; change the role in the list instead.") % {"email": folded},
        )
    Invitation.objects.filter(project=project, email=folded, accepted_at__isnull=True).delete()
    secret = accounts.new_secret()
    invitation = Invitation.objects.create(
        project=project,
        email=folded,
        role=checked,
        secret_sha256=accounts.secret_sha256(secret),
        invited_by=actor,
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(actor=actor, action="member.invited", project=project, email=folded, role=checked)
    return invitation, settings.PUBLIC_URL + reverse("invitation", args=[secret])


def checked_role(role: str) -> Role:
    if role not in Role.values:
        raise InvalidInput(
            gettext("There is no such role."),
            errors=[FieldError("role", gettext("one of %(roles)s") % {"roles": ", ".join(Role.values)})],
        )
    return Role(role)


def invitation_for(*, secret: str) -> Invitation:
    """The open invitation with this secret. Used, expired, withdrawn and never made are one and the same `NotFound`."""
    found = Invitation.objects.select_related("project", "invited_by").filter(
        secret_sha256=accounts.secret_sha256(secret), accepted_at__isnull=True, expires_at__gt=timezone.now()
    )
    invitation = found.first()
    if invitation is None:
        raise NotFound(gettext("This invitation has been used, has expired, or was withdrawn. Ask for a new one."))
    return invitation


@transaction.atomic
def add(*, project: Project, user: User, role: Role, actor: User | None = None) -> Membership:
    """Make an account a member without an invitation (the command line). Raises `Conflict("already_member")`."""
    if Membership.objects.filter(project=project, user=user).exists():
        raise Conflict("already_member", f"{user.email} is a member of {project.slug} already.")
    made = Membership.objects.create(user=user, project=project, role=role)
    audit.record(actor=actor, action="member.added", project=project, account=user.pk, role=role)
    return made


@transaction.atomic
def accept(*, invitation: Invitation, user: User) -> Membership:
    """Make the invited person a member. Raises `Conflict("other_account")` for somebody else, `NotFound` for a second use."""
    if user.email != invitation.email:
        raise Conflict(
            "other_account", gettext("This invitation is for another e-mail address. Sign in with that account.")
        )
    _use_up(invitation)
    membership, made = Membership.objects.get_or_create(
        user=user, project=invitation.project, defaults={"role": invitation.role}
    )
    if made:
        audit.record(
            actor=user, action="member.joined", project=invitation.project, account=user.pk, role=membership.role
        )
    return membership


@transaction.atomic
def accept_as_new(*, invitation: Invitation, name: str, password: str) -> User:
    """An account for the invited address, a member at once. Raises `InvalidInput` for the password, `Conflict("email_taken")`."""
    accounts.check_password(password, user=User(email=invitation.email, name=name))
    user, _ = accounts.create_account(email=invitation.email, name=name, password=password)
    accept(invitation=invitation, user=user)
    return user


def _use_up(invitation: Invitation) -> None:
    """One conditional update: of two people with the same link at once, the second is told that it is used."""
    now = timezone.now()
    live = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, expires_at__gt=now)
    if not live.update(accepted_at=now):
        raise NotFound(gettext("This invitation has been used, has expired, or was withdrawn. Ask for a new one."))


@transaction.atomic
def withdraw(*, invitation: Invitation, actor: User | None) -> None:
    """The link stops working."""
    audit.record(
        actor=actor,
        action="invitation.withdrawn",
        project=invitation.project,
        email=invitation.email,
        role=invitation.role,
    )
    invitation.delete()


@transaction.atomic
def change_role(*, membership: Membership, role: str, actor: User | None) -> None:
    """Another role from the next request on. Raises `Conflict("last_admin")` where nobody would be left to administer."""
    checked, before = checked_role(role), membership.role
    if checked != Role.ADMIN:
        _keep_an_admin(membership)
    Membership.objects.filter(pk=membership.pk).update(role=checked)
    audit.record(
        actor=actor, action="member.role_changed", project=membership.project, account=membership.user_id, before=before, role=checked
    )  # fmt: skip


@transaction.atomic
def remove(*, membership: Membership, actor: User | None) -> None:
    """No member from the next request on; what they labelled stays. Raises `Conflict("last_admin")`."""
    _keep_an_admin(membership)
    audit.record(
        actor=actor,
        action="member.removed",
        project=membership.project,
        account=membership.user_id,
        role=membership.role,
    )
    membership.delete()


def _keep_an_admin(membership: Membership) -> None:
    # All the project's admins are locked: two admins who remove each other at once wait for each other here.
    admins = Membership.objects.select_for_update().filter(project=membership.project_id, role=Role.ADMIN)
    others = [found for found in admins if found.pk != membership.pk]
    if membership.role == Role.ADMIN and not others:
        raise Conflict("last_admin", gettext("A project needs an admin. Make somebody else one first."))
