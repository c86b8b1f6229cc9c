"""The project's solutions by score and verdict: pages of them, all of them, and how scores stand against right and wrong. Reads only.

Quick at millions, whatever is asked for: a page looks through a bounded number of solutions in their order and says where it stopped, and
a figure counts a bounded number of them, drawn evenly by their keys. What is for evaluation is not among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Floor, Mod

from activelearning.models import RewardModel
from annotation.formats.scored_samples import SCORER as IMPORTED
from annotation.models import Annotation, JobState, Problem, Project, Purpose, Score, Solution, Split, Verdict

SHOWN = 50  # rows a page
CHUNK = 1_000  # rows at a time of the whole list
WINDOWS = (1_000, 20_000)  # solutions that are looked through for a page: few first, since mostly that is enough
MOST_PROBLEMS = 200  # that a search may find so that their solutions are looked up by problem, all of them
FIGURE_MOST = 100_000  # solutions that a figure counts
BINS = 20
UNGRADED = "ungraded"
VERDICTS = (Verdict.RIGHT.value, Verdict.WRONG.value, Verdict.UNDECIDED.value, UNGRADED)
LABELLED, WAITING, NEVER = "labelled", "waiting", "never"
ALL = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A filter; what is empty asks for nothing. Without a scorer all solutions are listed, the newest first."""

    scorer: str = ""
    verdict: str = ""  # of `VERDICTS`
    low: float | None = None
    high: float | None = None
    generator: str = ""  # these three: a part of it, in any case
    subject: str = ""
    text: str = ""
    labels: str = ""  # LABELLED, WAITING (somebody is asked to), NEVER (nobody was asked)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Behind which solution a page begins: its score, where they are in the order of scores, and its row's key."""

    score: float | None
    pk: int


@dataclass(slots=True)
class Row:
    solution: Solution
    score: float | None
    cursor: Cursor
    labels: int = 0  # live ones


@dataclass(frozen=True, slots=True)
class Page:
    """`looked_through`: how many solutions were looked through without the page becoming full; 0 where it is, or is the last one."""

    rows: list[Row]
    after: Cursor | None
    looked_through: int = 0


@dataclass(frozen=True, slots=True)
class Spread:
    """How many solutions of each verdict have a score in each of `BINS` equal parts of 0 to 1, counting one in `every`."""

    counts: dict[str, list[int]]
    every: int

    @property
    def total(self) -> int:
        return sum(map(sum, self.counts.values()))


def scorers(project: Project) -> list[str]:
    """Whose scores there may be: the project's models, the newest first, and files."""
    names = RewardModel.objects.filter(project=project).order_by("-pk").values_list("name", flat=True)
    return [*names, IMPORTED]


def usual_scorer(project: Project) -> str:
    """The current model's name, else the newest one's; none where there is no model."""
    names = RewardModel.objects.filter(project=project).order_by("-is_current", "-pk").values_list("name", flat=True)
    return names.first() or ""


def page(*, project: Project, wanted: Wanted, after: Cursor | None = None, most: int = SHOWN) -> Page:
    """The next rows behind `after`, the best scored first. Two or three queries, however many solutions there are."""
    wanted, problems = _found_problems(project, wanted)
    for window in WINDOWS if problems is None else (ALL,):
        found = _look(project, wanted, problems, after, most=most, window=window)
        if len(found.rows) == most or found.after is None:
            break
    _count_labels(found.rows)
    return found


def every_row(*, project: Project, wanted: Wanted) -> Iterator[Row]:
    """All rows, a chunk in memory at a time."""
    found = page(project=project, wanted=wanted, most=CHUNK)
    yield from found.rows
    while found.after is not None:
        found = page(project=project, wanted=wanted, after=found.after, most=CHUNK)
        yield from found.rows


def spread(*, project: Project, wanted: Wanted, most: int = FIGURE_MOST) -> Spread:
    """Scores against verdicts. Of more than `most` scores every second, third … is counted."""
    wanted, problems = _found_problems(project, wanted)
    rows = _in_order(project, wanted)
    every = 1 if problems is not None else max(1, ceil(rows.count() / most))
    if every > 1:
        rows = rows.annotate(place=Mod(F("pk"), every)).filter(place=0)
    rows = rows.filter(_condition(project, wanted, problems, prefix="solution__"))
    counted = rows.order_by().annotate(bin=Floor(F("prm_score") * BINS)).values_list("bin", "solution__verdict")
    counts = {verdict: [0] * BINS for verdict in VERDICTS}
    for number, verdict, count in counted.annotate(count=Count("pk")):
        counts[verdict or UNGRADED][min(max(int(number), 0), BINS - 1)] += count  # a score of 1 is in the last bin
    return Spread(counts=counts, every=every)


# --- what is asked for ------------------------------------------------------------------------------------------------


