"""Annotations: one labeller's finished record. Inserted only; an amendment is a further revision, the live one is the highest."""

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from annotation.models.imports import Import
from annotation.models.jobs import JobState
from annotation.models.people import Labeller
from annotation.models.problems import Solution
from annotation.models.projects import Project
from annotation.models.work import WorkItem


class FinishReason(models.TextChoices):
    SOLUTION = "solution", _("Solution")
    FOUND_ERROR = "found_error", _("Found an error")
    GIVE_UP = "give_up", _("Gave up")
    BAD_PROBLEM = "bad_problem", _("Bad problem")


class AnnotationQuerySet(models.QuerySet["Annotation"]):
    def landed(self) -> "AnnotationQuerySet":
        return self.filter(models.Q(imported_by__isnull=True) | models.Q(imported_by__state=JobState.DONE))

    def live(self) -> "AnnotationQuerySet":
        """What counts: landed, and not superseded by an amendment."""
        newer = Annotation.objects.filter(
            work_item=models.OuterRef("work_item"), revision__gt=models.OuterRef("revision")
        )
        return self.landed().exclude(models.Exists(newer))

    def of(self, item: WorkItem, labeller: Labeller) -> "AnnotationQuerySet":
        """This labeller's records of the item's solution; of its problem, where solutions are built step by step."""
        if item.solution_id is not None:
            return self.filter(labeller=labeller, solution=item.solution_id)
        return self.filter(labeller=labeller, solution__isnull=True, work_item__problem=item.problem_id)

    def done_today(self, labeller: Labeller) -> dict[str, int]:
        """How many solutions this labeller finished since their own midnight, and the active milliseconds they took."""
        return dict(self._today(labeller).aggregate(**_progress()))

    def progress_of(self, labeller: Labeller) -> dict[str, models.expressions.Combinable]:
        """The same as annotations of another query, `today` and `active_ms_today`."""
        mine = self._today(labeller).order_by().values("labeller")
        return {
            name: Coalesce(models.Subquery(mine.annotate(found=value).values("found")), 0)
            for name, value in _progress().items()
        }

    def _today(self, labeller: Labeller) -> "AnnotationQuerySet":
        return self.filter(labeller=labeller, submitted_at__gte=labeller.midnight(), imported_by__isnull=True)


def _progress() -> dict[str, models.expressions.Combinable]:
    return {
        "today": models.Count("work_item", distinct=True),
        "active_ms_today": Coalesce(models.Sum("total_time"), 0, output_field=models.BigIntegerField()),
    }


class Annotation(models.Model):
    """`question` and `label` are the PRM800K record's own JSON text, so that what came in goes out byte for byte, key order too.

    `client_key` is the client's own name for the submission, unique for ever; `sha256` covers the record and is on the receipt.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="annotations")
    work_item = models.ForeignKey(WorkItem, on_delete=models.PROTECT, related_name="annotations")
    solution = models.ForeignKey(Solution, null=True, on_delete=models.PROTECT, related_name="annotations")
    labeller = models.ForeignKey(Labeller, on_delete=models.PROTECT, related_name="annotations")
    imported_by = models.ForeignKey(Import, null=True, on_delete=models.PROTECT, related_name="annotations")
    revision = models.PositiveIntegerField(default=0)
    client_key = models.UUIDField(null=True, blank=True)
    request_sha256 = models.CharField(max_length=64, blank=True)  # tells a repeat from a reuse of the key
    submitted_at = models.DateTimeField()
    total_time = models.PositiveBigIntegerField()  # milliseconds of active time
    finish_reason = models.CharField(max_length=12, choices=FinishReason.choices)
    question = models.TextField()
    label = models.TextField()
    sha256 = models.CharField(max_length=64)
    late = models.BooleanField(default=False)  # arrived after its lease was over and the item given on
    reason = models.TextField(blank=True)
    error_kind = models.CharField(max_length=40, blank=True)
    error_note = models.TextField(blank=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["work_item", "revision"], name="annotation_revision_unique"),
            models.UniqueConstraint(fields=["client_key"], name="annotation_client_key_unique"),
            models.CheckConstraint(
                condition=models.Q(finish_reason__in=FinishReason.values), name="annotation_finish_reason_known"
            ),
        ]
        indexes = [
            models.Index(fields=["labeller", "submitted_at"], name="annotation_of_labeller"),
            models.Index(fields=["project", "id"], name="annotation_of_project"),
            # A file's second import asks for each of its records whether it is here already.
            models.Index(fields=["project", "sha256"], name="annotation_record"),
        ]


class StepRating(models.Model):
    """One completion's rating; completion 0 is the solution's own step in phase 2. Texts stand in the annotation's label."""

    annotation = models.ForeignKey(Annotation, on_delete=models.CASCADE, related_name="ratings")
    step = models.PositiveIntegerField()  # 0-based
    completion = models.PositiveIntegerField()  # 0-based
    rating = models.SmallIntegerField(null=True)
    flagged = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["annotation", "step", "completion"], name="step_rating_once"),
            models.CheckConstraint(
                condition=models.Q(rating__isnull=True) | models.Q(rating__in=[-1, 0, 1]), name="step_rating_in_range"
            ),
        ]
