"""Snapshots: frozen datasets. The file under its own SHA-256 is the truth; the row says where it came from."""

from django.db import models

from annotation.models.people import User
from annotation.models.projects import Project


class Snapshot(models.Model):
    """Same content, same snapshot. `path` is relative to the data folder; beside the lines lies a file of annotation ids, one a line."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="snapshots")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    path = models.CharField(max_length=300)
    lineage = models.JSONField(default=dict)  # counts by origin, generation, finish reason; the code's version

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "sha256"], name="snapshot_content_unique")]
