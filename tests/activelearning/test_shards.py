"""The pool in shards: every solution is scored once, whoever does it, whatever dies; what cannot be scored fails the stage and says why."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import close_old_connections
from django.utils import timezone

from activelearning import child, grading, pipeline, pool, rounds, shards, sharing, tasks
from activelearning.attempt import Attempt
from activelearning.child import ChildFailed, ChildRefused
from activelearning.models import GradeShard, ModelKind, RewardModel, Round, ScoreShard, Stage
from annotation import jobs
from annotation.errors import Conflict
from annotation.models import JobState, Project, Score, Solution
from tests.activelearning.loop import QUICK, fill_pool, hold

MANIFEST = b"{}"


@pytest.fixture(autouse=True)
def own_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


class Scorer:
    """Stands in for the child process: scores each solution by its key, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[list[int]] = []
        self.passes = 0
        self.before: Callable[[list[int]], None] = lambda ids: None

    def __call__(self, module: str, arguments: list[str], *, log: Path, tick: Callable[[], None]) -> None:
        source, output = (Path(arguments[arguments.index(word) + 1]) for word in ("--input", "--output"))
        rows = [json.loads(line) for line in source.read_text().splitlines()]
        self.passes = int(arguments[arguments.index("--dropout-passes") + 1])
        self.given.append([row["id"] for row in rows])
        self.before(self.given[-1])
        tick()
        said: dict[str, Any] = {"rating_probs": []}
        if self.passes:
            said = {"rating_probs": [{"-1": 0.1, "0": 0.0, "1": 0.9}], "rating_deviation": [0.05]}
        scored = ({**row, **said, "prm_score": row["id"] / 1e6} for row in rows)
        output.write_text("".join(json.dumps(line) + "\n" for line in scored))


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch) -> Scorer:
    found = Scorer()
    monkeypatch.setattr(child, "run", found)
    monkeypatch.setattr(shards.plan, "__kwdefaults__", {"size": 4})
    monkeypatch.setattr(sharing, "PATIENCE", 0.05)
    return found


