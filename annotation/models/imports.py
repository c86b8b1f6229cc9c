"""An import: a file that becomes rows, whole or not at all. What it inserts is seen only once it is done."""

from django.db import models

from annotation.models.jobs import Job, JobState
from annotation.models.people import User
from annotation.models.projects import Project


class Import(Job):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    file_name = models.CharField(max_length=255)
    # Where an upload waits for its worker; empty for the command line, which reads its files itself.
    path = models.CharField(max_length=500, blank=True)
    format = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict)
    refused = models.JSONField(default=list)  # the first 100: {"file", "line", "field", "reason"}
    refused_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="import_state_known"),
            # Two imports at once could each count on a row that the other throws away.
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(state=JobState.RUNNING), name="import_one_running_a_project"
            ),
        ]
