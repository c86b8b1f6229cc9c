"""Accounts, invitations and tokens: how a person comes to have a right, and how it ends."""

import hashlib
import secrets
from datetime import timedelta

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from annotation.errors import Conflict, FieldError, InvalidInput
from annotation.models import ApiToken, Labeller, Membership, Project, Role, User
from annotation.models.people import fold_email

SCOPES = ("label", "read", "export", "train", "admin")
TOKEN_PREFIX = "lap_"  # noqa: S105 (names the kind of secret, so that scanners find leaked ones)


class ClosedSignUpAdapter(DefaultAccountAdapter):
    """Nobody makes an account for themselves: people come by invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def secret_sha256(secret: str) -> str:
    """The form in which tokens and invitations are stored. They are long and random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


def token_for(*, secret: str) -> ApiToken | None:
    """The live token with this secret, its owner active, or None."""
    now = timezone.now()
    token = (
        ApiToken.objects.select_related("user")
        .filter(secret_sha256=secret_sha256(secret), revoked_at__isnull=True, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is not None and (token.last_used_at is None or (now - token.last_used_at).total_seconds() > 60):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)  # once a minute is enough to see that it is in use
    return token


def new_secret() -> str:
    return secrets.token_urlsafe(32)


@transaction.atomic
def labeller_of(*, project: Project, user: User) -> Labeller:
    """The labeller under whose UUID this account's records stand in this project; made at the first need."""
    labeller, _ = Labeller.objects.get_or_create(project=project, user=user, defaults={"name": user.name})
    return labeller


@transaction.atomic
def create_account(
    *, email: str, name: str = "", project: Project | None = None, role: Role | None = None, password: str | None = None
) -> tuple[User, str]:
    """An active account, with a role where a project is given. Returns it with its password, generated unless one is given.

    Raises `Conflict("email_taken")` where the address has an account already.
    """
    folded = fold_email(email)
    if User.objects.filter(email=folded).exists():
        raise Conflict("email_taken", f"There is an account for {folded} already.")
    chosen = password or secrets.token_urlsafe(12)
    user = User(email=folded, name=name)
    user.set_password(chosen)
    user.save()
    if project is not None and role is not None:
        Membership.objects.create(user=user, project=project, role=role)
    return user, chosen


@transaction.atomic
def issue_token(*, user: User, name: str, scopes: list[str], days: int = 90) -> tuple[ApiToken, str]:
    """A bearer token limited to `scopes`. Its secret is returned here, once, and stored nowhere."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput(f"Scopes are {', '.join(SCOPES)}; name one or more of them.", errors=[FieldError("scopes", f"unknown: {unknown}")])
    secret = TOKEN_PREFIX + new_secret()
    token = ApiToken.objects.create(
        user=user, name=name, scopes=sorted(set(scopes)), secret_sha256=secret_sha256(secret), expires_at=timezone.now() + timedelta(days=days)
    )  # fmt: skip
    return token, secret
