"""One function a stage: what each leaves behind, that running it twice leaves the same, and what it refuses."""

import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from activelearning import child, generating, grading, pipeline, rounds
from activelearning.attempt import Attempt
from activelearning.child import ChildFailed, ChildRefused
from activelearning.models import RewardModel, Round, RoundState, Selected, Stage
from annotation import priority
from annotation.errors import Conflict
from annotation.models import Batch, JobState, Project, Score, Solution, Verdict, WorkItem
from tests.activelearning.loop import (
    QUICK,
    fill_pool,
    hold,
    label_one_more,
    label_solutions,
    label_these,
    problem_of,
    reserve,
    scored_pool,
    solution_of,
)
from tests.factories import make_problem, make_solution

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def attempt(project: Project) -> Callable[..., Attempt]:
    """`attempt("freeze", budget=3)`: a worker's hold on that stage of the project's round, which is started if need be."""

    def held(name: str, **config: Any) -> Attempt:
        return hold(project, name, **config)

    return held


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def problems_of(path: Path) -> set[str]:
    return {line["question"]["problem"] for line in lines_of(path)}


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


# --- freeze ---------------------------------------------------------------------------------------------------------


def test_no_problem_is_both_learnt_from_and_measured_on(project: Project, attempt: Any) -> None:
    label_solutions(project, problems=30)
    held = attempt("freeze")
    result = pipeline.freeze(held)
    train, held_out = held.folder / "train.jsonl", held.folder / "held_out.jsonl"
    assert problems_of(train) & problems_of(held_out) == set()
    assert len(problems_of(train) | problems_of(held_out)) == 30
    assert (result["train"], result["held_out"]) == (len(lines_of(train)), len(lines_of(held_out)))
    assert 1 <= len(problems_of(held_out)) <= 10


def test_f25_freezing_twice_leaves_the_same_files_though_labels_came_in_between(project: Project, attempt: Any) -> None:
    label_solutions(project, problems=20)
    held = attempt("freeze")
    first = pipeline.freeze(held)
    before = contents(held.folder)
    more = label_one_more(project, number=777)
    assert pipeline.freeze(attempt("freeze")) == first
    assert contents(held.folder) == before
    assert more not in problems_of(held.folder / "train.jsonl") | problems_of(held.folder / "held_out.jsonl")


def test_the_same_problems_are_held_out_in_the_next_round(project: Project, attempt: Any) -> None:
    label_solutions(project, problems=40)
    first = attempt("freeze")
    pipeline.freeze(first)
    rounds.cancel_round(round_=first.round)
    more = label_one_more(project, number=777)
    second = attempt("freeze")
    pipeline.freeze(second)
    before, after = (problems_of(held.folder / "held_out.jsonl") for held in (first, second))
    assert second.round.pk != first.round.pk
    assert before <= after
    assert after - before <= {more}


def test_labels_of_evaluation_problems_teach_nothing_and_measure_nothing(project: Project, attempt: Any) -> None:
    label_solutions(project, problems=20)
    project.problems.filter(text="What is $4 + 3$?").update(split="evaluate")
    held = attempt("freeze")
    result = pipeline.freeze(held)
    both = problems_of(held.folder / "train.jsonl") | problems_of(held.folder / "held_out.jsonl")
    assert "What is $4 + 3$?" not in both
    assert result["left_out"] == {"evaluation problem": 2}


def test_a_project_without_labels_is_refused_clearly(project: Project, attempt: Any) -> None:
    with pytest.raises(Conflict, match="no finished labels"):
        pipeline.freeze(attempt("freeze"))


def test_too_few_labels_are_refused_clearly(project: Project, attempt: Any) -> None:
    label_solutions(project, problems=3)
    with pytest.raises(Conflict, match="a model needs 10"):
        pipeline.freeze(attempt("freeze"))


def test_f24_labels_without_a_wrong_step_are_refused_clearly(project: Project, attempt: Any) -> None:
    label_solutions(project, problems=20, wrong=(False,))
    with pytest.raises(Conflict, match="Every labelled step is right"):
        pipeline.freeze(attempt("freeze"))


def test_f24_one_problem_alone_is_learnt_from_and_nothing_is_measured(project: Project, attempt: Any) -> None:
    problem = problem_of(project, 1)
    label_these(project, {solution_of(problem, 1, wrong=bool(n % 2)).pk: bool(n % 2) for n in range(12)})
    result = pipeline.freeze(attempt("freeze"))
    assert (result["train"], result["held_out"]) == (12, 0)


