"""Who may see which row of the loop: researchers and admins of its project. Invisible and absent are both `NotFound`."""

from typing import TypeVar

from django.db.models import QuerySet

from activelearning.models import RewardModel, Round
from annotation.access import RESEARCH
from annotation.errors import NotFound
from annotation.models import Project, User

Row = TypeVar("Row", Round, RewardModel)


def _for_research(rows: "QuerySet[Row]", user: User) -> "QuerySet[Row]":
    return rows.filter(project__memberships__user=user, project__memberships__role__in=RESEARCH)


def round_(*, user: User, round_id: int) -> Round:
    rows = Round.objects.select_related("project", "batch", "reward_model").filter(pk=round_id)
    return _one(_for_research(rows, user))


def round_numbered(*, user: User, project: Project, number: int) -> Round:
    rows = Round.objects.select_related("project", "batch", "reward_model", "snapshot", "created_by")
    return _one(_for_research(rows.filter(project=project, number=number), user))


def reward_model(*, user: User, model_id: int) -> RewardModel:
    rows = RewardModel.objects.select_related("project", "round", "snapshot").filter(pk=model_id)
    return _one(_for_research(rows, user))


def _one(rows: "QuerySet[Row]") -> Row:
    row = rows.first()
    if row is None:
        raise NotFound
    return row
