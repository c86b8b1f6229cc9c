"""People: accounts, their roles in projects, the labellers that records name, invitations and API tokens."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation import zones


class UserManager(BaseUserManager["User"]):
    """Makes and finds accounts; e-mail addresses are stored folded, so that two spellings are one account."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=fold_email(username or ""))


def fold_email(email: str) -> str:
    """The one spelling under which an address is stored and looked up."""
    return email.strip().lower()


class User(AbstractBaseUser):
    """A person who signs in. An operator may create projects; every other right comes from a membership."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_folded_unique")]

    def __str__(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    LABELLER = "labeller", _("Labeller")
    REVIEWER = "reviewer", _("Reviewer")
    RESEARCHER = "researcher", _("Researcher")
    ADMIN = "admin", _("Admin")


class Membership(models.Model):
    """One person's role in one project. No membership, no project."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    project = models.ForeignKey("annotation.Project", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "project"], name="membership_one_role_a_project"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]


class LabellerQuerySet(models.QuerySet["Labeller"]):
    def locked(self) -> "LabellerQuerySet":
        """With their projects, their time zones and `database_now`; locked until the transaction ends, so that one person's writes wait
        for each other."""
        known = self.select_related("project", "user__preferences").annotate(database_now=Now())
        return known.select_for_update(of=("self",))


class Labeller(models.Model):
    """Who a record says labelled it: a project's own UUID, with or without an account behind it. Exports know only the UUID."""

    project = models.ForeignKey("annotation.Project", on_delete=models.CASCADE, related_name="labellers")
    uuid = models.UUIDField(default=uuid.uuid4)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="labellers")
    name = models.CharField(max_length=120, blank=True)

    objects = LabellerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "uuid"], name="labeller_uuid_unique"),
            models.UniqueConstraint(
                fields=["project", "user"], condition=models.Q(user__isnull=False), name="labeller_account_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.uuid)

    def midnight(self) -> datetime:
        """When this person's day began: in the time zone of their browser, else in UTC."""
        chosen = getattr(self.user, "preferences", None)
        where = zones.zone(chosen.time_zone if chosen else "")
        return zones.beginning(timezone.localdate(timezone=where), where)


class Invitation(models.Model):
    """A one-time link that gives a role in a project; only the hash of its secret is kept."""

    project = models.ForeignKey("annotation.Project", on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role.choices)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known")]


class ApiToken(models.Model):
    """A bearer token for scripts: shown once, stored as SHA-256, limited to scopes and to its owner's own rights."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=120)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
