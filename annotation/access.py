"""Who may see which row. Every shell gets its rows here: invisible and absent are both `NotFound`."""

from datetime import datetime
from typing import TypeVar

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from annotation import accounts
from annotation.errors import Forbidden, NotFound
from annotation.models import (
    Annotation,
    ApiToken,
    Batch,
    Handout,
    Import,
    Invitation,
    Labeller,
    Membership,
    Project,
    Role,
    Snapshot,
    Solution,
    User,
    WorkState,
)
from annotation.words import midsentence

Row = TypeVar("Row")

LABELLING = frozenset({Role.LABELLER, Role.REVIEWER, Role.RESEARCHER, Role.ADMIN})
READING = frozenset({Role.REVIEWER, Role.RESEARCHER, Role.ADMIN})
RESEARCH = frozenset({Role.RESEARCHER, Role.ADMIN})
ADMINISTRATION = frozenset({Role.ADMIN})


def role_in(*, user: User, project: Project) -> Role | None:
    membership = Membership.objects.filter(user=user, project=project).first()
    return Role(membership.role) if membership else None


def projects_of(*, user: User) -> list[Membership]:
    """The user's memberships with their projects, by name."""
    return list(Membership.objects.filter(user=user).select_related("project").order_by("project__name", "project_id"))


def project(*, user: User, slug: str, roles: frozenset[Role]) -> Project:
    """The project, if the user is a member (else `NotFound`) in one of `roles` (else `Forbidden`: they know that it exists)."""
    membership = Membership.objects.filter(user=user, project__slug=slug).select_related("project").first()
    if membership is None:
        raise NotFound
    _require(Role(membership.role), roles)
    return membership.project


def _require(role: Role, roles: frozenset[Role]) -> None:
    if role not in roles:
        needed = ", ".join(sorted(midsentence(Role(r).label) for r in roles))
        said = gettext("Your role here is %(role)s; this needs one of: %(needed)s.")
        raise Forbidden(said % {"role": midsentence(role.label), "needed": needed})


def is_powerful(*, user: User) -> bool:
    """Whether this account may change what others see and do, somewhere in this installation."""
    return user.is_operator or Membership.objects.filter(user=user, role__in=RESEARCH).exists()


def lacks_second_factor(*, user: User) -> bool:
    """Whether this account may do nothing before it has one: it is powerful, and `REQUIRE_SECOND_FACTOR` is set."""
    return settings.REQUIRE_SECOND_FACTOR and is_powerful(user=user) and not is_mfa_enabled(user)


def members(*, project: Project) -> list[Membership]:
    """Everybody in a project that the caller may administer (fetched by `project` with `ADMINISTRATION`), by name."""
    found = Membership.objects.filter(project=project).select_related("user")
    return list(found.order_by("user__name", "user__email"))


def member(*, project: Project, membership_id: int) -> Membership:
    return _one(Membership.objects.select_related("project", "user").filter(pk=membership_id, project=project).first())


def _open_invitations(project: Project) -> QuerySet[Invitation]:
    return Invitation.objects.filter(project=project, accepted_at__isnull=True, expires_at__gt=timezone.now())


def invitations(*, project: Project) -> list[Invitation]:
    """The invitations that still work, newest first."""
    return list(_open_invitations(project).select_related("invited_by").order_by("-pk"))


def invitation(*, project: Project, invitation_id: int) -> Invitation:
    return _one(_open_invitations(project).select_related("project").filter(pk=invitation_id).first())


def batches(*, project: Project) -> list[Batch]:
    """A project's batches, newest first, each with `open_items` and `closed_items`."""
    items = {
        "open_items": Count("work_items", filter=Q(work_items__state=WorkState.OPEN)),
        "closed_items": Count("work_items", filter=Q(work_items__state=WorkState.CLOSED)),
    }
    return list(Batch.objects.filter(project=project).annotate(**items).order_by("-pk"))


def own_tokens(*, user: User) -> list[ApiToken]:
    """My tokens that still work, newest first."""
    live = ApiToken.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=timezone.now())
    return list(live.order_by("-pk"))


def own_token(*, user: User, token_id: int) -> ApiToken:
    return _one(ApiToken.objects.filter(pk=token_id, user=user).first())


def labeller_locked(*, user: User, slug: str) -> Labeller:
    """The labeller that this member of the project is, made at the first need, and locked. Raises `NotFound` for others."""
    found = Labeller.objects.locked().filter(user=user, project__slug=slug, project__memberships__user=user).first()
    if found is None:
        accounts.labeller_of(project=project(user=user, slug=slug, roles=LABELLING), user=user)
        found = Labeller.objects.locked().get(user=user, project__slug=slug)
    return found


def claimant_locked(*, user: User, claim_id: int) -> Labeller:
    """Whom this claim was once handed to, if that is this very person; locked."""
    mine = Labeller.objects.locked().filter(user=user, handouts=claim_id, project__memberships__user=user)
    return _one(mine.first())


def claim(*, user: User, claim_id: int) -> Handout:
    """A claim that was once handed to this very person."""
    handout = (
        Handout.objects.select_related("labeller", "work_item__project", "work_item__problem", "work_item__solution")
        .filter(pk=claim_id, labeller__user=user, work_item__project__memberships__user=user)
        .first()
    )
    if handout is None:
        raise NotFound
    return handout


def own_annotation(*, user: User, annotation_id: int) -> Annotation:
    found = (
        Annotation.objects.landed()
        .select_related("labeller", "work_item__project", "work_item__problem", "work_item__solution")
        .filter(pk=annotation_id, labeller__user=user, project__memberships__user=user)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def own_history(*, user: User, project: Project, limit: int) -> list[Annotation]:
    """This person's newest live labels made here, newest first."""
    mine = Annotation.objects.live().filter(labeller__user=user, project=project, imported_by__isnull=True)
    return list(mine.select_related("work_item__problem", "work_item__solution").order_by("-pk")[:limit])


def own_work_since(*, user: User, project: Project, since: datetime) -> list[tuple[datetime, int, int]]:
    """What this person submitted here from then on, corrections too: when, which item, milliseconds of active time."""
    mine = Annotation.objects.filter(
        labeller__user=user, project=project, imported_by__isnull=True, submitted_at__gte=since
    )
    return list(mine.values_list("submitted_at", "work_item_id", "total_time"))


def dataset_import(*, user: User, import_id: int) -> Import:
    found = Import.objects.select_related("project").filter(
        pk=import_id, project__memberships__user=user, project__memberships__role__in=ADMINISTRATION
    )  # fmt: skip
    return _one(found.first())


def snapshot(*, user: User, snapshot_id: int) -> Snapshot:
    found = Snapshot.objects.select_related("project").filter(
        pk=snapshot_id, project__memberships__user=user, project__memberships__role__in=RESEARCH
    )
    return _one(found.first())


def solution(*, user: User, project: Project, solution_id: int) -> Solution:
    found = (
        Solution.objects.landed()
        .select_related("project", "problem")
        .filter(
            pk=solution_id,
            project=project,
            project__memberships__user=user,
            project__memberships__role__in=READING,
        )
    )
    return _one(found.first())


def _one(row: Row | None) -> Row:
    if row is None:
        raise NotFound
    return row