# --- the whole loop, with a real model ------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_process")
def test_a_round_trains_measures_scores_and_queues_and_each_stage_run_again_changes_nothing(project: Project) -> None:
    label_solutions(project, problems=30)
    fill_pool(project, problems=6, each=4)
    reserved = reserve(project)
    config = {"training": QUICK, "budget": 5, "per_problem": 1, "uniform_share": 0.2}
    started = rounds.start_round(project=project, config=config)
    while rounds.advance(round_pk=started.pk):
        pass
    started.refresh_from_db()
    assert (started.state, started.error) == (RoundState.DONE, "")

    model = started.reward_model
    assert model.is_current
    assert model.metrics["step_auc"] > 0.8
    assert model.metrics["solutions"] > 0
    curve = started.stages.get(name="train").progress["loss_curve"]
    assert curve[0][1] > curve[-1][1]
    assert Score.objects.filter(scorer=model.name).count() == 24
    assert not Solution.objects.filter(purpose="pool", problem__split="label", verdict="").exists()
    chosen = list(Selected.objects.filter(round=started).order_by("rank").select_related("solution"))
    assert [row.rank for row in chosen] == [1, 2, 3, 4, 5]
    assert reserved.pk not in {row.solution_id for row in chosen}
    assert sum(row.solution.verdict == Verdict.WRONG for row in chosen) >= 4
    items = WorkItem.objects.filter(batch=started.batch).order_by("-priority")
    assert [item.solution_id for item in items] == [row.solution_id for row in chosen]
    assert {item.generation for item in items} == {1}
    assert [item.verifier_score for item in items] == [row.score for row in chosen]

    before = state_of(started)
    for spec in rounds.STAGES:
        run_again(started, spec.name)
        assert state_of(started) == before, spec.name


def state_of(started: Round) -> dict[str, Any]:
    """All that a round leaves in rows and files."""
    folder = rounds.log_of(started.stages.get(name="train")).parent
    return {
        "models": list(RewardModel.objects.order_by("pk").values_list("sha256", "is_current", "metrics")),
        "weights": hashlib.sha256((folder / "model" / "model.safetensors").read_bytes()).hexdigest(),
        "scores": list(Score.objects.order_by("solution").values_list("solution", "prm_score")),
        "selected": list(Selected.objects.order_by("rank").values_list("solution", "rank", "score", "reason")),
        "batches": list(Batch.objects.order_by("pk").values_list("pk", "name", "generation")),
        "items": WorkItem.objects.count(),
    }


def run_again(started: Round, name: str) -> None:
    """As if the worker had died after its last write and before it could say that it was done."""
    Stage.objects.filter(round=started, name=name).update(state=JobState.PENDING)
    Round.objects.filter(pk=started.pk).update(state=RoundState.RUNNING)
    assert rounds.advance(round_pk=started.pk)
    started.refresh_from_db()
    assert started.state == RoundState.DONE, (name, started.error)


# --- grade, score ---------------------------------------------------------------------------------------------------


def test_only_what_was_not_graded_is_graded_and_what_cannot_be_is_left(project: Project, attempt: Any) -> None:
    solutions = fill_pool(project, problems=2, each=2)
    Solution.objects.filter(pk=solutions[0].pk).update(verdict=Verdict.UNDECIDED)
    no_truth = make_solution(make_problem(project, text="Why?", answer=None))
    assert grading.grade(attempt("grade"))["graded"] == 3
    verdicts = {s.pk: s.verdict for s in Solution.objects.all()}
    assert [verdicts[s.pk] for s in solutions] == ["undecided", "wrong", "right", "wrong"]
    assert verdicts[no_truth.pk] == ""
    # The same stage again finds nothing left to grade; the three are still its own.
    assert grading.plan(stage=attempt("grade").stage) == 0
    assert grading.grade(attempt("grade"))["graded"] == 3


