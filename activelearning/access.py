"""Who may see which row of the loop: researchers and admins of its project. Invisible and absent are both `NotFound`.

Reviewers too may have a solution scored that they bring themselves; a labeller never meets a model's word.
"""

from typing import TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext

from activelearning.models import RewardModel, Round, Scoring, Selected
from annotation.access import READING, RESEARCH
from annotation.errors import Forbidden, NotFound
from annotation.models import Project, User

Row = TypeVar("Row", Round, RewardModel, Scoring)
ProjectRow = TypeVar("ProjectRow", Round, RewardModel)


def require_operator(*, user: User) -> None:
    """The jobs of all projects at once are an operator's business. Raises `Forbidden`."""
    if not user.is_operator:
        raise Forbidden(gettext("Only an operator of this installation sees the jobs of all projects."))


def _for_research(rows: "QuerySet[ProjectRow]", user: User) -> "QuerySet[ProjectRow]":
    return rows.filter(project__memberships__user=user, project__memberships__role__in=RESEARCH)


def round_(*, user: User, round_id: int) -> Round:
    rows = Round.objects.select_related("project", "batch", "reward_model").filter(pk=round_id)
    return _one(_for_research(rows, user))


def round_numbered(*, user: User, project: Project, number: int) -> Round:
    rows = Round.objects.select_related("project", "batch", "reward_model", "snapshot", "created_by", "before")
    return _one(_for_research(rows.filter(project=project, number=number), user))


def rounds_before(*, project: Project, number: int | None, most: int) -> list[Round]:
    """Newest first, of a project fetched for research: those below `number` (None: all), with batch and reward model."""
    rows = Round.objects.filter(project=project).select_related("batch", "reward_model").order_by("-number")
    return list((rows if number is None else rows.filter(number__lt=number))[:most])


def choices_after(*, round_: Round, rank: int, most: int) -> list[Selected]:
    """Of a round fetched for research: what it chose from below this rank on, best first, with solutions and problems."""
    rows = Selected.objects.filter(round=round_, rank__gt=rank).select_related("solution__problem")
    return list(rows.order_by("rank")[:most])


def reward_model(*, user: User, model_id: int, project: Project | None = None) -> RewardModel:
    """Of this project, where one is given."""
    rows = RewardModel.objects.select_related("project", "round", "snapshot").filter(pk=model_id)
    return _one(_for_research(rows if project is None else rows.filter(project=project), user))


def scoring_model(*, user: User, model_id: int) -> RewardModel:
    """A reward model that this person may have solutions scored by."""
    may = {"project__memberships__user": user, "project__memberships__role__in": READING}
    return _one(RewardModel.objects.select_related("project").filter(pk=model_id, **may))


def scoring(*, user: User, scoring_id: int) -> Scoring:
    """A solution that was given to be scored, for all who may give one to its model."""
    memberships = "reward_model__project__memberships"
    may = {f"{memberships}__user": user, f"{memberships}__role__in": READING}
    return _one(Scoring.objects.filter(pk=scoring_id, **may))


def _one(rows: "QuerySet[Row]") -> Row:
    row = rows.first()
    if row is None:
        raise NotFound
    return row
