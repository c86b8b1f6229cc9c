"""The page of a reward model: what it is worth, what it came from, and the solutions on which it and labellers part most."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.formats import number_format
from django.utils.translation import gettext

from activelearning import access, comparing, interpretation, promotion, verdict_words
from activelearning.interpretation import Parting
from activelearning.models import RewardModel
from activelearning.pages import charts
from activelearning.pages.figures import figures, percent
from annotation.access import RESEARCH
from annotation.errors import DomainError
from annotation.models import Project, User
from annotation.pages.door import project_page

SHOWN = 25  # of each of the two kinds
OTHERS = 50  # models to compare with


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
        "has_judged": interpretation.has_judged(model),
        "may_promote": promotion.may_promote(model),
        "others": _others(model),
        "shown": SHOWN,
    }
    return render(request, "activelearning/model.html", context)


@project_page(RESEARCH, "POST")
def promote(request: HttpRequest, user: User, project: Project, model_id: int) -> HttpResponse:
    model = access.reward_model(user=user, model_id=model_id, project=project)
    try:
        promotion.promote(model=model, actor=user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, gettext("%(model)s is the current model now.") % {"model": model.name})
    return redirect("model", project.slug, model.pk)


@project_page(RESEARCH)
def compare(request: HttpRequest, user: User, project: Project, model_id: int) -> HttpResponse:
    """Two models side by side; the other one stands in the address as `with`."""
    model = access.reward_model(user=user, model_id=model_id, project=project)
    others = _others(model)
    named = request.GET.get("with", "")
    if not named.isascii() or not named.isdigit() or len(named) > 18:
        named = str(others[0].pk) if others else ""
    other = access.reward_model(user=user, model_id=int(named), project=project) if named else None
    found = comparing.compared(model, other) if other else None
    context = {
        "project": project,
        "model": model,
        "other": other,
        "others": others,
        "rows": compared_rows(found) if found else [],
        "found": found,
        "chart": charts.of_two(found, model.name, other.name) if found and other else None,
    }
    return render(request, "activelearning/compare.html", context)


def _others(model: RewardModel) -> list[RewardModel]:
    """The project's other models, the newest first: what it may be compared with."""
    return list(RewardModel.objects.filter(project=model.project_id).exclude(pk=model.pk).order_by("-pk")[:OTHERS])


def compared_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """A table: what is measured, both models' figures, and the difference in words."""
    rows = []
    if step := found["step"]:
        for name, words in _STEP_FIGURES.items():
            gain = step["difference"][name]
            rows.append(
                {
                    "name": words(),
                    "one": percent(step["one"][name]),
                    "other": percent(step["other"][name]),
                    "difference": _difference(gain),
                }
            )
    if best := found["best_of_n"]:
        for place, n in enumerate(best["difference"]["n"]):
            rows.append(
                {
                    "name": gettext("Best of %(n)s") % {"n": number_format(n, force_grouping=True)},
                    "one": percent(best["one"]["prm"]["mean"][place]),
                    "other": percent(best["other"]["prm"]["mean"][place]),
                    "difference": _difference(best["difference"]["differences"][place]),
                }
            )
    return rows


def _difference(gain: dict[str, Any]) -> dict[str, str]:
    """Signed points and their interval; told apart from chance by its colour where the interval leaves zero out."""
    if gain["difference"] is None:
        return {"said": "–", "tone": "", "interval": ""}
    interval = gain["interval"]
    tone = "" if interval is None else "good" if interval["low"] > 0 else "bad" if interval["high"] < 0 else ""
    ends = verdict_words.between(interval) if interval else ""
    return {"said": verdict_words.points(gain["difference"]), "tone": tone, "interval": ends}


_STEP_FIGURES: dict[str, Callable[[], str]] = {
    "step_auc": lambda: gettext("Step AUC"),
    "first_error_accuracy": lambda: gettext("First error found"),
    "f1": lambda: gettext("F1 of finding the first error"),
}


def _listed(found: Sequence[Parting]) -> list[dict[str, Any]]:
    return [
        {"solution": row.solution, "step": row.step + 1, "good": percent(row.good), "labels": row.labels}
        for row in found
    ]


urlpatterns = [
    path("projects/<slug:slug>/models/<int:model_id>/", detail, name="model"),
    path("projects/<slug:slug>/models/<int:model_id>/promote/", promote, name="model-promote"),
    path("projects/<slug:slug>/models/<int:model_id>/compare/", compare, name="model-compare"),
]
