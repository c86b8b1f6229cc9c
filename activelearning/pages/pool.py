"""The explorer of solutions: scores against right and wrong, and a list to filter; for reviewers, researchers and admins.

The list comes at once; the figure, which counts many solutions, is asked for by the page when it stands (`?figure=1`).
"""

import csv
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from activelearning import explorer
from activelearning.explorer import Cursor, Row, Spread, Wanted
from activelearning.pages.figures import rounded
from annotation.access import READING, role_in
from annotation.errors import FieldError, InvalidInput
from annotation.formats.scored_samples import SCORER
from annotation.models import Project, Role, User, Verdict
from annotation.pages.door import project_page
from annotation.pages.forms import PlainForm, status_of

TONES = {Verdict.RIGHT: "good", Verdict.WRONG: "bad"}
VERDICT_WORDS = {
    Verdict.RIGHT.value: _("Right"),
    Verdict.WRONG.value: _("Wrong"),
    Verdict.UNDECIDED.value: _("Undecided"),
    explorer.UNGRADED: _("Not graded"),
}
FILLS = {
    Verdict.RIGHT.value: "right",
    Verdict.WRONG.value: "wrong",
    Verdict.UNDECIDED.value: "undecided",
    explorer.UNGRADED: "ungraded",
}
LABELS_WORDS = {
    "": _("Labelled or not"),
    explorer.LABELLED: _("Labelled"),
    explorer.WAITING: _("Waits for labellers"),
    explorer.NEVER: _("Nobody was asked"),
}
COLUMNS = ("id", "score", "scorer", "verdict", "labels", "generator", "subject", "problem", "answer")
# What a spreadsheet would take for a formula. A plain number with its sign is none.
FORMULA = re.compile(r"[=+\-@\t\r](?!\d*\.?\d+\Z)")


