"""Conversations: how a solution grows step by step, turn for turn, and the live supplier's work for it.

A conversation belongs to a handout: whoever is handed the problem next begins anew. Until it is submitted it is work in progress, so a
corrected turn is changed in place; the record that counts is the annotation.
"""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from annotation.models.jobs import Job, JobState
from annotation.models.work import Handout


def is_overdue(prefix: str = "") -> models.Q:
    """A supply that was asked for longer ago than a labeller is made to wait, by database time."""
    return models.Q(**{f"{prefix}requested_at__lt": Now() - timedelta(seconds=settings.STEP_SUPPLIER_SECONDS)})


class StepSupply(Job):
    """Next steps that the live supplier is to make, behind these `steps` of this conversation; asked for once."""

    handout = models.ForeignKey(Handout, on_delete=models.CASCADE, related_name="supplies")
    steps = models.JSONField()  # list of str
    steps_sha256 = models.CharField(max_length=64)
    requested_at = models.DateTimeField(db_default=Now())
    alternatives = models.JSONField(null=True, blank=True)  # list of str, once made

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="step_supply_state_known"),
            models.UniqueConstraint(fields=["handout", "steps_sha256"], name="step_supply_once"),
        ]
        indexes = [
            # Asked by the reaper every few seconds, over a table that only grows.
            models.Index(
                fields=["requested_at"], name="step_supply_due", condition=models.Q(state__in=["pending", "running"])
            ),
            # The newest failed ones, for the page of jobs.
            models.Index(fields=["-finished_at"], name="step_supply_failed", condition=models.Q(state="failed")),
        ]


class TurnState(models.TextChoices):
    MAKING = "making", "Being made"
    OPEN = "open", "Open"
    ANSWERED = "answered", "Answered"


class TurnQuerySet(models.QuerySet["Turn"]):
    def in_order(self) -> "TurnQuerySet":
        """With `overdue`: whether a turn that is being made has kept its labeller waiting for too long."""
        late = models.Q(state=TurnState.MAKING) & is_overdue("supply__")
        overdue = models.Case(models.When(late, then=True), default=False, output_field=models.BooleanField())
        return self.annotate(overdue=overdue).order_by("handout_id", "number")


class Turn(models.Model):
    """One turn: what was offered, in the order shown, and what the labeller made of it.

    `order` is a permutation drawn once: the first Great in it goes on, else the first Okay. `ratings` is one `{rating, flagged}` an
    alternative, `written` the labeller's own step where none is Great or Okay, `chosen` the alternative that the conversation went on with.
    """

    handout = models.ForeignKey(Handout, on_delete=models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField()  # 0-based
    state = models.CharField(max_length=10, choices=TurnState.choices)
    supply = models.ForeignKey(StepSupply, null=True, blank=True, on_delete=models.CASCADE, related_name="turns")
    alternatives = models.JSONField(default=list)  # list of str
    order = models.JSONField(default=list)  # list of int
    failed = models.BooleanField(default=False)  # the supplier brought nothing
    ratings = models.JSONField(null=True, blank=True)
    written = models.JSONField(null=True, blank=True)  # {"text": str, "flagged": bool}
    chosen = models.PositiveIntegerField(null=True, blank=True)

    objects = TurnQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["handout", "number"], name="turn_number_unique"),
            models.CheckConstraint(
                condition=(
                    models.Q(state=TurnState.MAKING, supply__isnull=False, ratings__isnull=True)
                    | models.Q(state=TurnState.OPEN, ratings__isnull=True)
                    | models.Q(state=TurnState.ANSWERED, ratings__isnull=False)
                ),
                name="turn_state_holds",
            ),
        ]
        indexes = [
            models.Index(fields=["supply"], name="turn_being_made", condition=models.Q(state="making")),
        ]

    def answer_text(self) -> str:
        """The step that the conversation went on with. Only of an answered turn."""
        if self.chosen is not None:
            return str(self.alternatives[self.chosen])
        if self.written is None:
            raise ValueError("a turn without an answer has no step")
        return str(self.written["text"])


class TurnAnswer(models.Model):
    """One call that answered or corrected a turn, under the client's own key. Append-only: an old call that comes again changes nothing."""

    handout = models.ForeignKey(Handout, on_delete=models.CASCADE, related_name="answers")
    number = models.PositiveIntegerField()
    client_key = models.UUIDField(unique=True)
    request_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
