"""The rounds pages: what a researcher reads there in each state, and that nobody else reads it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activelearning import rounds
from activelearning.models import ModelKind, RewardModel, Round, RoundState, Selected
from activelearning.pages.forms import initial
from annotation.models import JobState, Project, Role, User
from tests.factories import make_problem, make_solution

pytestmark = pytest.mark.django_db

INDEX, NEW, FIRST = "/projects/algebra/rounds/", "/projects/algebra/rounds/new/", "/projects/algebra/rounds/1/"
FORM = {
    "strategy": "mixed",
    "budget": "40",
    "per_problem": "",
    "uniform_percent": "25",
    "labels_each": "2",
    "base": "tiny",
    "hold_out_percent": "10",
    "seed": "7",
    "start_from": "base",
    "promote": "better",
    "uniform_control": "on",
}


@pytest.fixture
def browser(researcher: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(researcher)


def text_of(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def make_done(project: Project, *, number: int = 1) -> Round:
    done = rounds.start_round(project=project, config={})
    Round.objects.filter(pk=done.pk).update(state=RoundState.DONE, number=number)
    RewardModel.objects.create(
        project=project,
        round=done,
        kind=ModelKind.PRM,
        name=f"algebra-prm-{number}",
        path="m",
        sha256="0" * 64,
        metrics={
            "step_auc": 0.9123,
            "step_auc_interval": {"low": 0.884, "high": 0.956},
            "first_error_accuracy": None,
            "solutions": 12,
            "problems": 3,
        },
    )
    return done


def test_without_rounds_the_list_says_what_to_do(browser: Client, project: Project) -> None:
    assert "No rounds yet" in text_of(browser, INDEX)


def test_the_form_starts_a_round_as_filled_in_and_shows_it(browser: Client, project: Project) -> None:
    answer = browser.post(NEW, FORM)
    assert (answer.status_code, answer["Location"]) == (302, FIRST)
    config = Round.objects.get().config
    assert (config["strategy"], config["budget"], config["per_problem"]) == ("mixed", 40, None)
    assert (config["uniform_share"], config["hold_out"], config["labels_each"], config["seed"]) == (0.25, 0.1, 2, 7)
    assert (config["start_from"], config["promote"], config["uniform_control"]) == ("base", "better", True)


def test_the_form_takes_a_mix_in_percent_and_shows_it_again(browser: Client, project: Project) -> None:
    wrong = browser.post(NEW, {**FORM, "shares": "mixed 60, uniform"})
    assert "Write a name and a number for each" in wrong.content.decode()
    assert (
        "must be numbers over 0 that add up to 1" in browser.post(NEW, {**FORM, "shares": "mixed 60"}).content.decode()
    )
    browser.post(
        NEW, {**FORM, "shares": "mixed 60, uncertainty 20, uniform 20", "approve": "on", "quality_control": "3"}
    )
    config = Round.objects.get().config
    assert config["strategy"] == {"mixed": 0.6, "uncertainty": 0.2, "uniform": 0.2}
    assert (config["approve"], config["quality_control"], config["drop_near_duplicates"]) == (True, 3, False)
    rounds.cancel_round(round_=Round.objects.get())
    assert "uncertainty 20" in text_of(browser, NEW)


def test_the_form_takes_a_generator_with_how_it_samples_and_says_what_is_wrong_beside_the_field(
    browser: Client, project: Project, settings: Any
) -> None:
    settings.GENERATORS = {"qwen": {"url": "http://gpu1/v1", "model": "m"}}
    assert "the server qwen" in text_of(browser, NEW)
    asked = {"generate": "server:qwen", "sampling_samples": "16", "sampling_problems": "", "sampling_steps": "numbered"}
    wrong = browser.post(NEW, {**FORM, **asked, "sampling_prompt": "Solve it."}).content.decode()
    assert "must be a text with {problem} in it" in wrong
    assert "How a generator samples" in opened(wrong)
    assert not Round.objects.exists()
    browser.post(NEW, {**FORM, **asked, "sampling_temperature": "0.7"})
    config = Round.objects.get().config
    assert config["generate"] == {"server": "qwen"}
    assert config["sampling"] == {"samples": 16, "problems": None, "temperature": 0.7, "steps": "numbered"}
    rounds.cancel_round(round_=Round.objects.get())
    assert '<option value="server:qwen" selected>' in browser.get(NEW).content.decode()


def opened(page: str) -> set[str]:
    """The titles of the form's unfolded groups."""
    groups = re.findall(r"<details( open)?><summary>([^<]+)", page)
    assert len(groups) == 3
    return {title for is_open, title in groups if is_open}