@pytest.fixture
def held(project: Project, scorer: Scorer) -> Attempt:
    """A worker's hold on the score stage over a pool of ten problems with two solutions each."""
    fill_pool(project, problems=10, each=2)
    started = rounds.start_round(project=project, config={"training": QUICK})
    stage = jobs.take(kind=Stage, pk=started.stages.get(name="score").pk, worker="test")
    assert stage is not None
    attempt = Attempt(stage)
    (attempt.folder / "model").mkdir()
    (attempt.folder / "model" / "training.json").write_bytes(MANIFEST)
    RewardModel.objects.create(
        round=started,
        project=project,
        kind=ModelKind.PRM,
        name="scorer",
        path=f"rounds/{project.slug}/1/model",
        sha256="44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    )
    return attempt


def scores() -> dict[int, float | None]:
    return dict(Score.objects.values_list("solution_id", "prm_score"))


def every_solution() -> dict[int, float | None]:
    return {pk: pk / 1e6 for pk in Solution.objects.values_list("pk", flat=True)}


@pytest.mark.django_db
def test_a_worker_alone_scores_all_of_it_with_a_problems_solutions_together(held: Attempt, scorer: Scorer) -> None:
    result = pipeline.score(held)
    assert result["scored"] == 20
    assert scores() == every_solution()
    assert [len(ids) for ids in scorer.given] == [4, 4, 4, 4, 4]
    problems = [set(Solution.objects.filter(pk__in=ids).values_list("problem_id", flat=True)) for ids in scorer.given]
    assert sum(map(len, problems)) == len(set().union(*problems)) == 10
    assert list(held.folder.glob("pool.*")) == []
    assert pipeline.score(held)["scored"] == 20
    assert len(scorer.given) == 5


def test_a_round_by_doubt_has_the_pool_scored_with_its_passes_of_dropout(held: Attempt, scorer: Scorer) -> None:
    Round.objects.update(config={**held.round.config, "strategy": "ensemble", "dropout_passes": 8})
    pipeline.score(held)
    assert scorer.passes == 8
    # Ten times ActPRM's threshold of the deviation.
    assert set(Score.objects.values_list("doubt", flat=True)) == {10.0}


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_score_each_solution_once(held: Attempt, scorer: Scorer) -> None:
    def another(_: int) -> int:
        try:
            done = 0
            while (shard := sharing.take(ScoreShard, stage_pk=held.stage.pk, worker="another")) is not None:
                shards.carry_out(shard)
                done += 1
            return done
        finally:
            close_old_connections()

    shards.plan(stage=held.stage, model=held.round.reward_model)
    with ThreadPoolExecutor(3) as workers:
        done = sum(workers.map(another, range(3)))
    pipeline.score(held)
    assert done == 5
    assert sorted(pk for ids in scorer.given for pk in ids) == sorted(every_solution())
    assert scores() == every_solution()


@pytest.mark.django_db
def test_the_shard_of_a_worker_that_died_goes_on_behind_what_that_worker_stored(held: Attempt, scorer: Scorer) -> None:
    shards.plan(stage=held.stage, model=held.round.reward_model)
    dead = sharing.take(ScoreShard, stage_pk=held.stage.pk, worker="dead")
    assert dead is not None
    first, second, *_ = Solution.objects.filter(problem=dead.first_problem).order_by("pk")
    Score.objects.create(solution=first, scorer="scorer", rating_probs=[], prm_score=0.5)
    ScoreShard.objects.filter(pk=dead.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
    pipeline.score(held)
    assert scores() == every_solution() | {first.pk: 0.5}
    assert [ids for ids in scorer.given if second.pk in ids] == [
        list(
            Solution.objects.filter(problem__lte=dead.last_problem)
            .exclude(pk=first.pk)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
    ]


@pytest.mark.django_db
def test_a_stale_worker_writes_nothing(held: Attempt, scorer: Scorer) -> None:
    shards.plan(stage=held.stage, model=held.round.reward_model)
    stale = sharing.take(ScoreShard, stage_pk=held.stage.pk, worker="frozen")
    assert stale is not None
    ScoreShard.objects.filter(pk=stale.pk).update(attempt=2)  # it was reaped and given to another
    shards.carry_out(stale)
    assert scores() == {}


@pytest.mark.django_db
def test_what_came_into_the_pool_meanwhile_is_scored_too(held: Attempt, scorer: Scorer) -> None:
    def one_more(ids: list[int]) -> None:
        scorer.before = lambda ids: None
        fill_pool(held.project, problems=1, each=1, first=5000)

    scorer.before = one_more
    assert pipeline.score(held)["scored"] == 21
    assert scores() == every_solution()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "tries", "said"),
    [(ChildRefused("the model is not finite"), 1, "not finite"), (ChildFailed("score was killed"), 3, "was killed")],
)
def test_a_shard_that_cannot_be_scored_fails_the_stage_with_its_reason(
    held: Attempt, scorer: Scorer, error: Exception, tries: int, said: str
) -> None:
    def broken(ids: list[int]) -> None:
        raise error

    scorer.before = broken
    with pytest.raises(Conflict, match=said):
        pipeline.score(held)
    assert ScoreShard.objects.order_by("-attempt")[0].attempt == tries
    scorer.before = lambda ids: None
    pipeline.score(held)  # tried again by a person: from where it was
    assert scores() == every_solution()


@pytest.mark.django_db
def test_a_cancelled_round_stops_its_shards_wherever_they_are_worked_on(held: Attempt, scorer: Scorer) -> None:
    shards.plan(stage=held.stage, model=held.round.reward_model)
    elsewhere = sharing.take(ScoreShard, stage_pk=held.stage.pk, worker="elsewhere")
    assert elsewhere is not None
    scorer.before = lambda ids: rounds.cancel_round(round_=Round.objects.get())
    shards.carry_out(elsewhere)
    assert scores() == {}
    assert set(ScoreShard.objects.values_list("state", flat=True)) == {JobState.CANCELLED}
    tasks.score_shard(held.stage.pk)
    assert len(scorer.given) == 1


@pytest.mark.django_db
def test_grading_is_shared_in_the_same_way_and_every_answer_is_graded_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_pool(project, problems=4, each=2)
    monkeypatch.setattr(grading.plan, "__kwdefaults__", {"size": 3})
    attempt = hold(project, "grade")
    assert grading.plan(stage=attempt.stage) == 3
    tasks.grade_shard(attempt.stage.pk)  # another worker
    assert Solution.objects.exclude(verdict="").count() == 3
    dead = sharing.take(GradeShard, stage_pk=attempt.stage.pk, worker="dead")
    assert dead is not None
    GradeShard.objects.filter(pk=dead.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
    graded: list[int] = []
    grade_one = pool.graded
    monkeypatch.setattr(pool, "graded", lambda one, grader: graded.append(one.pk) or grade_one(one, grader=grader))
    monkeypatch.setattr(sharing, "PATIENCE", 0)
    assert grading.grade(attempt)["graded"] == 8
    assert len(set(graded)) == len(graded) == 5
    assert sorted(Solution.objects.values_list("verdict", flat=True)) == ["right"] * 4 + ["wrong"] * 4
