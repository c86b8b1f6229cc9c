"""The audit trail's one verb."""

from typing import Any

from annotation.models import AuditEntry, Project, User


def record(*, actor: User | None, action: str, project: Project | None = None, **data: Any) -> None:
    """Write down who (None: the command line) did what. Call it inside the transaction that does it."""
    AuditEntry.objects.create(actor=actor, action=action, project=project, data=data)
