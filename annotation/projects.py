"""Projects: how one is made and changed, and what stands in it."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from annotation import audit
from annotation.errors import Conflict, FieldError, InvalidInput
from annotation.models import (
    Annotation,
    BatchState,
    Membership,
    Problem,
    Project,
    Protocol,
    Role,
    Solution,
    User,
    WorkItem,
    WorkState,
)

RESERVED_SLUGS = frozenset({"new"})  # words that stand in a project's place in an address


@transaction.atomic
def create_project(
    *,
    slug: str,
    name: str = "",
    protocol: str = Protocol.WHOLE_SOLUTION,
    instructions: str = "",
    actor: User | None = None,
) -> Project:
    """A project; its maker (if a person) becomes its first admin. Raises `InvalidInput`, or `Conflict("slug_taken")`."""
    project = Project(slug=slug, name=name or slug, protocol=protocol, instructions=instructions)
    _check(project)
    if slug in RESERVED_SLUGS:
        raise InvalidInput(
            gettext("A project cannot be as given."),
            errors=[FieldError("slug", gettext("%(slug)s is taken by a page") % {"slug": slug})],
        )
    if Project.objects.filter(slug=slug).exists():
        raise Conflict("slug_taken", gettext("There is a project %(slug)s already.") % {"slug": slug})
    project.save()
    if actor is not None:
        Membership.objects.create(user=actor, project=project, role=Role.ADMIN)
    audit.record(actor=actor, action="project.created", project=project, slug=slug)
    return project


@transaction.atomic
def change_project(*, project: Project, name: str, instructions: str, paused: bool, actor: User | None = None) -> None:
    """Store what a project's settings page can change. The slug and the protocol stay what they were. Raises `InvalidInput`."""
    before = (project.name, project.instructions, project.paused)
    project.name, project.instructions, project.paused = name, instructions, paused
    _check(project)
    project.save(update_fields=["name", "instructions", "paused"])
    names = ("name", "instructions", "paused")
    changed = [field for field, old, new in zip(names, before, (name, instructions, paused), strict=True) if old != new]
    if changed:
        audit.record(actor=actor, action="project.changed", project=project, fields=changed, paused=paused)


def _check(project: Project) -> None:
    try:
        project.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        fields = [FieldError(field, " ".join(messages)) for field, messages in error.message_dict.items()]
        raise InvalidInput(gettext("A project cannot be as given."), errors=fields) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What stands in a project, in rows. `pool` is what a batch can be drawn from: problems, where solutions are built step by step."""

    problems: int
    pool: int
    open_items: int
    annotations: int
    labellers: int
    members: int


def figures(*, project: Project) -> Figures:
    first_revisions = Annotation.objects.landed().filter(project=project, revision=0)  # one for each live annotation
    return Figures(
        problems=Problem.objects.landed().filter(project=project).count(),
        pool=_drawable(project),
        open_items=WorkItem.objects.filter(project=project, state=WorkState.OPEN, batch__state=BatchState.OPEN).count(),
        annotations=first_revisions.count(),
        labellers=first_revisions.values("labeller").distinct().count(),
        members=Membership.objects.filter(project=project).count(),
    )


def _drawable(project: Project) -> int:
    if project.protocol == Protocol.STEP_BY_STEP:
        return Problem.objects.never_queued(project).count()
    return Solution.objects.pool(project).count()


def next_step(*, found: Figures, role: Role, paused: bool) -> str:
    """The one thing to do next here: `import`, `queue`, `invite`, `freeze`, `label`, `wait` (nothing to label yet) or `resume`."""
    if role in (Role.LABELLER, Role.REVIEWER):
        return "wait" if paused or not found.open_items else "label"
    if paused:
        return "resume" if role == Role.ADMIN else "wait"
    return _next_for_research(found, role)


def _next_for_research(found: Figures, role: Role) -> str:
    admin = role == Role.ADMIN
    if not found.problems:
        return "import" if admin else "wait"
    if not found.open_items and found.pool:
        return "queue" if not found.annotations else "freeze"
    if found.annotations:
        return "freeze"
    if not found.open_items:
        return "import" if admin else "wait"
    return "invite" if admin and found.members == 1 else "label"
