"""The scorer: what it answers equals `score_solutions`, what it holds open, and the real process behind the real API, killed too."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from django.conf import settings as django_settings
from structlog.testing import capture_logs

from activelearning import scorer, scorings
from activelearning.live_steps import LocalSteps
from activelearning.models import ModelKind, RewardModel, Scoring
from activelearning.rewardmodel.checkpoint import sha256_of
from activelearning.rewardmodel.model import open_trained
from activelearning.rewardmodel.scoring import score_solutions, written
from activelearning.scorer import OpenModels
from activelearning.scorings import CannotBeScored
from annotation import accounts, projects, queue, step_supply
from annotation.models import JobState, Project, Role
from tests.activelearning.records import mixed_records
from tests.activelearning.rewardmodel.conftest import run_training
from tests.annotation import suppliers
from tests.annotation.conversations import conversation, make_project, queue_problem
from tests.labelapp.processes import database_url, end, environment, eventually, runs

PROBLEM = "What is $1 + 1$?"
STEPS = ["Step 0 of it.", "Step 1 of it.", "Or else 0."]


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Finished folders: a PRM, an ORM, and a PRM of three heads."""
    folder = tmp_path_factory.mktemp("trained")
    outcomes = [{"problem": PROBLEM, "steps": STEPS, "is_correct": bool(n % 2)} for n in range(12)]
    assert run_training(folder / "prm", mixed_records(12)) == 0
    assert run_training(folder / "orm", outcomes, kind="orm") == 0
    assert run_training(folder / "ensemble", mixed_records(12), ensemble=3, neutral="bad") == 0
    return {name: folder / name / "model" for name in ("prm", "orm", "ensemble")}


@pytest.fixture
def data_folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


Make = Callable[..., RewardModel]


@pytest.fixture
def make_model(data_folder: Path, trained: dict[str, Path]) -> Make:
    """`make_model(project, "prm")`: a registered copy of that folder."""

    def make(project: Project, which: str = "prm", *, name: str = "", is_current: bool = False) -> RewardModel:
        name = name or f"{project.slug}-{which}"
        shutil.copytree(trained[which], data_folder / "models" / name)
        return RewardModel.objects.create(
            project=project, kind=ModelKind.ORM if which == "orm" else ModelKind.PRM, name=name, path=f"models/{name}",
            sha256=sha256_of(trained[which] / "training.json"), is_current=is_current,
        )  # fmt: skip

    return make


def ask(model: RewardModel, *, steps: list[str] = STEPS) -> Scoring:
    return scorings.request(reward_model=model, problem=PROBLEM, steps=steps)


def expected(folder: Path) -> dict[str, Any]:
    """What the pipeline's own scorer says of the solution."""
    model, _ = open_trained(folder)
    model.network.eval()
    (score,) = score_solutions(model, [(PROBLEM, STEPS)])
    return written(score, model.kind)


@pytest.mark.django_db
@pytest.mark.parametrize("which", ["prm", "orm", "ensemble"])
def test_a_solution_gets_the_scores_of_score_solutions(
    project: Project, make_model: Make, trained: dict[str, Path], which: str
) -> None:
    result = OpenModels().score(ask(make_model(project, which)))
    first_error = result.pop("first_error")
    assert result == expected(trained[which])
    assert {"orm": {"orm_score"}, "ensemble": {"rating_probs", "prm_score", "rating_deviation"}}.get(
        which, {"rating_probs", "prm_score"}
    ) == set(result)
    # Of the ensemble here neutral is bad.
    good = [p["1"] + (p["0"] if which == "prm" else 0.0) for p in result.get("rating_probs", [])]
    assert first_error == next((step for step, chance in enumerate(good) if chance < 0.5), None)


@pytest.mark.django_db
def test_a_solution_that_is_too_long_fails_and_says_so(project: Project, make_model: Make) -> None:
    too_long = ask(make_model(project), steps=["word " * 19_000] * 3)
    assert scorings.run_next(score=OpenModels().score)
    too_long.refresh_from_db()
    assert (too_long.state, too_long.error) == (
        JobState.FAILED,
        "The solution is longer than the model's 8192 tokens.",
    )


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["one byte", "another model in its place", "gone"])
def test_a_model_that_was_changed_since_it_was_trained_is_not_scored_with(
    project: Project, make_model: Make, data_folder: Path, trained: dict[str, Path], change: str
) -> None:
    model = make_model(project)
    folder = data_folder / model.path
    if change == "one byte":
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    else:
        shutil.rmtree(folder)
    if change == "another model in its place":
        shutil.copytree(trained["ensemble"], folder)
    refused = ask(model)
    assert scorings.run_next(score=OpenModels().score)
    refused.refresh_from_db()
    assert refused.state == JobState.FAILED
    assert refused.error.startswith("algebra-prm cannot be opened: ")
    assert str(data_folder) not in refused.error