def test_a_scorer_that_leaves_lines_out_does_not_keep_us_for_ever(
    project: Project, attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = attempt("score")
    scored_pool(held, lambda _: 0.5)
    fill_pool(project, problems=1)

    def scorer(module: str, arguments: list[str], *, log: Path, tick: Callable[[], None]) -> None:
        Path(arguments[arguments.index("--output") + 1]).write_text("")

    monkeypatch.setattr(child, "run", scorer)
    with pytest.raises(Conflict, match="without a score"):
        pipeline.score(held)


def test_a_model_whose_files_were_changed_is_not_used(project: Project, attempt: Any) -> None:
    held = attempt("score")
    scored_pool(held, lambda _: 0.5)
    (held.folder / "model" / "training.json").write_text('{"forged": true}')
    with pytest.raises(Conflict, match="not those that were trained"):
        pipeline.score(held)


def test_an_empty_pool_is_said_to_be_empty(project: Project, attempt: Any) -> None:
    with pytest.raises(Conflict, match="The pool is empty"):
        generating.generate(attempt("generate"))


# --- children and files ---------------------------------------------------------------------------------------------


@pytest.mark.one_engine
def test_a_child_that_refuses_is_told_from_one_that_breaks(tmp_path: Path) -> None:
    log = tmp_path / "log"
    nothing = tmp_path / "nothing.jsonl"
    nothing.write_text("")
    output = ["--output", str(tmp_path / "model")]
    with pytest.raises(ChildRefused, match=r"[a-z]{4}"):
        child.run(pipeline.TRAINER, ["--kind", "prm", "--data", str(nothing), *output], log=log, tick=lambda: None)
    with pytest.raises(ChildFailed, match="code 2"):
        child.run(pipeline.TRAINER, ["--nonsense"], log=log, tick=lambda: None)


def test_a_child_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL_FILE", "EMAIL_URL", "MY_API_TOKEN", "PGPASSWORD"):
        monkeypatch.setenv(name, "canary")
    assert "canary" not in child.environment().values()
    assert child.environment()["OMP_NUM_THREADS"] == "1"


def test_a_child_goes_after_everything_else(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log, child._process(["sleep", "60"], log) as process:
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == priority.CHILDREN


def test_a_torn_progress_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    records = child.ProgressFile(path)
    assert records.new() == []
    path.write_text('{"step": 1}\n{"ste')
    assert records.new() == [{"step": 1}]
    with path.open("a") as file:
        file.write('{"step": 2}\n{"step": 3}\n')
    assert records.new() == [{"step": 3}]


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def half_of_it() -> None:
        with pipeline.replacing(path) as file:
            file.write(b"half")
            raise OSError("no space left on the disk")

    with pytest.raises(OSError, match="disk"):
        half_of_it()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (300, 300), (301, 300), (10_000, 300)])
def test_a_long_loss_curve_is_thinned_with_its_ends_kept(count: int, expected: int) -> None:
    points = [(step, step / 7) for step in range(count)]
    found = pipeline.thinned(points)
    assert len(found) == expected
    if count:
        assert (found[0], found[-1]) == (list(points[0]), list(points[-1]))


@pytest.mark.one_engine
@pytest.mark.django_db(transaction=True)
def test_a_training_round_is_cancelled_within_five_seconds_and_its_child_is_gone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    wait = child._wait

    def look(process: Any) -> None:
        looks.append(process.pid)
        wait(process)

    monkeypatch.setattr(child, "_wait", look)
    label_solutions(project, problems=20)
    long = {**QUICK, "epochs": 10_000, "max_epochs": 10_000}
    started = rounds.start_round(project=project, config={"training": long})
    rounds.advance(round_pk=started.pk)

    def work() -> None:
        try:
            rounds.advance(round_pk=started.pk)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    train = started.stages.get(name="train")
    deadline = time.monotonic() + 120
    while not train.progress.get("done") and time.monotonic() < deadline:
        time.sleep(0.2)
        train.refresh_from_db()
    assert train.progress["done"]
    assert processes_with(str(rounds.log_of(train).parent))
    before = len(looks)
    rounds.cancel_round(round_=started)
    worker.join(timeout=60)
    assert not worker.is_alive()
    # Counted in looks: how long a machine that is busy takes over two of them, and over an end by SIGKILL, is its own affair.
    assert len(looks) - before <= 2
    assert 2 * child.TICK < 5
    assert processes_with(str(rounds.log_of(train).parent)) == []


def processes_with(text: str) -> list[str]:
    """The command lines of living processes that name this."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if text in line:
                found.append(line)
    return found


@pytest.mark.usefixtures("in_process")
def test_the_weights_can_be_thrown_away_and_are_trained_again_the_same(project: Project, attempt: Any) -> None:
    label_solutions(project, problems=20)
    pipeline.freeze(attempt("freeze"))
    held = attempt("train")
    first = pipeline.train(held)["sha256"]
    files = {n: h for n, h in contents(held.folder / "model").items() if n != "training.json"}
    shutil.rmtree(held.folder / "model")
    pipeline.train(attempt("train"))
    assert {n: h for n, h in contents(held.folder / "model").items() if n != "training.json"} == files
    assert RewardModel.objects.count() == 1
    assert first
