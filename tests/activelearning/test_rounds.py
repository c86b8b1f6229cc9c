"""The round's state machine: what becomes due when, who may write, what cancel, retry, a crash and a silence lead to."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from activelearning import rounds
from activelearning.attempt import Attempt
from activelearning.models import Round, RoundState, Stage, StageName
from annotation import jobs, projects
from annotation.errors import Conflict, DomainError, InvalidInput
from annotation.jobs import JobLost
from annotation.models import AuditEntry, JobState, Project

Carry = Callable[[Attempt], dict[str, Any]]


@pytest.fixture(autouse=True)
def own_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def stages_do(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Every stage succeeds at once, except those named; returns the list of what was carried out, in order."""

    def use(**other: Carry) -> list[str]:
        done: list[str] = []

        def carry_out(attempt: Attempt) -> dict[str, Any]:
            done.append(attempt.stage.name)
            return other.get(attempt.stage.name, lambda _: {})(attempt)

        monkeypatch.setattr(
            rounds, "SPECS", {name: replace(spec, carry_out=carry_out) for name, spec in rounds.SPECS.items()}
        )
        return done

    return use


def start(project: Project, **config: Any) -> Round:
    return rounds.start_round(project=project, config=config)


def run_to_the_end(started: Round, limit: int = 50) -> Round:
    for _ in range(limit):
        if not rounds.advance(round_pk=started.pk):
            break
    started.refresh_from_db()
    return started


def fall_silent(stage: Stage) -> None:
    Stage.objects.filter(pk=stage.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))


def state_of(started: Round, name: str) -> str:
    return started.stages.get(name=name).state


# --- starting -------------------------------------------------------------------------------------------------------


def test_a_started_round_has_all_its_stages_waiting_in_order(project: Project) -> None:
    started = start(project)
    assert list(started.stages.order_by("order").values_list("name", flat=True)) == list(StageName)
    assert set(started.stages.values_list("state", flat=True)) == {JobState.PENDING}
    assert AuditEntry.objects.filter(action="round.started").exists()


def test_a_second_round_is_refused_with_the_number_of_the_one_that_runs(project: Project) -> None:
    first = start(project)
    with pytest.raises(Conflict) as refused:
        start(project)
    assert (refused.value.code, refused.value.data) == ("round_active", {"round": first.pk, "number": 1})


def test_another_project_has_rounds_of_its_own(project: Project) -> None:
    start(project)
    assert start(projects.create_project(slug="geometry")).number == 1


