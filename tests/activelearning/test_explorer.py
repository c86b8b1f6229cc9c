"""The explorer of solutions: in order and whole through any pages, quick whatever is asked for, by any filter; never evaluation."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activelearning import explorer
from activelearning.explorer import LABELLED, NEVER, UNGRADED, WAITING, Wanted, every_row, page, spread
from activelearning.models import ModelKind, RewardModel
from annotation import projects, queue
from annotation.models import Import, JobState, Project, Purpose, Score, Solution, Split, User, Verdict
from annotation.queue import QueueEntry
from tests.activelearning.loop import label_these
from tests.factories import make_problem, make_solution

pytestmark = pytest.mark.django_db

SCORER = "algebra-prm-1"
# Two pairs of ties, and both ends.
SCORES = (0.0, 0.25, 0.5, 0.5, 0.75, 0.75, 1.0)
VERDICTS = (Verdict.WRONG, Verdict.RIGHT, Verdict.WRONG, Verdict.RIGHT, Verdict.UNDECIDED, "", Verdict.RIGHT)


def make_scored(project: Project, number: int, score: float, **fields: Any) -> Solution:
    subject = "Geometry" if number % 2 else "Algebra"
    problem = make_problem(project, text=f"Problem {number} of {project.slug}", subject=subject)
    solution = make_solution(problem, external_id=str(number), **fields)
    Score.objects.create(solution=solution, scorer=SCORER, rating_probs=[], prm_score=score)
    return solution


@pytest.fixture
def scored(project: Project) -> list[Solution]:
    return [
        make_scored(project, n, score, verdict=verdict, generator=f"model-{n % 3}")
        for n, (score, verdict) in enumerate(zip(SCORES, VERDICTS, strict=True))
    ]


def scores_of(project: Project, **wanted: Any) -> list[float | None]:
    return [row.score for row in page(project=project, wanted=Wanted(scorer=SCORER, **wanted)).rows]


@pytest.mark.parametrize("windows", [(1_000, 20_000), (1, 2), (7,)])
@pytest.mark.parametrize("most", [2, 50])
@pytest.mark.parametrize("scorer", [SCORER, ""])
def test_the_pages_together_are_the_list_each_solution_once(
    project: Project, scored: list[Solution], monkeypatch: pytest.MonkeyPatch, windows: Any, most: int, scorer: str
) -> None:
    monkeypatch.setattr(explorer, "WINDOWS", windows)
    wanted, after, found = Wanted(scorer=scorer), None, []
    for _ in range(20):
        here = page(project=project, wanted=wanted, after=after, most=most)
        assert len(here.rows) <= most
        found += here.rows
        after = here.after
        if after is None:
            break
    assert after is None
    newest = [solution.pk for solution in reversed(scored)]
    by_score = [pk for _, pk in sorted(((SCORES[n], s.pk) for n, s in enumerate(scored)), reverse=True)]
    assert [row.solution.pk for row in found] == (by_score if scorer else newest)


def test_a_page_that_looked_through_its_window_says_so_and_goes_on_where_it_stopped(
    project: Project, scored: list[Solution], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explorer, "WINDOWS", (1, 3))
    wanted = Wanted(scorer=SCORER, verdict="wrong")
    first = page(project=project, wanted=wanted)
    assert (first.rows, first.looked_through) == ([], 3)
    second = page(project=project, wanted=wanted, after=first.after)
    assert ([row.score for row in second.rows], second.looked_through) == ([0.5], 3)
    third = page(project=project, wanted=wanted, after=second.after)
    assert ([row.score for row in third.rows], third.after, third.looked_through) == ([0.0], None, 0)


@pytest.mark.parametrize(
    ("wanted", "scores"),
    [
        ({}, [1.0, 0.75, 0.75, 0.5, 0.5, 0.25, 0.0]),
        ({"verdict": "right"}, [1.0, 0.5, 0.25]),
        ({"verdict": "undecided"}, [0.75]),
        ({"verdict": UNGRADED}, [0.75]),
        ({"low": 0.5}, [1.0, 0.75, 0.75, 0.5, 0.5]),
        ({"low": 0.25, "high": 0.5}, [0.5, 0.5, 0.25]),
        ({"generator": "MODEL-0"}, [1.0, 0.5, 0.0]),
        ({"subject": "geom"}, [0.75, 0.5, 0.25]),
        ({"text": "problem 4"}, [0.75]),
        ({"text": "problem", "subject": "alg", "verdict": "wrong"}, [0.5, 0.0]),
        ({"text": "nowhere"}, []),
        ({"text": "%"}, []),
    ],
)
def test_a_filter_finds_what_fits_however_many_problems_it_finds(
    project: Project,
    scored: list[Solution],
    monkeypatch: pytest.MonkeyPatch,
    wanted: Any,
    scores: Any,
) -> None:
    for most_problems in (200, 0):
        monkeypatch.setattr(explorer, "MOST_PROBLEMS", most_problems)
        assert scores_of(project, **wanted) == scores
        found = spread(project=project, wanted=Wanted(scorer=SCORER, **wanted))
        assert (found.total, found.every) == (len(scores), 1)


def test_labelled_waiting_and_never_asked_are_told_apart(project: Project, scored: list[Solution]) -> None:
    label_these(project, {scored[6].pk: False})
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=scored[0].pk)], name="second", generation=1)
    assert scores_of(project, labels=LABELLED) == [1.0]
    assert scores_of(project, labels=WAITING) == [0.0]
    assert scores_of(project, labels=NEVER) == [0.75, 0.75, 0.5, 0.5, 0.25]
    assert [row.labels for row in page(project=project, wanted=Wanted(scorer=SCORER)).rows] == [1, 0, 0, 0, 0, 0, 0]


def test_evaluation_other_projects_and_unfinished_imports_are_not_there(
    project: Project, scored: list[Solution]
) -> None:
    make_scored(project, 90, 0.9, purpose=Purpose.EVALUATION)
    reserved = make_scored(project, 91, 0.9)
    reserved.problem.split = Split.EVALUATE
    reserved.problem.save()
    running = Import.objects.create(project=project, file_name="f", format="auto", state=JobState.RUNNING)
    make_scored(project, 92, 0.9, imported_by=running)
    make_scored(projects.create_project(slug="geometry"), 93, 0.9)
    for scorer in (SCORER, ""):
        assert len(page(project=project, wanted=Wanted(scorer=scorer)).rows) == len(SCORES)
    assert spread(project=project, wanted=Wanted(scorer=SCORER)).total == len(SCORES)


def test_scores_stand_against_verdicts_in_equal_parts_the_highest_in_the_last(
    project: Project, scored: list[Solution]
) -> None:
    counts = spread(project=project, wanted=Wanted(scorer=SCORER)).counts
    places = {verdict: [n for n, count in enumerate(bars) if count] for verdict, bars in counts.items()}
    assert places == {"right": [5, 10, 19], "wrong": [0, 10], "undecided": [15], UNGRADED: [15]}


def test_of_many_scores_a_figure_counts_a_share_drawn_evenly(project: Project) -> None:
    made = [make_scored(project, n, n / 60, verdict=Verdict.RIGHT) for n in range(60)]
    found = spread(project=project, wanted=Wanted(scorer=SCORER), most=20)
    assert found.every == 3
    assert found.total == 20
    assert all(sum(found.counts["right"][n : n + 5]) == 5 for n in range(0, 20, 5))
    narrowed = spread(project=project, wanted=Wanted(scorer=SCORER, text=made[7].problem.text), most=20)
    assert (narrowed.every, narrowed.total) == (1, 1)


def test_all_rows_come_chunk_by_chunk(
    project: Project, scored: list[Solution], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explorer, "CHUNK", 2)
    rows = list(every_row(project=project, wanted=Wanted(scorer=SCORER, verdict="right")))
    assert [row.score for row in rows] == [1.0, 0.5, 0.25]


@pytest.mark.parametrize(
    "wanted", [Wanted(), Wanted(scorer=SCORER), Wanted(scorer=SCORER, text="Problem", labels=LABELLED)]
)
def test_a_page_costs_the_same_queries_however_many_solutions_there_are(project: Project, wanted: Wanted) -> None:
    counts = []
    for first in (0, 10, 40):
        for n in range(first, first + 10):
            make_scored(project, n, n / 50)
        with CaptureQueriesContext(connection) as captured:
            page(project=project, wanted=wanted)
        counts.append(len(captured))
    assert counts[0] >= counts[1] == counts[2] <= 5


def test_the_current_models_word_is_the_usual_one(project: Project, admin: User) -> None:
    def make(name: str, **more: Any) -> RewardModel:
        return RewardModel.objects.create(
            project=project, kind=ModelKind.PRM, name=name, path="m", sha256="0" * 64, **more
        )

    assert explorer.usual_scorer(project) == ""
    make("one")
    make("two", is_current=True)
    make("three")
    assert explorer.usual_scorer(project) == "two"
    assert explorer.scorers(project)[:3] == ["three", "two", "one"]


def test_no_long_text_is_read_that_nobody_is_shown(project: Project, scored: list[Solution]) -> None:
    with CaptureQueriesContext(connection) as captured:
        page(project=project, wanted=Wanted(scorer=SCORER))
    for column in ('"steps"', '"rating_probs"', '"alternatives"'):
        assert column not in "".join(query["sql"] for query in captured)
