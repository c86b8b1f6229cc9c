"""The page of a solution: what a model says of each step beside what labellers said, and where the two part.

Reviewers, researchers and admins see it. Who labelled is named to admins alone; others are told the labellers apart by numbers.
"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext, ngettext, pgettext

from activelearning import interpretation
from activelearning.interpretation import Label, Reading
from activelearning.pages.figures import percent, rounded
from activelearning.retelling import retold
from activelearning.rewardmodel.examples import ANSWER_MARK
from annotation import access
from annotation.models import Project, Role, User, Verdict
from annotation.pages.door import project_page

TONES = {-1: "bad", 0: "okay", 1: "great"}
VERDICT_TONES = {Verdict.RIGHT: "good", Verdict.WRONG: "bad"}


@project_page(access.LABELLING)
def detail(request: HttpRequest, user: User, project: Project, solution_id: int) -> HttpResponse:
    solution = access.solution(user=user, solution_id=solution_id, project=project)
    found = interpretation.read(solution=solution, scorer=request.GET.get("scorer"))
    names = _names(found, named=access.role_in(user=user, project=project) == Role.ADMIN)
    context = {
        "project": project,
        "solution": solution,
        "verdict_tone": VERDICT_TONES.get(Verdict(solution.verdict), "warn") if solution.verdict else "warn",
        "reading": found,
        "told": told(found),
        "partings": [step + 1 for step in found.partings],
        "agree": bool(found.good and any(label.ratings for label in found.labels) and not found.partings),
        "steps": [_step(found, step, text, names) for step, text in enumerate(solution.steps)],
        "labels": [_label(label, names) for label in found.labels],
        "chosen": [{"round": row.round, "rank": row.rank, "reason": retold(row.reason)} for row in found.selected],
        "neutral": interpretation.neutral_rule(found.model),
    }
    return render(request, "activelearning/solution.html", context)


def rating_words() -> dict[int, str]:
    """The desk's own words."""
    return {-1: pgettext("rating", "Bad"), 0: pgettext("rating", "Okay"), 1: pgettext("rating", "Great")}


# --- in one sentence ------------------------------------------------------------------------------------------------


def told(found: Reading) -> str:
    """What the model calls wrong and what labellers do, in one sentence."""
    by_labels = [_named(step, count) for step, count in found.said.items()]
    if found.unfinished:
        by_labels.append(
            ngettext("%(count)d labeller did not finish", "%(count)d labellers did not finish", found.unfinished)
            % {"count": found.unfinished}
        )
    return "; ".join([_by_model(found), *(by_labels or [gettext("nobody has labelled it yet")])]) + "."


def _by_model(found: Reading) -> str:
    if found.score is None:
        return gettext("No model has scored this solution")
    if not found.good:
        return gettext("The model says nothing of its steps")
    if found.predicted_error is None:
        return gettext("The model calls no step wrong")
    return gettext("The model calls step %(step)d wrong") % {"step": found.predicted_error + 1}


def _named(step: int | None, count: int) -> str:
    if step is None:
        said = ngettext("%(count)d labeller finds no wrong step", "%(count)d labellers find no wrong step", count)
        return said % {"count": count}
    said = ngettext("%(count)d labeller says step %(step)d", "%(count)d labellers say step %(step)d", count)
    return said % {"count": count, "step": step + 1}


# --- step by step ---------------------------------------------------------------------------------------------------


def _step(found: Reading, step: int, text: str, names: dict[int, str]) -> dict[str, Any]:
    scored = step < len(found.good)
    parting = [label for label in found.labels if label.parts_at == step]
    said, mark, answer = text.partition(ANSWER_MARK)
    return {
        "number": step + 1,
        "text": said,
        "answer": answer if mark else None,
        "strip": _strip(found.probabilities[step]) if scored else None,
        "good": percent(found.good[step]) if scored else None,
        "is_predicted_error": step == found.predicted_error,
        "ratings": _ratings(found.labels, step, names),
        "parting": _parting(parting, step),
    }


def _strip(probabilities: Sequence[float]) -> dict[str, Any]:
    """Three stretches from left to right, in per cent of the strip, and the same in words."""
    words = rating_words()
    parts, left = [], 0.0
    for rating, chance in zip(words, probabilities, strict=True):
        # For the drawing alone, with the point that SVG wants in every language.
        drawn = {"x": f"{left:.3f}%", "width": f"{chance * 100:.3f}%"}
        said = {"word": words[rating], "percent": percent(chance), "rounded": rounded(chance)}
        parts.append({"tone": TONES[rating], **said, **drawn})
        left += chance * 100
    return {"parts": parts, "said": ", ".join(f"{part['word']} {part['percent']}" for part in parts)}


def _ratings(labels: Sequence[Label], step: int, names: dict[int, str]) -> list[dict[str, Any]]:
    """Who gave this step which rating, Bad first; None is a step that a labeller went over without one."""
    given = [(label.ratings[step], names[label.number]) for label in labels if step < len(label.ratings)]
    words = [*rating_words().items(), (None, gettext("Not rated"))]
    return [
        {"tone": "" if rating is None else TONES[rating], "word": word, "who": who}
        for rating, word in words
        if (who := list(dict.fromkeys(name for mark, name in given if mark == rating)))
    ]


def _parting(labels: Sequence[Label], step: int) -> str:
    """Who says what where they part; empty where they do not."""
    count = len({label.number for label in labels})
    if not count:
        return ""
    if any(label.first_error == step for label in labels):
        said = ngettext(
            "They part here: %(count)d labeller calls this step wrong, the model does not.",
            "They part here: %(count)d labellers call this step wrong, the model does not.",
            count,
        )
    else:
        said = ngettext(
            "They part here: the model calls this step wrong, %(count)d labeller does not.",
            "They part here: the model calls this step wrong, %(count)d labellers do not.",
            count,
        )
    return said % {"count": count}


# --- labels ---------------------------------------------------------------------------------------------------------


def _names(found: Reading, *, named: bool) -> dict[int, str]:
    """By the labellers' numbers."""
    return {
        label.number: str(label.labeller.user or label.labeller)
        if named
        else gettext("labeller %(number)d") % {"number": label.number}
        for label in found.labels
    }


def _label(label: Label, names: dict[int, str]) -> dict[str, Any]:
    return {
        "annotation": label.annotation,
        "who": names[label.number],
        "first_error": None if label.first_error is None else label.first_error + 1,
        "parts_at": None if label.parts_at is None else label.parts_at + 1,
        "note": label.annotation.error_note or label.annotation.reason,
    }


urlpatterns = [path("projects/<slug:slug>/solutions/<int:solution_id>/", detail, name="solution")]
