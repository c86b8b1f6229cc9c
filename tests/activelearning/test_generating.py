"""A round's problems are sampled once each, whoever does it and whatever dies; what is sampled is seen when all of it is there."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from activelearning import generating, makers, rounds, sharing, tasks
from activelearning.attempt import Attempt
from activelearning.domains import arithmetic
from activelearning.generators import openai_api, reading
from activelearning.generators.openai_api import ServerRefused
from activelearning.generators.samples import Sample, Sampled
from activelearning.makers import Maker
from activelearning.models import GenerateShard, Round, SampledProblem
from annotation.errors import Conflict, InvalidInput
from annotation.models import JobState, Problem, Project, Purpose, Solution
from annotation.projects import create_project
from tests.activelearning.loop import QUICK, hold
from tests.factories import make_problem

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def sums(project: Project, count: int = 6) -> list[Problem]:
    return [make_problem(project, text=p.text, answer=p.answer) for p in arithmetic.problems(count, 3)]


def contents(project: Project) -> list[Any]:
    rows = Solution.objects.filter(project=project).order_by("problem__text_sha256", "content_sha256")
    return list(rows.values_list("problem__text_sha256", "content_sha256", "purpose", "generation"))


def held(project: Project, **sampling: Any) -> Attempt:
    generate = sampling.pop("generate", "scripted")
    return hold(project, "generate", generate=generate, sampling={"samples": 4, **sampling})


def test_what_is_sampled_is_in_the_pool_with_its_generator_and_every_sample_is_accounted_for(project: Project) -> None:
    sums(project)
    attempt = held(project, samples=12)
    result = generating.generate(attempt)
    pool = Solution.objects.pool(project)
    assert pool.count() == result["kept"] == result["pool"]
    assert result["kept"] + result["merged"] == result["samples"] == 72
    assert result["merged"] > 0
    assert set(pool.values_list("generator", "generation", "verdict")) == {("arithmetic", 1, "")}
    assert result["summary"].startswith("72 samples of 6 problems by arithmetic: ")
    for solution in pool:
        assert solution.steps[-1].endswith(f"# Answer\n\n{solution.answer}")
    row = SampledProblem.objects.filter(merged__gt=0)[0]
    assert row.kept + row.merged == 12
    assert sum(count - 1 for count in row.copies.values()) == row.merged


def test_the_same_seed_draws_and_samples_the_same_whatever_the_database(project: Project) -> None:
    sums(project)
    generating.generate(held(project, problems=4))
    other = create_project(slug="other", name="Other")
    make_problem(other, text="another problem shifts every key", answer="1", split="evaluate")
    sums(other)
    generating.generate(held(other, problems=4))
    assert [row[:2] for row in contents(project)] == [row[:2] for row in contents(other)] != []
    assert Solution.objects.filter(project=project).values("problem").distinct().count() == 4


def test_a_problem_that_was_sampled_before_a_kill_is_not_sampled_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums(project)
    whole = create_project(slug="other", name="Other")
    sums(whole)
    generating.generate(held(whole))
    attempt = held(project)
    store, asked = generating._store, Counter[int]()

    def dies(work: Any, sampled: Sampled) -> None:
        asked[sampled.id] += 1
        if asked.total() == 3:
            raise KeyboardInterrupt
        store(work, sampled)

    monkeypatch.setattr(generating, "_store", dies)
    with pytest.raises(KeyboardInterrupt):
        generating.generate(attempt)
    assert set(Solution.objects.filter(project=project).values_list("purpose", flat=True)) == {Purpose.ARRIVING}
    assert not Solution.objects.pool(project).exists()
    assert not Solution.objects.landed().filter(project=project).exists()
    GenerateShard.objects.filter(stage=attempt.stage).update(state=JobState.PENDING)  # as the reaper does
    generating.generate(attempt)
    assert sorted(asked.values()) == [1, 1, 1, 1, 1, 2]
    assert contents(project) == contents(whole)
    generating.generate(attempt)
    assert asked.total() == 7


def test_samples_that_are_no_solutions_are_dropped_each_with_its_reason(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_problem(project, text="one", answer="4")
    texts = ["Two and two.\n# Answer\n4", "Two and two.\n# Answer\n4", "So four.", "", "We add, and"]
    samples = tuple(Sample(text, cut_off=text.endswith("and")) for text in texts)

    def generate(wanted: Any, sampling: Any, *, take: Any, tick: Any, file: Path) -> None:
        for one in wanted:
            take(Sampled(id=one.id, samples=samples, failed="the generator was away"))

    monkeypatch.setattr(makers, "of", lambda _: Maker("told", generate, 10))
    result = generating.generate(held(project, samples=7))
    assert (result["kept"], result["merged"]) == (1, 1)
    assert result["dropped"] == {
        reading.NO_ANSWER: 1, reading.EMPTY: 1, reading.CUT_OFF: 1, "the generator was away": 2
    }  # fmt: skip
    assert (
        "5 dropped. Dropped: 2 the generator was away, 1 cut off before an answer, 1 empty, 1 without an answer."
        in result["summary"]
    )


def test_workers_side_by_side_share_the_problems(project: Project) -> None:
    sums(project)
    attempt = held(project)
    keys = list(Problem.objects.filter(project=project).values_list("pk", flat=True))
    assert generating.plan(stage=attempt.stage, problems=keys, size=2) == 3
    tasks.generate_shard(attempt.stage.pk)
    assert SampledProblem.objects.count() == 2
    assert generating.generate(attempt)["problems"] == 6
    assert SampledProblem.objects.count() == 6


def test_a_stale_worker_writes_nothing(project: Project) -> None:
    sums(project, 2)
    attempt = held(project)
    generating.plan(stage=attempt.stage, problems=Problem.objects.values_list("pk", flat=True), size=2)
    stale = sharing.take(GenerateShard, stage_pk=attempt.stage.pk, worker="frozen")
    assert stale is not None
    GenerateShard.objects.update(attempt=2)  # it was reaped and given to another
    generating.carry_out(stale)
    assert not Solution.objects.exists()
    rounds.cancel_round(round_=Round.objects.get())
    assert GenerateShard.objects.get().state == JobState.CANCELLED


def test_a_round_asks_the_server_that_its_configuration_names_and_no_secret_reaches_a_row(
    project: Project, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums(project, 2)
    (tmp_path / "key").write_text("s3cret")
    settings.GENERATORS = {"qwen": {"url": "http://gpu1/v1", "model": "m", "key_file": str(tmp_path / "key")}}
    asked: list[Any] = []

    def generate(server: Any, wanted: Any, sampling: Any, *, take: Any, tick: Any) -> None:
        asked.append((server.url, [one.problem for one in wanted]))
        for one in wanted:
            take(Sampled(id=one.id, samples=(Sample("So.\n# Answer\n1"),) * sampling.samples))

    monkeypatch.setattr(openai_api, "generate", generate)
    result = generating.generate(held(project, generate={"server": "qwen"}))
    assert (result["generator"], result["kept"], result["merged"]) == ("qwen", 2, 6)
    assert [url for url, _ in asked] == ["http://gpu1/v1"]
    row = Round.objects.get()
    assert row.config["generate"] == {"server": "qwen"}
    assert "gpu1" not in str(row.config)


def test_a_server_that_is_taken_away_or_refuses_fails_the_round_with_its_name(
    project: Project, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums(project, 1)
    settings.GENERATORS = {"qwen": {"url": "http://gpu1/v1", "model": "m"}}

    def refuses(*_: Any, **__: Any) -> None:
        raise ServerRefused("The generator's server qwen answers 401: its address, key or model is not right.")

    monkeypatch.setattr(openai_api, "generate", refuses)
    attempt = held(project, generate={"server": "qwen"})
    with pytest.raises(Conflict, match="answers 401"):
        generating.generate(attempt)
    settings.GENERATORS = {}
    with pytest.raises(Conflict, match="The generator qwen is not to be had any more"):
        generating.generate(attempt)


def test_a_generator_that_brings_nothing_fails_the_round_with_the_reason(project: Project) -> None:
    make_problem(project, text="What is a group?", answer="a set with an operation")
    with pytest.raises(Conflict, match="4 of problems that the script does not know"):
        generating.generate(held(project))


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"generate": "http://127.0.0.1"}, "generate"),
        ({"generate": {"local": "../../etc"}}, "generate"),
        ({"generate": {"server": "http://169.254.169.254"}}, "generate"),
        ({"generate": {"local": []}}, "generate"),
        ({"generate": {"scripted": "x"}}, "generate"),
        ({"generate": ["pool"]}, "generate"),
        ({"sampling": {"samples": 0}}, "sampling.samples"),
        ({"sampling": {"samples": True}}, "sampling.samples"),
        ({"sampling": {"temperature": float("nan")}}, "sampling.temperature"),
        ({"sampling": {"steps": "sentences"}}, "sampling.steps"),
        ({"sampling": {"prompt": "Solve it."}}, "sampling.prompt"),
        ({"sampling": {"stop": ["", "x"]}}, "sampling.stop"),
        ({"sampling": {"url": "http://x"}}, "sampling.url"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_by_the_fields_name(
    project: Project, config: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        rounds.start_round(project=project, config={"training": QUICK, **config})
    assert [error.field for error in refusal.value.errors] == [field]