@pytest.mark.django_db(transaction=True)
def test_f18_of_two_starts_at_the_same_moment_one_wins() -> None:
    project = projects.create_project(slug="algebra")
    both_ready = threading.Barrier(2)

    def try_it(_: int) -> str:
        both_ready.wait()
        try:
            return f"started {start(project).number}"
        except Conflict as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(try_it, range(2))) == ["round_active", "started 1"]
    assert Round.objects.count() == 1


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"budget": 0}, "budget"),
        ({"budget": True}, "budget"),
        ({"strategy": "best"}, "strategy"),
        ({"strategy": {"mixed": 0.5, "uniform": 0.4}}, "strategy"),
        ({"strategy": {"best": 1}}, "strategy"),
        ({"strategy": {}}, "strategy"),
        ({"strategy": {"ensemble": 0.5, "uniform": 0.5}}, "strategy"),  # the model has one head
        ({"strategy": "ensemble", "dropout_passes": 1}, "dropout_passes"),
        ({"quality_control": -1}, "quality_control"),
        ({"approve": 1}, "approve"),
        ({"generate": "openai"}, "generate"),
        ({"base": "../../etc"}, "base"),
        ({"base": "/etc"}, "base"),
        ({"uniform_share": 1.5}, "uniform_share"),
        ({"hold_out": float("nan")}, "hold_out"),
        ({"training": {"epochs": 0}}, "training"),
        ({"training": {"epoch": 1}}, "training"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_wrong_configuration_is_refused_by_field(project: Project, config: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        start(project, **config)
    assert [error.field for error in refused.value.errors] == [field]
    assert not Round.objects.exists()


def test_a_configuration_that_is_no_object_is_refused(project: Project) -> None:
    with pytest.raises(InvalidInput):
        rounds.start_round(project=project, config=[1])


# --- going on -------------------------------------------------------------------------------------------------------


def test_stages_run_in_order_and_the_round_is_done_after_the_last(project: Project, stages_do: Any) -> None:
    done = stages_do()
    assert run_to_the_end(start(project)).state == RoundState.DONE
    assert done == list(StageName)


def test_a_message_of_one_queue_does_not_start_a_stage_of_the_other(project: Project, stages_do: Any) -> None:
    done = stages_do()
    started = start(project)
    assert not rounds.advance(round_pk=started.pk, queue="train")
    assert rounds.advance(round_pk=started.pk, queue="default")
    assert not rounds.advance(round_pk=started.pk, queue="default")
    assert done == ["freeze"]


def test_a_stage_that_somebody_works_on_is_not_started_again(project: Project, stages_do: Any) -> None:
    started = start(project)
    inner: list[bool] = []
    done = stages_do(freeze=lambda _: {"again": inner.append(rounds.advance(round_pk=started.pk))})
    rounds.advance(round_pk=started.pk)
    assert (inner, done) == ([False], ["freeze"])


@pytest.mark.django_db(transaction=True)
def test_f17_ten_copies_of_one_message_carry_the_stage_out_once(stages_do: Any) -> None:
    started = start(projects.create_project(slug="algebra"))
    done = stages_do(freeze=lambda _: time.sleep(0.3) or {})

    def nudged(_: int) -> bool:
        try:
            return rounds.advance(round_pk=started.pk, queue="default")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(nudged, range(10))) == 1
    assert done == ["freeze"]


def test_the_device_trains_for_one_round_at_a_time_over_all_projects(project: Project, stages_do: Any) -> None:
    other = start(projects.create_project(slug="geometry"))
    tried: list[bool] = []
    stages_do(train=lambda a: {"x": tried.append(rounds.advance(round_pk=other.pk))} if a.round.pk != other.pk else {})
    first = start(project)
    rounds.advance(round_pk=other.pk)
    rounds.advance(round_pk=first.pk)
    assert rounds.advance(round_pk=first.pk)
    assert tried == [False]
    assert state_of(other, "train") == JobState.PENDING
    assert rounds.advance(round_pk=other.pk)


def test_a_refusal_fails_the_round_at_once_with_its_reason(project: Project, stages_do: Any) -> None:
    def refuse(_: Attempt) -> dict[str, Any]:
        raise DomainError("There is nothing to learn from.")

    stages_do(train=refuse)
    ended = run_to_the_end(start(project))
    assert (ended.state, ended.error) == (RoundState.FAILED, "There is nothing to learn from.")
    assert state_of(ended, "evaluate") == JobState.PENDING
    assert rounds.next_due(round_pk=ended.pk) is None


def test_f19_a_stage_that_breaks_each_time_stops_after_three_attempts_and_says_why(
    project: Project, stages_do: Any
) -> None:
    def poison(_: Attempt) -> dict[str, Any]:
        raise RuntimeError("segmentation of a fault")

    done = stages_do(train=poison)
    started = start(project)
    rounds.advance(round_pk=started.pk)
    for attempt in range(3):
        with pytest.raises(RuntimeError):
            rounds.advance(round_pk=started.pk)
        assert state_of(started, "train") == (JobState.PENDING if attempt < 2 else JobState.FAILED)
    assert not rounds.advance(round_pk=started.pk)
    started.refresh_from_db()
    assert started.state == RoundState.FAILED
    assert "segmentation of a fault" in started.error
    assert "3 attempts" in started.error
    assert done.count("train") == 3


# --- silence --------------------------------------------------------------------------------------------------------


def test_a_stage_whose_worker_fell_silent_waits_again_and_a_living_one_is_left_alone(project: Project) -> None:
    started = start(project)
    stage = jobs.take(kind=Stage, pk=started.stages.get(name="freeze").pk, worker="w")
    assert stage is not None
    assert rounds.reap() == 0
    fall_silent(stage)
    assert rounds.reap() == 1
    assert state_of(started, "freeze") == JobState.PENDING


def test_f19_a_worker_that_dies_three_times_without_getting_further_fails_the_round(project: Project) -> None:
    started = start(project)
    pk = started.stages.get(name="freeze").pk
    for _ in range(3):
        stage = jobs.take(kind=Stage, pk=pk, worker="w")
        assert stage is not None
        fall_silent(stage)
        rounds.reap()
    started.refresh_from_db()
    assert started.state == RoundState.FAILED
    assert "died or fell silent" in started.error


def test_deaths_do_not_add_up_while_every_attempt_gets_further(project: Project) -> None:
    started = start(project)
    pk = started.stages.get(name="freeze").pk
    for n in range(1, 11):
        stage = jobs.take(kind=Stage, pk=pk, worker="w")
        assert stage is not None
        Attempt(stage).report(done=n * 5, total=100, message="")
        fall_silent(stage)
        rounds.reap()
    assert state_of(started, "freeze") == JobState.PENDING


def test_what_nobody_was_told_of_is_found_and_what_was_just_told_is_not(project: Project) -> None:
    started = start(project)
    assert [stage.name for stage in rounds.forgotten()] == ["freeze"]
    started.stages.filter(name="freeze").update(nudged_at=timezone.now())
    assert rounds.forgotten() == []
    started.stages.filter(name="freeze").update(nudged_at=timezone.now() - timedelta(hours=1))
    assert [stage.name for stage in rounds.forgotten()] == ["freeze"]


# --- the fence ------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_attempts(project: Project) -> tuple[Attempt, Attempt]:
    """A stale writer that was taken for dead, and the one that took over."""
    pk = start(project).stages.get(name="freeze").pk
    old = jobs.take(kind=Stage, pk=pk, worker="old")
    assert old is not None
    fall_silent(old)
    rounds.reap()
    new = jobs.take(kind=Stage, pk=pk, worker="new")
    assert new is not None
    return Attempt(old), Attempt(new)


def test_f17_a_stale_writer_is_refused_everywhere_and_the_new_one_is_not(two_attempts: tuple[Attempt, Attempt]) -> None:
    old, new = two_attempts
    for write in (old.check, lambda: old.report(done=1, total=1, message=""), lambda: old.finish({"by": "old"})):
        with pytest.raises(JobLost):
            write()
    with pytest.raises(JobLost), old.fenced():
        pytest.fail("a stale writer came through the fence")
    new.report(done=1, total=2, message="on")
    with new.fenced():
        new.finish({"by": "new"})
    assert Stage.objects.get(pk=new.stage.pk).result == {"by": "new"}


def test_a_stale_writer_that_raises_changes_nothing(project: Project, stages_do: Any) -> None:
    started = start(project)

    def outlived(attempt: Attempt) -> dict[str, Any]:
        fall_silent(attempt.stage)
        rounds.reap()
        jobs.take(kind=Stage, pk=attempt.stage.pk, worker="new")
        raise DomainError("too late to say")

    stages_do(freeze=outlived)
    rounds.advance(round_pk=started.pk)
    started.refresh_from_db()
    assert (started.state, state_of(started, "freeze")) == (RoundState.RUNNING, JobState.RUNNING)


# --- cancel and retry -----------------------------------------------------------------------------------------------


def test_a_cancelled_round_starts_nothing_any_more(project: Project, stages_do: Any) -> None:
    done = stages_do()
    started = start(project)
    rounds.advance(round_pk=started.pk)
    rounds.cancel_round(round_=started)
    assert not rounds.advance(round_pk=started.pk)
    started.refresh_from_db()
    assert (started.state, done) == (RoundState.CANCELLED, ["freeze"])


def test_a_worker_hears_of_the_cancelling_at_its_next_word(project: Project, stages_do: Any) -> None:
    started = start(project)
    heard: list[str] = []

    def work(attempt: Attempt) -> dict[str, Any]:
        rounds.cancel_round(round_=started)
        try:
            attempt.check()
        except JobLost as lost:
            heard.append(lost.code)
            raise
        return {}

    stages_do(freeze=work)
    rounds.advance(round_pk=started.pk)
    assert heard == ["job_lost"]
    assert state_of(started, "freeze") == JobState.CANCELLED


def test_cancelling_what_does_not_run_is_a_conflict(project: Project) -> None:
    started = start(project)
    rounds.cancel_round(round_=started)
    with pytest.raises(Conflict):
        rounds.cancel_round(round_=started)


def test_a_retry_goes_on_from_the_failed_stage_with_fresh_attempts(project: Project, stages_do: Any) -> None:
    broken = [True]

    def poison(_: Attempt) -> dict[str, Any]:
        if broken:
            raise RuntimeError("no")
        return {}

    done = stages_do(train=poison)
    started = start(project)
    rounds.advance(round_pk=started.pk)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            rounds.advance(round_pk=started.pk)
    rounds.retry_round(round_=started)
    with pytest.raises(RuntimeError):  # an attempt after the retry may break too without ending it
        rounds.advance(round_pk=started.pk)
    assert state_of(started, "train") == JobState.PENDING
    broken.clear()
    assert run_to_the_end(started).state == RoundState.DONE
    assert done.count("freeze") == 1


def test_a_cancelled_round_can_go_on(project: Project, stages_do: Any) -> None:
    done = stages_do()
    started = start(project)
    rounds.advance(round_pk=started.pk)
    rounds.cancel_round(round_=started)
    rounds.retry_round(round_=started)
    assert run_to_the_end(started).state == RoundState.DONE
    assert done == list(StageName)


def test_a_retry_waits_for_the_round_that_runs(project: Project) -> None:
    first = start(project)
    rounds.cancel_round(round_=first)
    start(project)
    with pytest.raises(Conflict) as refused:
        rounds.retry_round(round_=first)
    assert refused.value.code == "round_active"
    first.refresh_from_db()
    assert first.state == RoundState.CANCELLED


def test_a_done_round_is_not_retried(project: Project, stages_do: Any) -> None:
    stages_do()
    started = run_to_the_end(start(project))
    with pytest.raises(Conflict) as refused:
        rounds.retry_round(round_=started)
    assert refused.value.code == "nothing_to_retry"


def test_the_table_of_moves_names_every_state_and_nothing_follows_done() -> None:
    assert set(rounds.MOVES) == set(RoundState)
    assert rounds.MOVES[RoundState.DONE] == frozenset()
