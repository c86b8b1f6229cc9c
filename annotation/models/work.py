"""Work: a work item is one wanted label. The lease sits on its row; handouts remember who ever held it."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import pgettext_lazy

from annotation.models.imports import Import
from annotation.models.people import Labeller
from annotation.models.problems import Problem, Solution
from annotation.models.projects import Project, Protocol


class BatchState(models.TextChoices):
    PREPARING = "preparing", pgettext_lazy("batch", "Being prepared")
    OPEN = "open", pgettext_lazy("batch", "Open")
    CLOSED = "closed", pgettext_lazy("batch", "Closed")


class Batch(models.Model):
    """Work items queued together; nobody is handed one of them until the batch is open."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="batches")
    imported_by = models.ForeignKey(Import, null=True, on_delete=models.PROTECT, related_name="batches")
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.PREPARING)
    generation = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=BatchState.values), name="batch_state_known")
        ]

    def __str__(self) -> str:
        return self.name


class WorkState(models.TextChoices):
    OPEN = "open", pgettext_lazy("batch", "Open")
    CLOSED = "closed", pgettext_lazy("batch", "Closed")
    WITHDRAWN = "withdrawn", pgettext_lazy("batch", "Withdrawn")


class WorkItemQuerySet(models.QuerySet["WorkItem"]):
    def free(self) -> "WorkItemQuerySet":
        """Open and on nobody's desk, by database time: an expired lease needs no sweeper."""
        return self.filter(
            models.Q(claimed_until__isnull=True) | models.Q(claimed_until__lt=Now()),
            state=WorkState.OPEN,
            batch__state=BatchState.OPEN,
        )

    def held_by(self, labeller: Labeller) -> "WorkItemQuerySet":
        return self.filter(
            state=WorkState.OPEN, claimed_by=labeller, claimed_until__gte=Now(), batch__state=BatchState.OPEN
        )

    def open_for(self, labeller: Labeller) -> "WorkItemQuerySet":
        """Free items whose solution this labeller has neither labelled nor holds; whose problem, where solutions are built step by step."""
        touched = WorkItem.objects.filter(
            models.Q(annotations__labeller=labeller)
            | models.Q(claimed_by=labeller, claimed_until__gte=Now(), state=WorkState.OPEN)
        )
        # What is open in a project is of its one protocol (`queue.enqueue`), so half of the question is enough.
        if labeller.project.protocol == Protocol.STEP_BY_STEP:
            mine = touched.filter(solution__isnull=True, problem=models.OuterRef("problem"))
        else:
            mine = touched.filter(solution=models.OuterRef("solution"))
        return self.free().filter(project=labeller.project_id).exclude(models.Exists(mine))


class WorkItem(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="work_items")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="work_items")
    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="work_items")
    solution = models.ForeignKey(Solution, null=True, on_delete=models.PROTECT, related_name="work_items")
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.OPEN)
    generation = models.IntegerField(null=True, blank=True)
    priority = models.FloatField(default=0.0)  # higher is served first
    verifier_score = models.FloatField(null=True, blank=True)  # the choosing model's score; never shown to labellers
    is_quality_control = models.BooleanField(default=False)
    is_initial_screening = models.BooleanField(default=False)
    claimed_by = models.ForeignKey(Labeller, null=True, blank=True, on_delete=models.PROTECT, related_name="claims")
    claimed_until = models.DateTimeField(null=True, blank=True)
    draft = models.JSONField(null=True, blank=True)
    draft_version = models.PositiveIntegerField(default=0)

    objects = WorkItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=WorkState.values), name="work_item_state_known"),
            models.CheckConstraint(
                condition=(
                    models.Q(claimed_by__isnull=True, claimed_until__isnull=True)
                    | models.Q(claimed_by__isnull=False, claimed_until__isnull=False)
                ),
                name="work_item_lease_whole",
            ),
        ]
        indexes = [
            # The one question asked at every claim: the best free item of this project.
            models.Index(
                "project", models.F("priority").desc(), "id", name="work_item_queue", condition=models.Q(state="open")
            ),
            models.Index(fields=["claimed_by"], name="work_item_held", condition=models.Q(state="open")),
        ]


class Handout(models.Model):
    """Who was handed what, and when; its id is the claim's id. Append-only: evidence for late work, never a reason to exclude."""

    work_item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="handouts")
    labeller = models.ForeignKey(Labeller, on_delete=models.CASCADE, related_name="handouts")
    created_at = models.DateTimeField(db_default=Now())
