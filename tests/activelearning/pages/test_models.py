"""A reward model's page: who may see it, what it says of the model, and the solutions on which it and labellers part most."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activelearning import interpretation, rounds
from activelearning.models import RewardModel, Round, RoundState, Selected
from annotation import projects, snapshots
from annotation.models import Project, Role, Score, Solution, User
from tests.activelearning.pages.test_solutions import BAD, GOOD, OKAY, STEPS, labelled, make_model, score
from tests.factories import make_problem, make_solution

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(researcher: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(researcher)


@pytest.fixture
def model(project: Project) -> RewardModel:
    return make_model(project)


def solution(project: Project, text: str) -> Solution:
    return make_solution(make_problem(project, text=text), steps=STEPS)


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def page_of(browser: Client, model: RewardModel) -> str:
    return text_of(browser, f"/projects/algebra/models/{model.pk}/")


def test_it_says_what_the_model_is_worth_and_what_it_came_from(browser: Client, project: Project) -> None:
    labelled(solution(project, "labelled"), 1, -1)
    frozen = snapshots.freeze(project=project, actor=None)
    model = make_model(
        project,
        round=rounds.start_round(project=project, config={}),
        snapshot=frozen,
        is_current=True,
        metrics={"step_auc": 0.9123, "first_error_accuracy": None, "right_steps": 4321},
        training={"base": "tiny", "neutral": "bad", "seed": 77},
    )
    page = page_of(browser, model)
    for said in ("91.2%", "4321", frozen.sha256, "tiny", "P(good) is P(Great) alone", "0" * 64, "current", "Round 1"):
        assert said in page


def test_it_is_made_the_current_one_by_hand_and_nothing_is_said_of_partings_that_cannot_be(
    browser: Client, project: Project
) -> None:
    measured = make_model(project, metrics={"step_auc": 0.9})
    unmeasured = make_model(project, name="other")
    assert "no solution is both scored by this model and labelled" in page_of(browser, measured)
    assert "Make it the current model" not in page_of(browser, unmeasured)
    browser.post(f"/projects/algebra/models/{unmeasured.pk}/promote/")
    assert not RewardModel.objects.filter(is_current=True).exists()
    browser.post(f"/projects/algebra/models/{measured.pk}/promote/")
    assert RewardModel.objects.get(is_current=True) == measured
    assert "Make it the current model" not in page_of(browser, measured)
    assert browser.post(f"/api/v1/models/{measured.pk}/promote/").json()["code"] == "already_current"


def test_wrong_steps_that_it_calls_good_come_first_the_surest_first(project: Project, model: RewardModel) -> None:
    unsure, sure, found = (solution(project, text) for text in ("unsure", "sure", "found"))
    score(unsure, GOOD, (0.4, 0.3, 0.3), GOOD, GOOD)
    score(sure, GOOD, GOOD, GOOD, GOOD)
    score(found, GOOD, BAD, GOOD, GOOD)
    for row in (unsure, sure, found):
        labelled(row, 1, -1)
    labelled(sure, 0, -1)
    rows = [
        (row.solution, row.step, round(row.good, 3), row.labels) for row in interpretation.missed(model=model, most=9)
    ]
    assert rows == [(sure, 1, 0.95, 2), (unsure, 1, 0.6, 1)]
    assert [row.solution for row in interpretation.missed(model=model, most=1)] == [sure]
    assert interpretation.blamed(model=model, most=9) == []


def test_right_solutions_in_which_it_calls_a_step_wrong(project: Project, model: RewardModel) -> None:
    sure, unsure, spared, stopped = (solution(project, text) for text in ("sure", "unsure", "spared", "stopped"))
    score(sure, GOOD, (0.6, 0.2, 0.2), BAD, GOOD)
    score(unsure, (0.6, 0.2, 0.2), GOOD, GOOD, GOOD)
    score(spared, *[(0.2, 0.4, 0.4)] * 4)  # a low product, and no low step
    score(stopped, GOOD, GOOD, GOOD, BAD)
    for row in (sure, unsure, spared):
        labelled(row, 1, 1, 0, 1)
    labelled(stopped, 1, 1, finish_reason="give_up", reason="Too long.")
    rows = [
        (row.solution, row.step, round(row.good, 3), row.labels) for row in interpretation.blamed(model=model, most=9)
    ]
    assert rows == [(sure, 2, 0.1, 1), (unsure, 0, 0.4, 1)]
    assert interpretation.missed(model=model, most=9) == []


def test_only_the_models_own_scores_and_neutral_rule_and_the_labels_that_count_are_looked_at(project: Project) -> None:
    strict = make_model(project, training={"neutral": "bad"})
    one = solution(project, "one")
    score(one, GOOD, OKAY, GOOD, GOOD)
    score(one, BAD, BAD, BAD, BAD, scorer="another")
    labelled(one, 1, 1, 1, 1)
    # As its own scorer would have written it.
    Score.objects.filter(scorer=strict.name).update(prm_score=0.8 * 0.3 * 0.8 * 0.8)
    assert [(row.step, round(row.good, 3)) for row in interpretation.blamed(model=strict, most=9)] == [(1, 0.3)]
    lenient = make_model(project, "lenient")
    assert interpretation.blamed(model=lenient, most=9) == []


def test_from_a_round_it_is_one_click_to_the_model_and_one_more_to_a_solution(
    browser: Client, project: Project
) -> None:
    done = rounds.start_round(project=project, config={})
    Round.objects.filter(pk=done.pk).update(state=RoundState.DONE)
    model = make_model(project, "algebra-prm-1", round=done)
    one = solution(project, "What is <i>this</i>?")
    score(one, GOOD, GOOD, GOOD, GOOD)
    labelled(one, 1, -1)
    Selected.objects.create(round=done, solution=one, rank=1, score=0.9, strategy="uniform", reason="chance")
    there = f"/projects/algebra/solutions/{one.pk}/?scorer=algebra-prm-1"
    model_path = f"/projects/algebra/models/{model.pk}/"
    assert f'href="{model_path}"' in text_of(browser, "/projects/algebra/rounds/")
    page = text_of(browser, "/projects/algebra/rounds/1/")
    assert f'href="{model_path}"' in page
    assert f'href="{there}"' in page
    page = text_of(browser, model_path)
    assert f'href="{there}#step-2"' in page
    assert "What is &lt;i&gt;this&lt;/i&gt;?" in page


@pytest.mark.parametrize("role", [Role.LABELLER, Role.REVIEWER])
def test_labellers_and_reviewers_may_not_look(
    model: RewardModel, member: Callable[..., User], signed_in: Callable[[User], Client], role: Role
) -> None:
    assert signed_in(member(role)).get(f"/projects/algebra/models/{model.pk}/").status_code == 403


def test_strangers_and_other_projects_may_not_look(
    browser: Client, model: RewardModel, member: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    elsewhere = projects.create_project(slug="geometry", name="Geometry")
    other = signed_in(member(Role.ADMIN, name="other", in_project=elsewhere))
    assert Client().get(f"/projects/algebra/models/{model.pk}/").status_code == 302
    assert other.get(f"/projects/algebra/models/{model.pk}/").status_code == 404
    assert other.get(f"/projects/geometry/models/{model.pk}/").status_code == 404
    assert browser.get("/projects/algebra/models/999999/").status_code == 404


def test_hostile_names_stay_text(browser: Client, project: Project) -> None:
    evil = "<script>pwned(1)</script>\u202e"
    model = make_model(project, evil, training={"base": evil, evil: evil}, metrics={"step_auc": 0.5, evil: evil})
    one = solution(project, evil)
    score(one, GOOD, GOOD, GOOD, GOOD, scorer=evil)
    labelled(one, 1, -1)
    page = page_of(browser, model).partition("<main")[2]
    assert "<script>" not in page
    assert "pwned" in page
    assert len(re.findall(r"<(bdi|code)\b[^>]*>[^<]*\u202e[^<]*</\1>", page)) == page.count("\u202e")


def test_it_costs_the_same_queries_however_much_they_part(
    browser: Client, project: Project, model: RewardModel
) -> None:
    counts = []
    for n in range(4):
        missed, blamed = solution(project, f"missed {n}"), solution(project, f"blamed {n}")
        score(missed, GOOD, GOOD, GOOD, GOOD)
        labelled(missed, 1, -1)
        score(blamed, GOOD, BAD, GOOD, GOOD)
        labelled(blamed, 1, 1, 1, 1)
        with CaptureQueriesContext(connection) as captured:
            page_of(browser, model)
        counts.append(len(captured))
    assert counts[0] == counts[-1], counts
