"""The page that says where a line, a solution or a model comes from, each link leading on to the row that it stands for."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext, pgettext

from activelearning import lineage
from activelearning.retelling import retold
from annotation.access import RESEARCH
from annotation.models import Project, User
from annotation.pages.door import project_page

KINDS = ("annotation", "solution", "model", "line", "snapshot")


@project_page(RESEARCH)
def detail(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    asked = any(request.GET.get(kind) for kind in KINDS)
    links = lineage.asked_for(project, request.GET.dict()) if asked else []
    context = {"project": project, "asked": asked, "links": [_shown(link) for link in links]}
    return render(request, "activelearning/lineage.html", context)


def _shown(link: dict[str, Any]) -> dict[str, Any]:
    found = {**link, "label": _labels()[link["kind"]]}
    if link["kind"] == "choice":
        found["reason"] = retold(link["reason"])
    if link["kind"] == "batch":
        found["name"] = retold(link["name"])
    return found


def _labels() -> dict[str, str]:
    return {
        "annotation": gettext("Label"),
        "work_item": gettext("Work item"),
        "batch": gettext("Batch"),
        "choice": gettext("Chosen by a round"),
        "solution": gettext("Solution"),
        "score": pgettext("lineage", "Scored"),
        "model": gettext("Reward model"),
        "round": gettext("Round"),
        "snapshot": gettext("Labels learnt from"),
    }


urlpatterns = [path("projects/<slug:slug>/lineage/", detail, name="lineage")]
