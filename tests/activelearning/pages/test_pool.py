"""The page of solutions: who sees it, what it says where there is much and nothing; its figure, and the files to take away."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from activelearning import explorer
from activelearning.evaluation import score_figure
from activelearning.models import ModelKind, RewardModel
from annotation.models import Project, Role, Solution, User, Verdict
from tests.activelearning.test_explorer import SCORER, make_scored
from tests.factories import make_problem, make_solution

pytestmark = pytest.mark.django_db

PAGE = "/projects/algebra/pool/"


@pytest.fixture
def browser(member: Callable[..., User], signed_in: Callable[[User], Client]) -> Client:
    return signed_in(member(Role.REVIEWER))


@pytest.fixture
def model(project: Project) -> RewardModel:
    return RewardModel.objects.create(
        project=project, kind=ModelKind.PRM, name=SCORER, path="m", sha256="0" * 64, is_current=True
    )


@pytest.fixture
def scored(project: Project, model: RewardModel) -> list[Solution]:
    verdicts = (Verdict.WRONG, Verdict.RIGHT, Verdict.RIGHT)
    return [make_scored(project, n, 0.3 * (n + 1), verdict=verdict) for n, verdict in enumerate(verdicts)]


def said(browser: Client, **query: Any) -> str:
    answer = browser.get(PAGE, query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_best_scored_come_first_each_leading_to_its_steps(browser: Client, scored: list[Solution]) -> None:
    page = said(browser)
    assert re.findall(r"/solutions/(\d+)/\?scorer=algebra-prm-1", page) == [str(s.pk) for s in reversed(scored)]
    assert "0.9000" in page
    assert "data-late" in page


def test_the_figure_comes_when_it_is_asked_for_with_its_numbers(browser: Client, scored: list[Solution]) -> None:
    page = said(browser, figure=1)
    assert "data-late" not in page
    assert len(re.findall(r'<rect class="right"', page)) == 2
    assert len(re.findall(r'<rect class="wrong"', page)) == 1
    assert '<rect class="undecided"' not in page
    assert "3 solutions." in page
    assert '<th scope="row">0.30–0.35</th><td class="num">0</td><td class="num">1</td><td class="num">0%</td>' in page


def test_a_filter_narrows_list_and_figure_and_stays_in_every_link(browser: Client, scored: list[Solution]) -> None:
    page = said(browser, verdict="right", figure=1)
    assert "0.3000" not in page
    assert "2 solutions." in page
    for link in ("list/download/", "figure/download/"):
        assert re.search(rf'{link}\?scorer=algebra-prm-1&amp;verdict=right"', page)


def test_pages_lead_on_and_back(browser: Client, scored: list[Solution], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer.page, "__kwdefaults__", {"after": None, "most": 2})
    first = said(browser)
    (link,) = re.findall(r'rel="next" href="\?([^"]*)"', first)
    answer = browser.get(f"{PAGE}?{link.replace('&amp;', '&')}")
    second = answer.content.decode()
    assert re.findall(r"/solutions/(\d+)/", second) == [str(scored[0].pk)]
    assert "First page" in second
    assert "data-late" not in second


@pytest.mark.parametrize("after", ["", "x", "0.5", "0.5_x", "nan_", "_"])
def test_a_page_that_is_none_is_refused(browser: Client, scored: list[Solution], after: str) -> None:
    assert browser.get(PAGE, {"after": after}).status_code == 400


@pytest.mark.parametrize(
    "query", [{"low": "2"}, {"low": "x"}, {"low": "0.9", "high": "0.1"}, {"verdict": "maybe"}, {"scorer": "?"}]
)
def test_a_filter_that_makes_no_sense_is_said_beside_its_field(
    browser: Client, scored: list[Solution], query: dict[str, str]
) -> None:
    answer = browser.get(PAGE, query)
    assert answer.status_code == 400
    assert b'class="errors"' in answer.content
    assert b"/solutions/" not in answer.content
    for name in ("list", "figure"):
        assert browser.get(f"{PAGE}{name}/download/", query).status_code == 400


def test_what_is_not_there_is_said_in_three_ways(browser: Client, project: Project) -> None:
    assert "No solutions yet" in said(browser)
    assert "Import a dataset" not in said(browser)  # a reviewer may not
    make_solution(make_problem(project))
    assert "Nobody has scored" not in said(browser)
    RewardModel.objects.create(project=project, kind=ModelKind.PRM, name=SCORER, path="m", sha256="0" * 64)
    assert "No scores yet" in said(browser)
    assert "Nothing fits this filter" in said(browser, verdict="right")


def test_a_short_look_is_said(browser: Client, scored: list[Solution], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "WINDOWS", (2,))
    page = said(browser, verdict="wrong")
    assert "The next 2 solutions were looked through: 0 of them fit the filter." in page
    assert "Look further" in page


def test_the_list_is_taken_away_whole_as_csv_with_nothing_that_a_spreadsheet_would_carry_out(
    browser: Client, project: Project, scored: list[Solution]
) -> None:
    formula = '=HYPERLINK("http://example.org")'
    problem = make_problem(project, text=formula + '\nand, a "second" line')
    make_scored(project, 50, 0.1 + 0.2, answer="-3", generator="@model")
    Solution.objects.filter(pk=scored[0].pk).update(problem=problem, answer="-x")
    answer = browser.get(f"{PAGE}list/download/", {"high": "0.31"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))
    assert [float(row["score"]) for row in rows] == [0.1 + 0.2, 0.3]
    assert [(row["answer"], row["generator"]) for row in rows] == [("-3", "'@model"), ("'-x", "")]
    assert rows[1]["problem"] == f"'{problem.text}"


def test_the_picture_is_a_png(browser: Client, scored: list[Solution]) -> None:
    answer = browser.get(f"{PAGE}figure/download/")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert browser.get(f"{PAGE}figure/download/", {"scorer": ""}).status_code == 400


def test_a_figure_draws_a_row_a_verdict_that_there_is_and_the_share_that_is_right() -> None:
    counts = {"right": [0, 3], "wrong": [0, 1], "undecided": [0, 0], "ungraded": [2, 0]}
    figure = score_figure.scores(counts)
    assert [axes.get_ylabel() for axes in figure.axes] == ["Right", "Right", "Wrong", "Not graded"]
    (line,) = figure.axes[0].lines
    assert [tuple(point) for point in line.get_xydata()] == [(0.75, 0.75)]
    assert score_figure.png(figure) == score_figure.png(score_figure.scores(counts))


def test_labellers_never_see_it_and_others_do(
    project: Project, member: Callable[..., User], signed_in: Callable[[User], Client], scored: list[Solution]
) -> None:
    for role in Role:
        client = signed_in(member(role))
        for path in (PAGE, f"{PAGE}list/download/", f"{PAGE}figure/download/"):
            assert client.get(path).status_code == (403 if role == Role.LABELLER else 200)
