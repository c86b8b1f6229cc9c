"""Accounts and tokens: who can sign in, with what, and how that ends. Rights in a project are `annotation/membership.py`'s business."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from annotation import audit
from annotation.errors import Conflict, FieldError, InvalidInput, TooManyRequests
from annotation.models import ApiToken, Labeller, Membership, Project, Role, User
from annotation.models.people import fold_email

SCOPES = ("label", "read", "export", "train", "admin")
TOKEN_PREFIX = "lap_"  # noqa: S105 (names the kind of secret, so that scanners find leaked ones)


PASSWORD_MAX = 128  # characters; a longer one only costs hashing time


class ClosedSignUpAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the package is untyped
    """Nobody makes an account for themselves: people come by invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def clean_password(self, password: str, user: Any = None) -> str:
        _refuse_odd_password(password)
        return str(super().clean_password(password, user=user))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords count for an account and an address together: nobody is locked out by somebody else's tries."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{self.get_client_ip(request)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raise `TooManyRequests` after too many wrong passwords: a program reads that in the status, a form's error it would not."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            wait = settings.WRONG_PASSWORD_SECONDS
            message = gettext(
                "Too many wrong passwords came from this network address. Wait %(minutes)d minutes, then try again."
            )
            raise TooManyRequests(message % {"minutes": wait // 60}, retry_after=wait) from error

    def format_email_subject(self, subject: str) -> str:
        return f"[labelapp] {subject}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Built from the configured address: a forged Host header must not choose where the secret travels."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return str(settings.PUBLIC_URL) + path.replace("UID-KEY", key)


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
        ApiToken.objects.filter(pk=token.pk).update(
            last_used_at=now
        )  # once a minute is enough to see that it is in use
    return token


def new_secret() -> str:
    return secrets.token_urlsafe(32)


@transaction.atomic
def forget_second_factor(*, user: User, actor: User | None = None) -> None:
    """For somebody who has lost it and the recovery codes: the password alone signs in again."""
    Authenticator.objects.filter(user=user).delete()
    audit.record(actor=actor, action="account.second_factor_forgotten", account=user.pk)


@transaction.atomic
def labeller_of(*, project: Project, user: User) -> Labeller:
    """The labeller under whose UUID this account's records stand in this project; made at the first need."""
    labeller, _ = Labeller.objects.get_or_create(project=project, user=user, defaults={"name": user.name})
    return labeller


def check_password(password: str, *, user: User) -> None:
    """Raise `InvalidInput` for a password that is too weak, too long, or not text."""
    try:
        _refuse_odd_password(password)
        validate_password(password, user=user)
    except ValidationError as error:
        refused = [FieldError("password", message) for message in error.messages]
        raise InvalidInput(gettext("This password cannot be used."), errors=refused) from error


def _refuse_odd_password(password: str) -> None:
    if len(password) > PASSWORD_MAX:
        raise ValidationError(gettext("A password is at most %(most)d characters long.") % {"most": PASSWORD_MAX})
    if "\0" in password:
        raise ValidationError(gettext("A password cannot hold a null character."))


@transaction.atomic
def create_account(
    *,
    email: str,
    name: str = "",
    project: Project | None = None,
    role: Role | None = None,
    password: str | None = None,
    is_operator: bool = False,
    actor: User | None = None,
) -> tuple[User, str]:
    """An active account, with a role where a project is given. Returns it with its password, generated unless one is given.

    Raises `InvalidInput` for what is no address, `Conflict("email_taken")` where the address has an account already.
    """
    folded = checked_email(email)
    if User.objects.filter(email=folded).exists():
        raise Conflict("email_taken", gettext("There is an account for %(email)s already.") % {"email": folded})
    chosen = password or secrets.token_urlsafe(12)
    user = User(email=folded, name=name, is_operator=is_operator)
    user.set_password(chosen)
    user.save()
    audit.record(actor=actor, action="account.created", account=user.pk, operator=is_operator)
    if project is not None and role is not None:
        Membership.objects.create(user=user, project=project, role=role)
        audit.record(actor=actor, action="member.added", project=project, account=user.pk, role=role)
    return user, chosen


def account_with(*, email: str) -> User | None:
    """The account of this address, however it is spelt."""
    return User.objects.filter(email=fold_email(email)).first()


def checked_email(email: str) -> str:
    """The address, folded. Raises `InvalidInput` for what is none."""
    folded = fold_email(email)
    try:
        validate_email(folded)
    except ValidationError as error:
        raise InvalidInput(
            gettext("This is no e-mail address."), errors=[FieldError("email", " ".join(error.messages))]
        ) from error
    return folded


@transaction.atomic
def set_active(*, user: User, active: bool, actor: User | None = None) -> None:
    """Disable an account, or let it in again. A disabled one is refused at its next request, by session and by token alike."""
    User.objects.filter(pk=user.pk).update(is_active=active)
    user.is_active = active
    audit.record(actor=actor, action="account.enabled" if active else "account.disabled", account=user.pk)


@transaction.atomic
def issue_token(*, user: User, name: str, scopes: list[str], days: int = 90) -> tuple[ApiToken, str]:
    """A bearer token limited to `scopes`. Its secret is returned here, once, and stored nowhere."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise InvalidInput(
            gettext("Scopes are %(scopes)s; name one or more of them.") % {"scopes": ", ".join(SCOPES)},
            errors=[FieldError("scopes", gettext("unknown: %(scopes)s") % {"scopes": ", ".join(unknown)})],
        )
    secret = TOKEN_PREFIX + new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        scopes=sorted(set(scopes)),
        secret_sha256=secret_sha256(secret),
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(actor=user, action="token.issued", token=token.pk, scopes=token.scopes)
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: User | None) -> None:
    """The token is refused from the next request on. Revoking it again changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        audit.record(actor=actor, action="token.revoked", token=token.pk)