class FilterForm(PlainForm):
    scorer = forms.ChoiceField(required=False, label=_("Scored by"))
    verdict = forms.ChoiceField(required=False, label=_("Verdict"), choices=[("", _("Any")), *VERDICT_WORDS.items()])
    low = forms.FloatField(required=False, label=_("Score from"), min_value=0, max_value=1)
    high = forms.FloatField(required=False, label=_("Score to"), min_value=0, max_value=1)
    labels = forms.ChoiceField(required=False, label=_("Labels"), choices=list(LABELS_WORDS.items()))
    generator = forms.CharField(required=False, label=_("Generator"), max_length=200)
    subject = forms.CharField(required=False, label=_("Subject"), max_length=200)
    text = forms.CharField(required=False, label=_("In the problem's text"), max_length=200, strip=False)

    def __init__(self, *args: Any, scorers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        told = {SCORER: gettext("the imported file")}
        choices = [("", gettext("nobody: the newest first")), *((name, told.get(name, name)) for name in scorers)]
        self.fields["scorer"].choices = choices  # type: ignore[attr-defined]
        for name in ("low", "high"):
            self.fields[name].widget.attrs |= {"step": "any"}

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        low, high = given.get("low"), given.get("high")
        if low is not None and high is not None and low > high:
            self.add_error("high", gettext("must not be less than the score from which on"))
        return given

    def wanted(self) -> Wanted:
        return Wanted(**self.cleaned_data)


@project_page(READING)
def index(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    form = _form(request, project)
    if not form.is_valid():
        return render(request, "activelearning/pool.html", {"project": project, "form": form}, **status_of(form))
    wanted = form.wanted()
    found = explorer.page(project=project, wanted=wanted, after=_cursor(request))
    query = _query(wanted)
    context = {
        "project": project,
        "form": form,
        "wanted": wanted,
        "found": found,
        "rows": [_listed(row) for row in found.rows],
        "is_first": "after" not in request.GET,
        "is_filtered": any(value not in ("", None) for name, value in vars(wanted).items() if name != "scorer"),
        "administers": role_in(user=user, project=project) == Role.ADMIN,
        "query": query,
        "next": f"{query}&{urlencode({'after': _written(found.after)})}" if found.after else "",
        "figure": _figure(wanted, project) if wanted.scorer and "figure" in request.GET else None,
    }
    return render(request, "activelearning/pool.html", context)


@project_page(READING)
def list_download(request: HttpRequest, user: User, project: Project) -> StreamingHttpResponse:
    """The filtered list, all of it, as CSV."""
    wanted = _valid(_form(request, project))
    headers = {"Content-Disposition": f'attachment; filename="{project.slug}-solutions.csv"'}
    rows = explorer.every_row(project=project, wanted=wanted)
    return StreamingHttpResponse(_csv(rows, wanted), content_type="text/csv; charset=utf-8", headers=headers)


@project_page(READING)
def figure_download(request: HttpRequest, user: User, project: Project) -> HttpResponse:
    """The figure of the filtered solutions as a picture."""
    from activelearning.evaluation import score_figure  # here: the web loads matplotlib for whoever wants a picture

    wanted = _valid(_form(request, project))
    if not wanted.scorer:
        raise InvalidInput(gettext("Choose by whom they are scored."), errors=[FieldError("scorer", "is missing")])
    found = explorer.spread(project=project, wanted=wanted)
    headers = {"Content-Disposition": f'attachment; filename="{project.slug}-scores.png"'}
    return HttpResponse(score_figure.png(score_figure.scores(found.counts)), content_type="image/png", headers=headers)


# --- what is asked for ------------------------------------------------------------------------------------------------


def _form(request: HttpRequest, project: Project) -> FilterForm:
    """Bound to the address; whoever asks for no scorer in particular sees the current model's word."""
    given = request.GET.copy()
    if "scorer" not in given:
        given["scorer"] = explorer.usual_scorer(project)
    return FilterForm(given, scorers=explorer.scorers(project))


def _valid(form: FilterForm) -> Wanted:
    if not form.is_valid():
        refused = [FieldError(name, str(error)) for name, found in form.errors.items() for error in found]
        raise InvalidInput(gettext("Some fields were refused."), errors=refused)
    return form.wanted()


def _query(wanted: Wanted) -> str:
    """The filter as an address has it; the scorer always, since leaving it out means the usual one."""
    return urlencode(
        {name: value for name, value in vars(wanted).items() if name == "scorer" or value not in ("", None)}
    )


def _written(cursor: Cursor) -> str:
    """The score to its last bit, then the key."""
    return f"{'' if cursor.score is None else repr(cursor.score)}_{cursor.pk}"


def _cursor(request: HttpRequest) -> Cursor | None:
    given = request.GET.get("after")
    if given is None:
        return None
    score, _, key = given.partition("_")
    try:
        return Cursor(float(score) if score else None, int(key[:18]))
    except ValueError:
        raise InvalidInput(gettext("There is no such page. Begin at the first one.")) from None


# --- what is shown ----------------------------------------------------------------------------------------------------


def _listed(row: Row) -> dict[str, Any]:
    verdict = row.solution.verdict
    return {
        "solution": row.solution,
        "score": None if row.score is None else number_format(round(row.score, 4), 4),
        "verdict": VERDICT_WORDS[verdict or explorer.UNGRADED],
        "tone": TONES.get(Verdict(verdict), "warn") if verdict else "",
        "labels": row.labels,
    }


def _figure(wanted: Wanted, project: Project) -> dict[str, Any]:
    found = explorer.spread(project=project, wanted=wanted)
    shown = {verdict: counts for verdict, counts in found.counts.items() if sum(counts)}
    return {
        "total": found.total,
        "every": found.every,
        "rows": [_bars(verdict, counts) for verdict, counts in shown.items()],
        "shares": _shares(found),
        "table": _table(found, list(shown)),
        "heads": [VERDICT_WORDS[verdict] for verdict in shown],
    }


def _bars(verdict: str, counts: list[int]) -> dict[str, Any]:
    """Bars from the bottom of a picture that is `BINS` wide and 100 high, the highest as high as that."""
    highest = max(counts)
    bars = [_bar(place, count / highest) for place, count in enumerate(counts) if count]
    return {
        "fill": FILLS[verdict],
        "word": VERDICT_WORDS[verdict],
        "total": sum(counts),
        "highest": highest,
        "bars": bars,
    }


def _shares(found: Spread) -> list[dict[str, str]]:
    """Of those decided, how many are right, as bars. A bin in which nothing is decided has none."""
    pairs = zip(found.counts["right"], found.counts["wrong"], strict=True)
    return [_bar(place, right / (right + wrong)) for place, (right, wrong) in enumerate(pairs) if right + wrong]


def _bar(place: int, share: float) -> dict[str, str]:
    # For the drawing alone, with the point that SVG wants in every language; what is hardly there stays to be seen.
    height = max(100 * share, 1.0)
    return {"x": f"{place + 0.06:.2f}", "y": f"{100 - height:.2f}", "height": f"{height:.2f}"}


def _table(found: Spread, shown: list[str]) -> list[dict[str, Any]]:
    rows = []
    for place in range(explorer.BINS):
        right, wrong = found.counts["right"][place], found.counts["wrong"][place]
        ends = (number_format(end / explorer.BINS, 2) for end in (place, place + 1))
        rows.append(
            {
                "scores": "–".join(ends),
                "counts": [found.counts[verdict][place] for verdict in shown],
                "right": rounded(right / (right + wrong)) if right + wrong else "–",
            }
        )
    return rows


class _Line:
    """A file of one line, for the CSV writer to write into."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterator[Row], wanted: Wanted) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in rows:
        solution, problem = row.solution, row.solution.problem
        score = "" if row.score is None else repr(row.score)
        texts = (solution.generator, problem.subject, problem.text, solution.answer or "")
        facts = (solution.pk, score, wanted.scorer, solution.verdict or explorer.UNGRADED, row.labels)
        yield writer.writerow([*facts, *map(_inert, texts)])


def _inert(text: str) -> str:
    """As it is, but with an apostrophe before what a spreadsheet would carry out."""
    return f"'{text}" if FORMULA.match(text) else text


urlpatterns = [
    path("projects/<slug:slug>/pool/", index, name="pool"),
    path("projects/<slug:slug>/pool/list/download/", list_download, name="pool-list"),
    path("projects/<slug:slug>/pool/figure/download/", figure_download, name="pool-figure"),
]
