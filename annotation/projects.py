"""Projects: how one is made and changed."""

from django.core.exceptions import ValidationError
from django.db import transaction

from annotation import audit
from annotation.errors import Conflict, FieldError, InvalidInput
from annotation.models import Membership, Project, Protocol, Role, User


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
    try:
        project.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        fields = [FieldError(field, " ".join(messages)) for field, messages in error.message_dict.items()]
        raise InvalidInput("This project cannot be made as given.", errors=fields) from error
    if Project.objects.filter(slug=slug).exists():
        raise Conflict("slug_taken", f"There is a project {slug} already.")
    project.save()
    if actor is not None:
        Membership.objects.create(user=actor, project=project, role=Role.ADMIN)
    audit.record(actor=actor, action="project.created", project=project, slug=slug)
    return project
