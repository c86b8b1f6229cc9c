"""Pages of the loop for researchers: the rounds so far, a new one, one with its stages, figures and choices."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import get_language, gettext

from activelearning import access, automatic, round_config, rounds, tasks, verdict_words
from activelearning.api.shown import stage_shown, verdict_shown
from activelearning.models import RewardModel, Round, RoundState, Stage
from activelearning.pages import charts, choices
from activelearning.pages.figures import figures, labelled, sampled_told
from activelearning.pages.forms import AutomaticForm, RoundForm, initial
from activelearning.retelling import retold
from annotation.access import RESEARCH
from annotation.errors import DomainError
from annotation.models import JobState, Project, Solution, User
from annotation.pages.door import project_page
from annotation.pages.forms import status_of
from annotation.words import midsentence

ROUNDS_SHOWN = 100
TONES = {"running": "accent", "done": "good", "failed": "bad", "cancelled": "okay"}


@project_page(RESEARCH)
def index(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    rows = Round.objects.filter(project=project).select_related("batch", "reward_model", "created_by")
    found = list(rows.order_by("-number")[:ROUNDS_SHOWN])
    listed = [
        {"round": row, "tone": TONES[row.state], "model": _model(row), "metrics": figures(_model(row))} for row in found
    ]
    context = {
        "project": project,
        "rounds": listed,
        "active": next((row for row in found if row.state == RoundState.RUNNING), None),
        "loop": automatic.standing(project),
        "curve": charts.learning_curve(found),
    }
    return render(request, "activelearning/rounds.html", context)


@project_page(RESEARCH, "GET", "POST")
def new(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    last = Round.objects.filter(project=project).order_by("-number").first()
    form = RoundForm(request.POST or None, initial=initial(last.config if last else None))
    if request.method == "POST" and form.is_valid():
        try:
            started = rounds.start_round(project=project, config=form.config(), actor=user)
        except DomainError as error:
            form.refused(error)
        else:
            tasks.nudge_on_commit(started.pk)
            return redirect("round", project.slug, started.number)
    pool = Solution.objects.pool(project).count()
    context = {"project": project, "form": form, "pool": pool, "last": last, "changes": _to_compare(form, last)}
    return render(request, "activelearning/round_new.html", context, **status_of(form))


def _to_compare(form: RoundForm, last: Round | None) -> dict[str, Any] | None:
    """What the page's script holds the form against: each field's last value and default, as the form writes them."""
    if last is None:
        return None
    before, defaults = initial(last.config), initial(None)
    shown = {field.name: str(field.label) for field in form.visible_fields()}
    return {
        "fields": {
            name: {"label": label, "last": before[name], "default": defaults[name]} for name, label in shown.items()
        },
        "words": {
            "changed": gettext("{label}: {last} → {now}"),
            "default": gettext("default {default}"),
            "on": gettext("yes"),
            "off": gettext("no"),
            "none": gettext("no limit"),
        },
    }


@project_page(RESEARCH, "POST")
def automatically(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    form = AutomaticForm(request.POST)
    if form.is_valid():
        automatic.set_after(project=project, after=form.cleaned_data["auto_round_after"], actor=user)
        messages.success(request, gettext("Saved."))
    else:
        messages.error(request, gettext("Give a whole number of labels, or nothing."))
    return redirect("rounds", project.slug)


@project_page(RESEARCH)
def detail(request: HttpRequest, user: User, project: Project, number: int) -> HttpResponse:
    found = access.round_numbered(user=user, project=project, number=number)
    stages = list(found.stages.order_by("order"))
    model = _model(found)
    context = {
        "project": project,
        "round": found,
        "tone": TONES[found.state],
        "running": found.state == RoundState.RUNNING,
        "can_retry": found.state in (RoundState.FAILED, RoundState.CANCELLED),
        "stages": [_staged(stage) for stage in stages],
        "failed": next((stage for stage in stages if stage.state == JobState.FAILED), None),
        "message": next((retold(s.progress.get("message", "")) for s in stages if s.state == JobState.RUNNING), ""),
        "error": retold(found.error),
        "batch_name": retold(str(found.batch or "")),
        "words": _words(),
        "loss_curve": next((s.progress["loss_curve"] for s in stages if s.progress.get("loss_curve")), []),
        "by_itself": found.created_by is None and automatic.was_started(found),
        "model": model,
        "figures": figures(model),
        "verdict": verdict_shown(found),
        "promotion": _promotion(found),
        "changes": _changes(found),
        "files": {name: f"{project.slug}-{number}-{name.replace('_', '-')}" for name in ("best_of_n", "calibration")},
        "best_of_n": charts.best_of_n(found.outcome.get("best_of_n")),
        "sampled_on": sampled_told(found.outcome.get("best_of_n")),
        "calibration": charts.calibration(found.outcome.get("step")),
        "labelled": labelled(found.outcome),
        "control": verdict_words.control_told(found.outcome["control"]) if "control" in found.outcome else "",
        **choices.context(found, request),
    }
    return render(request, "activelearning/round.html", context)


@project_page(RESEARCH, "POST")
def cancel(request: HttpRequest, user: User, project: Project, number: int) -> HttpResponse:
    found = access.round_numbered(user=user, project=project, number=number)
    return _act(
        request, found, lambda: rounds.cancel_round(round_=found, actor=user), gettext("Round %(number)s is cancelled.")
    )


@project_page(RESEARCH, "POST")
def retry(request: HttpRequest, user: User, project: Project, number: int) -> HttpResponse:
    found = access.round_numbered(user=user, project=project, number=number)

    def go_on() -> None:
        rounds.retry_round(round_=found, actor=user)
        tasks.nudge_on_commit(found.pk)

    return _act(request, found, go_on, gettext("Round %(number)s goes on."))


def _act(request: HttpRequest, found: Round, act: Any, said: str) -> HttpResponse:
    try:
        act()
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, said % {"number": found.number})
    return redirect("round", found.project.slug, found.number)


def _model(found: Round) -> RewardModel | None:
    return getattr(found, "reward_model", None)


def _changes(found: Round) -> dict[str, Any] | None:
    """Against the round before, which is None for the first."""
    before = Round.objects.filter(project=found.project_id, number=found.number - 1).first()
    if before is None:
        return None
    rows = round_config.changes(found.config, before.config)
    return {
        "number": before.number,
        "rows": [{name: value if name == "field" else _said(value) for name, value in row.items()} for row in rows],
    }


def _said(value: object) -> object:
    """A setting's value as JSON writes it, so that it can be copied into a configuration; a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _promotion(found: Round) -> str:
    given = found.outcome.get("promotion")
    return verdict_words.promotion_told(given["reason"], promoted=given["promoted"]) if given else ""


def _staged(stage: Stage) -> dict[str, Any]:
    shown = stage_shown(stage)
    words = midsentence(JobState(stage.state).label)
    return {
        **shown,
        "label": stage.get_name_display(),
        "state_label": words,
        "summary": retold(stage.result.get("summary", "")),
        "error": retold(stage.error),
    }


def _words() -> dict[str, Any]:
    """What the page's script writes while the round goes on."""
    states = {state: midsentence(label) for state, label in JobState.choices}
    return {
        "language": get_language(),
        "states": {**states, "waiting": states[JobState.PENDING]},
        "counted": gettext("{done} of {total}"),
    }


urlpatterns = [
    path("projects/<slug:slug>/rounds/", index, name="rounds"),
    path("projects/<slug:slug>/rounds/new/", new, name="round-new"),
    path("projects/<slug:slug>/rounds/automatic/", automatically, name="rounds-automatic"),
    path("projects/<slug:slug>/rounds/<int:number>/", detail, name="round"),
    path("projects/<slug:slug>/rounds/<int:number>/cancel/", cancel, name="round-cancel"),
    path("projects/<slug:slug>/rounds/<int:number>/retry/", retry, name="round-retry"),
]
