"""The audit trail: who did what that others must be able to look up later. Append-only."""

from django.db import models

from annotation.models.people import User
from annotation.models.projects import Project


class AuditEntry(models.Model):
    """`actor` is null where the command line acted."""

    created_at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, null=True, on_delete=models.SET_NULL, related_name="audit_entries")
    action = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