def test_the_form_starts_from_the_last_rounds_configuration(browser: Client, project: Project) -> None:
    started = rounds.start_round(project=project, config={"budget": 77})
    rounds.cancel_round(round_=started)
    assert 'value="77"' in text_of(browser, NEW)
    assert opened(text_of(browser, NEW)) == set()


@pytest.mark.parametrize(
    ("config", "group"),
    [
        ({"strategy": {"mixed": 0.6, "uniform": 0.4}}, "More about the choice"),
        ({"drop_near_duplicates": True}, "More about the choice"),
        ({"dropout_passes": 2}, "More about the choice"),
        ({"promote": "never"}, "Training and measuring"),
        ({"hold_out": 0.2}, "Training and measuring"),
        ({"generate": "scripted"}, "How a generator samples"),
        ({"sampling": {"temperature": 0.5}}, "How a generator samples"),
    ],
)
def test_a_group_of_the_form_is_folded_only_where_all_in_it_is_as_by_default(
    browser: Client, project: Project, config: dict[str, Any], group: str
) -> None:
    assert opened(text_of(browser, NEW)) == set()
    rounds.cancel_round(round_=rounds.start_round(project=project, config=config))
    assert opened(text_of(browser, NEW)) == {group}


def test_what_is_wrong_in_a_group_of_the_form_unfolds_it(browser: Client, project: Project) -> None:
    shown = {key: "" if value is None else str(value) for key, value in initial(None).items() if value is not False}
    wrong = browser.post(NEW, {**shown, "seed": "-1"})
    assert (wrong.status_code, opened(wrong.content.decode())) == (400, {"Training and measuring"})
    lacks = browser.post(NEW, {**shown, "strategy": "ensemble"})  # passes with dropout
    assert (lacks.status_code, opened(lacks.content.decode())) == (400, {"More about the choice"})
    assert not Round.objects.exists()


def test_a_round_that_nobody_started_says_so(browser: Client, project: Project) -> None:
    rounds.start_round(project=project, config={}, automatically=True)
    assert "by itself, for there were enough new labels" in text_of(browser, FIRST)


def test_when_rounds_start_by_themselves_is_set_and_shown(browser: Client, project: Project) -> None:
    make_done(project)
    assert "It starts when somebody starts it." in text_of(browser, INDEX)
    browser.post(INDEX + "automatic/", {"auto_round_after": "25"})
    assert "after 25 new labels" in text_of(browser, INDEX)
    browser.post(INDEX + "automatic/", {"auto_round_after": "-3"})
    assert "after 25 new labels" in text_of(browser, INDEX)
    browser.post(INDEX + "automatic/", {"auto_round_after": ""})
    assert "It starts when somebody starts it." in text_of(browser, INDEX)


def test_a_round_says_in_what_it_was_configured_otherwise_than_the_one_before(
    browser: Client, project: Project
) -> None:
    for budget in (50, 200):
        found = rounds.start_round(project=project, config={"budget": budget})
        rounds.cancel_round(round_=found)
    page = text_of(browser, "/projects/algebra/rounds/2/")
    assert "<code>budget</code>: <code>50</code> → <code>200</code>" in page
    assert "Configured otherwise" not in text_of(browser, FIRST)


def test_the_verdict_stands_on_the_page_with_what_it_rests_on(browser: Client, project: Project) -> None:
    done = make_done(project)
    Round.objects.filter(pk=done.pk).update(
        outcome={
            "findings": [
                {"rule": "first_round", "tone": "plain", "facts": {}},
                {"rule": "near_identical", "tone": "warn", "facts": {"share": 0.31}},
            ],
            "promotion": {"rule": "always", "promoted": True, "reason": "first"},
            "labels": {"solutions": 100, "right": 40, "ratings": {"-1": 60, "0": 10, "1": 130}},
            "control": {"why_not": "off"},
            "best_of_n": {
                "on": "held_out", "problems": 9, "solutions": 36, "n": [1, 2, 4],
                "prm": {"mean": [0.5, 0.6, 0.7], "low": [0.4, 0.5, 0.6], "high": [0.6, 0.7, 0.8]},
                "majority": {"mean": [0.5, 0.5, 0.6]}, "pass_at_n": {"mean": [0.5, 0.8, 0.9]},
            },
        }
    )  # fmt: skip
    page = text_of(browser, FIRST)
    for said in ("The first model: there is none before it", "there was none.", "31% of the chosen solutions say the same",
                 "36 solutions of 9 held-out problems", "30 · 5 · 65", "not asked to", '"scale": "log"'):  # fmt: skip
        assert said in page


