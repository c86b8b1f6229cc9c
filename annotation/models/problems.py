"""Problems and their solutions. Text is kept byte for byte; one problem is one exact text within a project."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from annotation.models.imports import Import
from annotation.models.jobs import JobState
from annotation.models.projects import Project


class Split(models.TextChoices):
    LABEL = "label", "Label"
    EVALUATE = "evaluate", "Evaluate"


class Purpose(models.TextChoices):
    LABEL = "label", _("To be labelled or labelled")
    POOL = "pool", _("Pool: a round may choose it")
    EVALUATION = "evaluation", _("Evaluation: never labelled, trained on or chosen")
    ARRIVING = "arriving", _("Being generated: nobody sees it before all are there")


class Verdict(models.TextChoices):
    RIGHT = "right", _("Right")
    WRONG = "wrong", _("Wrong")
    UNDECIDED = "undecided", _("Undecided")


def _landed() -> models.Q:
    """Rows of an import that is still running, or that died, are nobody's business."""
    return models.Q(imported_by__isnull=True) | models.Q(imported_by__state=JobState.DONE)


class ProblemQuerySet(models.QuerySet["Problem"]):
    def landed(self) -> "ProblemQuerySet":
        return self.filter(_landed())

    def never_queued(self, project: Project) -> "ProblemQuerySet":
        """To be labelled, and nobody was ever asked to build a solution of it step by step."""
        asked = models.FilteredRelation("work_items", condition=models.Q(work_items__solution__isnull=True))
        return self.landed().filter(project=project, split=Split.LABEL).alias(asked=asked).filter(asked__isnull=True)


class Problem(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="problems")
    imported_by = models.ForeignKey(Import, null=True, on_delete=models.PROTECT, related_name="problems")
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    answer = models.TextField(null=True, blank=True)  # noqa: DJ001 (no reference answer is not an empty one)
    solution = models.TextField(null=True, blank=True)  # noqa: DJ001 (the reference solution; never shown to labellers)
    external_id = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    level = models.CharField(max_length=200, blank=True)
    split = models.CharField(max_length=10, choices=Split.choices, default=Split.LABEL)

    objects = ProblemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "text_sha256"], name="problem_text_unique"),
            models.CheckConstraint(condition=models.Q(split__in=Split.values), name="problem_split_known"),
        ]


class SolutionQuerySet(models.QuerySet["Solution"]):
    def landed(self) -> "SolutionQuerySet":
        return self.filter(_landed()).exclude(purpose=Purpose.ARRIVING)

    def pool(self, project: Project) -> "SolutionQuerySet":
        """What a round may choose from: unlabelled, unqueued, and never of an evaluation problem."""
        return self.landed().filter(project=project, purpose=Purpose.POOL, problem__split=Split.LABEL)

    def to_label(self, project: Project) -> "SolutionQuerySet":
        """What was ever queued or labelled, and never of an evaluation problem."""
        return self.landed().filter(project=project, purpose=Purpose.LABEL, problem__split=Split.LABEL)


class Solution(models.Model):
    """One attempt at a problem. `content_sha256` covers steps, answer, generator and external id: the same twice is one row."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="solutions")
    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="solutions")
    imported_by = models.ForeignKey(Import, null=True, on_delete=models.PROTECT, related_name="solutions")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    steps = models.JSONField()  # list of str
    answer = models.TextField(null=True, blank=True)  # noqa: DJ001 (gave no answer is not an empty answer)
    alternatives = models.JSONField(default=dict)  # {"0-based step": [str, …]}
    generator = models.CharField(max_length=200, blank=True)
    generation = models.IntegerField(null=True, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    content_sha256 = models.CharField(max_length=64)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)  # empty: not graded yet
    verdict_strict = models.BooleanField(null=True, blank=True)
    verdict_symbolic = models.BooleanField(null=True, blank=True)
    published_correct = models.BooleanField(null=True, blank=True)
    # Steps (0-based) that may reasonably be called the first wrong one; [] says there is none; null says nobody knows.
    gold_first_errors = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SolutionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["problem", "content_sha256"], name="solution_content_unique"),
            models.CheckConstraint(condition=models.Q(purpose__in=Purpose.values), name="solution_purpose_known"),
            models.CheckConstraint(
                condition=models.Q(verdict__in=["", *Verdict.values]), name="solution_verdict_known"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "purpose", "verdict"], name="solution_pool"),
            models.Index(fields=["project", "-id"], name="solution_newest"),
        ]


class StepTreeQuerySet(models.QuerySet["StepTree"]):
    def landed(self) -> "StepTreeQuerySet":
        return self.filter(_landed())


class StepTree(models.Model):
    """Ready-made next steps for building a solution step by step: `[{"text": str, "next": [ …the same… ]}]`. The same twice is one row."""

    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="step_trees")
    imported_by = models.ForeignKey(Import, null=True, on_delete=models.PROTECT, related_name="step_trees")
    tree = models.JSONField()
    content_sha256 = models.CharField(max_length=64)

    objects = StepTreeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["problem", "content_sha256"], name="step_tree_content_unique")]
