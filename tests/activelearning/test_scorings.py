"""Scores asked for by a request: what is refused, who carries a row out, what becomes of one whose scorer dies."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from activelearning import scorings
from activelearning.models import ModelKind, RewardModel, Scoring
from activelearning.scorings import CannotBeScored
from annotation import jobs, projects
from annotation.errors import InvalidInput, NotFound, TooManyRequests
from annotation.formats.rows import LONGEST_TEXT, MOST_STEPS
from annotation.models import JobState, Project

pytestmark = pytest.mark.django_db

RESULT = {"prm_score": 0.5}


def make_model(project: Project) -> RewardModel:
    return RewardModel.objects.create(
        project=project, kind=ModelKind.PRM, name=f"{project.slug}-prm", path="m", sha256="0" * 64
    )


@pytest.fixture
def model(project: Project) -> RewardModel:
    return make_model(project)


def ask(model: RewardModel, *, problem: Any = "What is $1 + 1$?", steps: Any = ("We add.", "It is $2$.")) -> Scoring:
    return scorings.request(reward_model=model, problem=problem, steps=list(steps))


def scored(scoring: Scoring) -> dict[str, Any]:
    return RESULT


def test_what_is_asked_for_is_kept_byte_for_byte_and_waits(model: RewardModel) -> None:
    asked = ask(model, problem=" $x$ \n", steps=["a\r\n", ""])
    found = Scoring.objects.get(pk=asked.pk)
    assert (found.problem, found.steps, found.state) == (" $x$ \n", ["a\r\n", ""], JobState.PENDING)


@pytest.mark.parametrize(
    ("problem", "steps", "field", "reason"),
    [
        (None, ["a"], "problem", "is missing"),
        (" \n", ["a"], "problem", "must not be blank"),
        (5, ["a"], "problem", "must be text"),
        ("x" * (LONGEST_TEXT + 1), ["a"], "problem", "characters, more than"),
        ("p", None, "steps", "is missing"),
        ("p", [], "steps", "has no steps"),
        ("p", "a", "steps", "must be a list"),
        ("p", ["a"] * (MOST_STEPS + 1), "steps", "entries, more than"),
        ("p", ["a", 1], "steps[1]", "must be text"),
        ("p", ["a", "x" * (LONGEST_TEXT + 1)], "steps[1]", "characters, more than"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_the_field(
    model: RewardModel, problem: Any, steps: Any, field: str, reason: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        scorings.request(reward_model=model, problem=problem, steps=steps)
    (error,) = refused.value.errors
    assert error.field == field
    assert reason in error.message
    assert not Scoring.objects.exists()


def test_a_project_with_a_hundred_waiting_is_told_to_come_back_and_another_is_not(model: RewardModel) -> None:
    rows = Scoring.objects.bulk_create(
        Scoring(reward_model=model, problem="p", steps=["s"]) for _ in range(scorings.MOST_WAITING)
    )
    with pytest.raises(TooManyRequests) as refused:
        ask(model)
    assert refused.value.retry_after == scorings.RETRY_AFTER
    assert ask(make_model(projects.create_project(slug="geometry"))).pk
    Scoring.objects.filter(pk=rows[0].pk).update(state=JobState.DONE)
    assert ask(model).pk


def test_rows_are_carried_out_in_the_order_in_which_they_came(model: RewardModel) -> None:
    asked = [ask(model).pk for _ in range(3)]
    seen: list[int] = []

    def score(scoring: Scoring) -> dict[str, Any]:
        seen.append(scoring.pk)
        return RESULT

    while scorings.run_next(score=score):
        pass
    assert seen == asked
    assert set(Scoring.objects.values_list("state", "attempt")) == {(JobState.DONE, 1)}
    assert {str(row.result) for row in Scoring.objects.all()} == {str(RESULT)}


def test_a_solution_that_has_no_score_fails_at_once_with_the_reason(model: RewardModel) -> None:
    asked = ask(model)

    def refuse(scoring: Scoring) -> dict[str, Any]:
        raise CannotBeScored("The solution is too odd.")

    assert scorings.run_next(score=refuse)
    asked.refresh_from_db()
    assert (asked.state, asked.attempt, asked.error) == (JobState.FAILED, 1, "The solution is too odd.")


def test_a_scorer_that_breaks_tells_its_caller_and_the_third_time_ends_the_row(
    model: RewardModel, settings: Any
) -> None:
    asked = ask(model)

    def break_down(scoring: Scoring) -> dict[str, Any]:
        raise MemoryError

    for attempt in range(1, settings.JOB_MAX_ATTEMPTS + 1):
        with pytest.raises(MemoryError):
            scorings.run_next(score=break_down)
        asked.refresh_from_db()
        assert asked.attempt == attempt
    assert (asked.state, asked.error) == (JobState.FAILED, "The attempt broke off (MemoryError).")
    assert not scorings.run_next(score=scored)


def die_with(scoring: Scoring) -> None:
    """A scorer of this machine took the row and was killed."""
    host, namespace, _, _ = jobs.this_process().split("/")
    assert jobs.take(kind=Scoring, pk=scoring.pk, worker=f"{host}/{namespace}/{2**22 + 1}/1")


def test_a_row_whose_scorer_was_killed_is_done_by_the_next_one(model: RewardModel) -> None:
    asked = ask(model)
    die_with(asked)
    assert not scorings.run_next(score=scored)
    scorings.bring_back_dead()
    assert scorings.run_next(score=scored)
    asked.refresh_from_db()
    assert (asked.state, asked.attempt, asked.error) == (JobState.DONE, 2, "")


def test_a_row_that_kills_its_scorer_three_times_fails_with_a_reason(model: RewardModel, settings: Any) -> None:
    asked = ask(model)
    for _ in range(settings.JOB_MAX_ATTEMPTS):
        die_with(asked)
        scorings.reap()
    asked.refresh_from_db()
    assert (asked.state, asked.error) == (
        JobState.FAILED, "Its worker died or fell silent, for the last time allowed."
    )  # fmt: skip


def test_a_scorer_that_lost_its_row_writes_nothing(model: RewardModel) -> None:
    asked = ask(model)

    def take_over(scoring: Scoring) -> dict[str, Any]:
        Scoring.objects.filter(pk=scoring.pk).update(attempt=7)
        return RESULT

    assert scorings.run_next(score=take_over)
    asked.refresh_from_db()
    assert (asked.state, asked.result) == (JobState.RUNNING, {})


def test_rows_are_deleted_a_day_after_they_were_asked_for(model: RewardModel) -> None:
    old, fresh = ask(model), ask(model)
    Scoring.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    Scoring.objects.filter(pk=fresh.pk).update(created_at=timezone.now() - timedelta(hours=23))
    scorings.reap()
    assert list(Scoring.objects.values_list("pk", flat=True)) == [fresh.pk]


def test_a_request_waits_until_its_row_has_ended(model: RewardModel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, pauses = ask(model), []

    def play_the_scorer(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            scorings.run_next(score=scored)

    monkeypatch.setattr(scorings, "pause", play_the_scorer)
    found = scorings.wait(scoring=asked, seconds=60)
    assert (found.state, found.result, len(pauses)) == (JobState.DONE, RESULT, 3)


def test_a_request_waits_no_longer_than_it_was_told_to(model: RewardModel) -> None:
    assert scorings.wait(scoring=ask(model), seconds=0.1).state == JobState.PENDING


def test_a_row_that_went_with_its_model_is_not_found(model: RewardModel) -> None:
    asked = ask(model)
    model.delete()
    with pytest.raises(NotFound):
        scorings.wait(scoring=asked, seconds=60)


def test_only_so_many_requests_hold_a_thread_and_the_next_one_is_answered_at_once(
    model: RewardModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorings, "_threads_to_hold", threading.BoundedSemaphore(1))
    first, second = ask(model), ask(model)
    paused = []

    def ask_meanwhile(seconds: float) -> None:
        paused.append(scorings.wait(scoring=second, seconds=60).state)
        Scoring.objects.update(state=JobState.DONE)

    monkeypatch.setattr(scorings, "pause", ask_meanwhile)
    assert scorings.wait(scoring=first, seconds=60).state == JobState.DONE
    assert paused == [JobState.PENDING]
    assert scorings.wait(scoring=second, seconds=60).state == JobState.DONE
