"""A project: instructions, protocol, people and problems."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

INSTRUCTIONS_MAX = 20_000  # characters; measured: what is drawn of them holds no page up


class Protocol(models.TextChoices):
    WHOLE_SOLUTION = "whole-solution", _("Whole solution (phase 2)")
    STEP_BY_STEP = "step-by-step", _("Step by step (phase 1)")


class Project(models.Model):
    slug = models.CharField(
        max_length=60,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", _("Use lower-case letters, digits and single hyphens."))
        ],
    )
    name = models.CharField(max_length=120)
    protocol = models.CharField(max_length=20, choices=Protocol.choices, default=Protocol.WHOLE_SOLUTION)
    instructions = models.TextField(blank=True)
    paused = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(protocol__in=Protocol.values), name="project_protocol_known")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            MaxLengthValidator(INSTRUCTIONS_MAX)(self.instructions)
        except ValidationError as error:
            raise ValidationError({"instructions": error}) from error