def _found_problems(project: Project, wanted: Wanted) -> tuple[Wanted, Sequence[int] | None]:
    """Where a search finds few problems, these, and the filter without the search; else all as it is."""
    if not wanted.text and not wanted.subject:
        return wanted, None
    rows = Problem.objects.filter(project=project, split=Split.LABEL)
    rows = rows.filter(text__icontains=wanted.text, subject__icontains=wanted.subject)
    ids = list(rows.values_list("pk", flat=True)[: MOST_PROBLEMS + 1])
    return (wanted, None) if len(ids) > MOST_PROBLEMS else (replace(wanted, text="", subject=""), ids)


def _condition(project: Project, wanted: Wanted, problems: Sequence[int] | None, *, prefix: str) -> Q:
    """The filter on a solution, for rows that have it under `prefix`."""
    asked: dict[str, Any] = {
        "project": project,
        "purpose__in": [Purpose.LABEL, Purpose.POOL],
        "problem__split": Split.LABEL,
    }
    if wanted.verdict:
        asked["verdict"] = "" if wanted.verdict == UNGRADED else wanted.verdict
    for name, part in (
        ("generator", wanted.generator),
        ("problem__subject", wanted.subject),
        ("problem__text", wanted.text),
    ):
        if part:
            asked[f"{name}__icontains"] = part
    if wanted.labels:
        asked["purpose__in"] = [Purpose.POOL] if wanted.labels == NEVER else [Purpose.LABEL]
    landed = Q(**{f"{prefix}imported_by__isnull": True}) | Q(**{f"{prefix}imported_by__state": JobState.DONE})
    condition = Q(**{f"{prefix}{name}": value for name, value in asked.items()}) & landed
    if problems is not None:
        # Its own limit keeps the planner from walking through all scores in search of these few.
        theirs = Solution.objects.filter(problem__in=problems).values("pk")[:ALL]
        condition &= Q(**{f"{prefix}pk__in": theirs})
    if wanted.labels in (LABELLED, WAITING):
        has_label = Exists(Annotation.objects.landed().filter(solution=OuterRef(f"{prefix}pk")))
        condition &= Q(has_label) if wanted.labels == LABELLED else ~Q(has_label)
    return condition


def _in_order(project: Project, wanted: Wanted) -> "QuerySet[Any]":
    """Scores, the best first; solutions, the newest first, where no scorer is asked for."""
    if not wanted.scorer:
        return Solution.objects.filter(project=project).order_by("-pk")
    rows = Score.objects.filter(scorer=wanted.scorer, prm_score__isnull=False).order_by("-prm_score", "-pk")
    if wanted.low is not None:
        rows = rows.filter(prm_score__gte=wanted.low)
    return rows if wanted.high is None else rows.filter(prm_score__lte=wanted.high)


def _behind(rows: "QuerySet[Any]", after: Cursor | None) -> "QuerySet[Any]":
    if after is None:
        return rows
    if after.score is None:
        return rows.filter(pk__lt=after.pk)
    # The first condition says nothing new; it is the one that an index can begin at.
    further = Q(prm_score__lt=after.score) | Q(prm_score=after.score, pk__lt=after.pk)
    return rows.filter(prm_score__lte=after.score).filter(further)


def _look(
    project: Project, wanted: Wanted, problems: Sequence[int] | None, after: Cursor | None, *, most: int, window: int
) -> Page:
    """The first rows that fit among the next `window` behind `after`."""
    scored = bool(wanted.scorer)
    ordered = _behind(_in_order(project, wanted), after)
    fitting = ordered if window == ALL else ordered.model._default_manager.filter(pk__in=ordered.values("pk")[:window])
    fitting = fitting.filter(_condition(project, wanted, problems, prefix="solution__" if scored else ""))
    found = list(_read(fitting, scored)[: most + 1])
    rows = [_row(row, scored) for row in found[:most]]
    if len(found) > most:
        return Page(rows, rows[-1].cursor)
    end = (
        None if window == ALL else ordered.values(*(["prm_score"] if scored else []), "pk")[window - 1 : window].first()
    )
    if end is None:
        return Page(rows, None)
    return Page(rows, Cursor(end.get("prm_score"), end["pk"]), looked_through=window)


def _read(rows: "QuerySet[Any]", scored: bool) -> "QuerySet[Any]":
    """In order, with problems, without the long columns that nobody is shown."""
    unread = ("steps", "alternatives", "problem__solution")
    if not scored:
        return rows.order_by("-pk").select_related("problem").defer(*unread)
    theirs = (f"solution__{name}" for name in unread)
    return rows.order_by("-prm_score", "-pk").select_related("solution__problem").defer("rating_probs", *theirs)


def _row(found: Any, scored: bool) -> Row:
    if not scored:
        return Row(found, None, Cursor(None, found.pk))
    return Row(found.solution, found.prm_score, Cursor(found.prm_score, found.pk))


def _count_labels(rows: Sequence[Row]) -> None:
    ids = [row.solution.pk for row in rows]
    counted = Annotation.objects.live().filter(solution__in=ids).values_list("solution")
    labels = dict(counted.annotate(count=Count("pk")).order_by())
    for row in rows:
        row.labels = labels.get(row.solution.pk, 0)