@pytest.mark.django_db
def test_broken_weights_fail_with_a_reason(project: Project, make_model: Make) -> None:
    models, asked = OpenModels(), ask(make_model(project))
    models.score(asked)
    (opened,) = models._open.values()
    with torch.no_grad():
        next(iter(opened.network.parameters())).fill_(float("nan"))
    with pytest.raises(CannotBeScored, match="weights are broken"):
        models.score(asked)


@pytest.mark.django_db
def test_two_models_stand_open_and_the_one_used_longest_ago_makes_room(
    project: Project, make_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    by_itself = OpenModels._open_folder

    def watched(self: OpenModels, row: RewardModel) -> Any:
        opened.append(row.name)
        return by_itself(self, row)

    monkeypatch.setattr(OpenModels, "_open_folder", watched)
    asked = {name: ask(make_model(project, name=name)) for name in "abc"}
    models = OpenModels()
    for name in "abacab":
        models.score(asked[name])
    assert opened == ["a", "b", "c", "b"]


@pytest.mark.django_db
def test_current_models_are_opened_ahead_of_the_first_request_and_a_broken_one_only_once(
    project: Project, make_model: Make, data_folder: Path
) -> None:
    models = OpenModels()
    models.welcome_current()
    assert not models._open
    broken = make_model(project, is_current=True)
    (data_folder / broken.path / "training.json").unlink()
    current = make_model(projects.create_project(slug="geometry"), is_current=True)
    models.welcome_current()
    models.welcome_current()
    assert list(models._open) == [current.pk]


@pytest.mark.django_db
def test_the_one_in_hand_is_finished_before_an_end(project: Project, make_model: Make) -> None:
    model = make_model(project)
    first, second = ask(model), ask(model)
    looks: list[None] = []
    scorer.serve(OpenModels(), is_over=lambda: bool(looks), tick=lambda: looks.append(None))
    assert list(Scoring.objects.order_by("pk").values_list("pk", "state")) == [
        (first.pk, JobState.DONE), (second.pk, JobState.PENDING)
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_labeller_who_waits_for_next_steps_goes_before_a_solution_that_waits_for_its_score(
    project: Project, make_model: Make, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STEP_SUPPLIER = step_supply.SCORER
    steps = make_project()
    person, _ = accounts.create_account(email="a@example.org", project=steps, role=Role.LABELLER, password="x" * 20)
    queue_problem(steps)
    (handout,) = queue.claim(labeller=accounts.labeller_of(project=steps, user=person))
    asked = ask(make_model(project))
    generator = LocalSteps()
    opened: list[None] = []
    monkeypatch.setattr(generator, "open_ahead", lambda: opened.append(None))
    monkeypatch.setattr(generator, "next_steps", suppliers.good)
    looks: list[None] = []
    scorer.serve(OpenModels(), generator, is_over=lambda: len(looks) == 1, tick=lambda: looks.append(None))
    (turn,) = conversation(handout)
    assert (opened, turn.alternatives) == ([None], ["One.", "Two."])
    asked.refresh_from_db()
    assert asked.state == JobState.PENDING
    scorer.serve(OpenModels(), generator, is_over=lambda: len(looks) == 2, tick=lambda: looks.append(None))
    asked.refresh_from_db()
    assert asked.state == JobState.DONE


@pytest.mark.django_db
def test_a_generator_of_next_steps_that_cannot_be_opened_is_told_and_the_scorer_goes_on(
    data_folder: Path, settings: Any
) -> None:
    settings.STEP_GENERATOR = "broken"
    (data_folder / "bases" / "broken").mkdir(parents=True)
    looks: list[None] = []
    with capture_logs() as said:
        scorer.serve(OpenModels(), LocalSteps(), is_over=lambda: bool(looks), tick=lambda: looks.append(None))
    assert [line["reason"] for line in said if "generator" in line] == [
        f"{data_folder}/bases/broken holds no safetensors file"
    ]


# --- the real process -------------------------------------------------------------------------------------------------


@contextmanager
def scorer_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    env = environment(folder, DATABASE_URL=database_url(), LABELAPP_PROCESS="worker", JOB_HEARTBEAT="0.5")
    command = [sys.executable, "manage.py", "scorer", "--threads", "1", "--die-with-parent", str(os.getpid())]
    with (folder / "scorer.log").open("a") as log:
        process = subprocess.Popen(
            command, cwd=django_settings.BASE_DIR, env=env, stdout=log, stderr=log, text=True, start_new_session=True
        )
    try:
        yield process
    finally:
        end(process)


def said(folder: Path) -> str:
    return (folder / "scorer.log").read_text()


def has_torch(process: subprocess.Popen[str]) -> bool:
    return "libtorch" in Path(f"/proc/{process.pid}/maps").read_text()


@pytest.fixture
def over_http(live_server: Any) -> Callable[..., Callable[[RewardModel], httpx.Response]]:
    """`over_http(project)` is a script with a token: `script(model)` posts the solution."""

    def make(project: Project) -> Callable[[RewardModel], httpx.Response]:
        user, _ = accounts.create_account(email="r@example.org", project=project, role=Role.RESEARCHER)
        _, secret = accounts.issue_token(user=user, name="t", scopes=["read"])
        headers = {"Authorization": f"Bearer {secret}"}
        body = {"problem": PROBLEM, "steps": STEPS}

        def post(model: RewardModel) -> httpx.Response:
            url = f"{live_server.url}/api/v1/models/{model.pk}/score/"
            return httpx.post(url, json=body, headers=headers, timeout=60)

        return post

    return make


@pytest.mark.django_db(transaction=True)
@pytest.mark.one_engine
@pytest.mark.long
def test_a_warm_scorer_answers_a_request_over_http_and_ends_in_order(
    over_http: Any, make_model: Make, trained: dict[str, Path], data_folder: Path
) -> None:
    project = projects.create_project(slug="algebra")
    model = make_model(project, is_current=True)
    post = over_http(project)
    with scorer_process(data_folder) as process:
        eventually(lambda: "model opened" in said(data_folder), "the current model is open")
        answer = post(model)
        assert answer.status_code == 200, answer.text
        found, wanted = answer.json(), expected(trained["prm"])
        assert found["prm_score"] == pytest.approx(wanted["prm_score"], abs=1e-6)
        for step, by_itself in zip(found["rating_probs"], wanted["rating_probs"], strict=True):
            assert step == pytest.approx(by_itself, abs=1e-6)
        assert answer.elapsed.total_seconds() < django_settings.SCORING_WAIT_SECONDS

        process.terminate()
        assert process.wait(timeout=30) == 0
    assert "Traceback" not in said(data_folder)


@pytest.mark.django_db(transaction=True)
@pytest.mark.one_engine
@pytest.mark.long
def test_torch_waits_for_a_model_and_a_row_whose_scorer_is_killed_is_done_by_the_next_one(
    over_http: Any, make_model: Make, data_folder: Path, settings: Any
) -> None:
    settings.SCORING_WAIT_SECONDS = 0
    project = projects.create_project(slug="algebra")
    model = make_model(project)  # not the current one: it is opened, and torch imported, at the first request
    post = over_http(project)
    with scorer_process(data_folder) as first:
        eventually(lambda: (data_folder / "alive").is_dir(), "it looks for work")
        assert not has_torch(first)
        asked = Scoring.objects.get(pk=post(model).json()["id"])
        eventually(lambda: Scoring.objects.get().state == JobState.RUNNING, "it has taken the row")
        first.send_signal(signal.SIGKILL)
        first.wait()
    asked.refresh_from_db()
    assert (asked.state, asked.attempt) == (JobState.RUNNING, 1)
    with scorer_process(data_folder) as second:
        eventually(lambda: Scoring.objects.get().state == JobState.DONE, "the next one has done it")
        assert has_torch(second)
    asked.refresh_from_db()
    assert (asked.attempt, len(asked.result["rating_probs"])) == (2, len(STEPS))


@pytest.mark.django_db(transaction=True)
@pytest.mark.one_engine
def test_a_scorer_dies_with_whoever_started_it(data_folder: Path) -> None:
    env = environment(data_folder, DATABASE_URL=database_url(), LABELAPP_PROCESS="worker")
    starts_one = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, 'manage.py', 'scorer', '--die-with-parent', str(os.getpid())])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starts_one], cwd=django_settings.BASE_DIR, env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        eventually(lambda: (data_folder / "alive").is_dir(), "it looks for work")
        assert runs(child)
        parent.kill()
        eventually(lambda: not runs(child), "it is gone", within=10)
    finally:
        end(parent)
