"""The page of a reward model: what it is worth, what it came from, and the solutions on which it and labellers part most."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from activelearning import access, interpretation
from activelearning.interpretation import Parting
from activelearning.pages.figures import figures, percent
from annotation.access import RESEARCH
from annotation.models import Project, User
from annotation.pages.door import project_page

SHOWN = 25  # of each of the two kinds


@project_page(RESEARCH)
def detail(request: HttpRequest, user: User, project: Project, model_id: int) -> HttpResponse:
    model = access.reward_model(user=user, model_id=model_id, project=project)
    context = {
        "project": project,
        "model": model,
        "figures": figures(model),
        "neutral": interpretation.neutral_rule(model),
        "missed": _listed(interpretation.missed(model=model, most=SHOWN)),
        "blamed": _listed(interpretation.blamed(model=model, most=SHOWN)),
        "shown": SHOWN,
    }
    return render(request, "activelearning/model.html", context)


def _listed(found: Sequence[Parting]) -> list[dict[str, Any]]:
    return [
        {"solution": row.solution, "step": row.step + 1, "good": percent(row.good), "labels": row.labels}
        for row in found
    ]


urlpatterns = [path("projects/<slug:slug>/models/<int:model_id>/", detail, name="model")]