def test_a_refused_start_comes_back_with_the_reason(browser: Client, project: Project) -> None:
    rounds.start_round(project=project, config={})
    answer = browser.post(NEW, FORM)
    assert answer.status_code == 400
    assert "Round 1 is running" in answer.content.decode()
    assert browser.post(NEW, {**FORM, "budget": "0"}).status_code == 400


def test_a_running_round_is_live_and_can_be_cancelled(browser: Client, project: Project) -> None:
    started = rounds.start_round(project=project, config={})
    page = text_of(browser, FIRST)
    assert f'data-poll-url="/api/v1/rounds/{started.pk}/"' in page
    assert page.count('data-state="waiting"') == 8
    assert browser.post(FIRST + "cancel/").status_code == 302
    page = text_of(browser, FIRST)
    assert "Cancel the round" not in page
    assert "Go on with it" in page
    browser.post(FIRST + "retry/")
    assert Round.objects.get().state == RoundState.RUNNING


def test_cancelling_what_is_over_says_so(browser: Client, project: Project) -> None:
    make_done(project)
    browser.post(FIRST + "cancel/")
    assert "Round 1 is not running" in text_of(browser, FIRST)


def test_a_failed_round_shows_its_reason_and_its_log_escaped(browser: Client, project: Project) -> None:
    started = rounds.start_round(project=project, config={})
    reason = "<script>no memory</script>"
    started.stages.filter(name="train").update(state=JobState.FAILED, error=reason, log_tail="the <b>end</b>")
    rounds.settle(round_pk=started.pk)
    page = text_of(browser, FIRST)
    assert "&lt;script&gt;no memory&lt;/script&gt;" in page
    assert "the &lt;b&gt;end&lt;/b&gt;" in page
    assert "Retry from “train”" in page


def test_a_done_round_shows_figures_and_what_was_chosen_and_why(browser: Client, project: Project) -> None:
    done = make_done(project)
    problem = make_problem(project, text="What is <i>2</i> + 2?", answer="4")
    solution = make_solution(problem, answer="5", verdict="wrong")
    Selected.objects.create(
        round=done, solution=solution, rank=1, score=0.987, strategy="convincing_wrong", reason="because"
    )
    page = text_of(browser, FIRST)
    for expected in ("91.2%", "88–96 %", "What is &lt;i&gt;2&lt;/i&gt; + 2?", "0.987", "because", "wrong"):
        assert expected in page
    assert "91.2%" in text_of(browser, INDEX)


def test_pages_cost_the_same_queries_however_much_there_is(browser: Client, project: Project) -> None:
    done = make_done(project, number=1)
    counts: dict[str, list[int]] = {INDEX: [], FIRST: []}
    for n in range(2, 6):
        make_done(project, number=n)
        solution = make_solution(make_problem(project, text=f"problem {n}"))
        Selected.objects.create(round=done, solution=solution, rank=n, score=0.5, strategy="uniform", reason="chance")
        for path, found in counts.items():
            with CaptureQueriesContext(connection) as captured:
                browser.get(path)
            found.append(len(captured))
    assert all(found[1] == found[-1] for found in counts.values())


@pytest.mark.parametrize("role", [Role.LABELLER, Role.REVIEWER])
@pytest.mark.parametrize("path", [INDEX, NEW, FIRST])
def test_labellers_and_reviewers_may_not_look(
    project: Project, member: Callable[..., User], signed_in: Callable[[User], Client], role: Role, path: str
) -> None:
    make_done(project)
    browser = signed_in(member(role))
    assert browser.get(path).status_code == 403
    assert browser.post(FIRST + "cancel/").status_code == 403


def test_a_stranger_is_sent_to_sign_in_and_a_missing_round_is_404(browser: Client, project: Project) -> None:
    assert Client().get(INDEX).status_code == 302
    assert browser.get("/projects/algebra/rounds/9/").status_code == 404
    assert browser.get(FIRST + "cancel/").status_code == 405
