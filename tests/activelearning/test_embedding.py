"""Diversity in a round: by the last hidden states of the round's own model, on the queue where the devices are."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from activelearning import child, rounds, selecting
from activelearning.models import RewardModel, Selected, StageName
from activelearning.rewardmodel import score
from activelearning.rewardmodel.model import open_trained
from activelearning.rewardmodel.scoring import score_solutions
from annotation.models import Project, Solution
from tests.activelearning.loop import fill_pool, hold, scored_pool
from tests.activelearning.records import mixed_records
from tests.activelearning.rewardmodel.conftest import run_training

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scorer's command, without a process of its own."""

    def run(module: str, arguments: list[str], *, log: Path, tick: Callable[[], None]) -> None:
        assert module == score.__name__
        assert score.main(arguments) == 0
        tick()

    monkeypatch.setattr(child, "run", run)


def test_each_choice_is_the_farthest_from_those_before_it_in_the_models_own_space(
    project: Project, in_this_process: None, tmp_path: Path
) -> None:
    solutions = fill_pool(project, problems=6, each=3)
    held = hold(project, "select", strategy="diversity", budget=7, per_problem=None, uniform_share=0.0)
    scored_pool(held, lambda s: 0.5)
    assert run_training(tmp_path, mixed_records(12)) == 0
    model, _ = open_trained(tmp_path / "model")
    RewardModel.objects.update(
        path="model", sha256=hashlib.sha256((tmp_path / "model" / "training.json").read_bytes()).hexdigest()
    )
    too_long = solutions[4]
    Solution.objects.filter(pk=too_long.pk).update(steps=["word " * 9000])

    assert selecting.select(held)["shares"] == {"diversity": 7}
    chosen = list(Selected.objects.order_by("rank").values_list("solution", flat=True))
    assert too_long.pk not in chosen
    assert list(Selected.objects.order_by("rank").values_list("reason", flat=True))[1].endswith("by embeddings")
    assert held.progress["message"].endswith("reads 18 solutions, to tell them apart")
    assert not list(held.folder.glob("*diversity*"))

    rows = [row for row in Solution.objects.pool(project).select_related("problem") if row.pk != too_long.pk]
    model.network.eval()
    found = score_solutions(model, [(row.problem.text, row.steps) for row in rows], embeddings=True)
    where = {row.pk: one.embedding for row, one in zip(rows, found, strict=True)}

    def gap(pk: int, before: list[int]) -> float:
        return min(float(np.linalg.norm(where[pk] - where[other])) for other in before)

    for rank, pk in enumerate(chosen[1:], start=1):
        before = chosen[:rank]
        farthest = max(gap(other, before) for other in where if other not in before)
        assert gap(pk, before) == pytest.approx(farthest, rel=1e-3)


@pytest.mark.parametrize(
    ("config", "queue"),
    [
        ({"strategy": "diversity"}, "train"),
        ({"strategy": {"mixed": 0.9, "diversity": 0.1}}, "train"),
        ({"strategy": "mixed"}, "default"),
        ({"strategy": "diversity", "uniform_share": 1.0}, "default"),
    ],
)
def test_only_a_choice_that_asks_the_model_waits_for_a_trainer(
    project: Project, config: dict[str, Any], queue: str
) -> None:
    started = rounds.start_round(project=project, config=config)
    assert rounds.queue_of(started.stages.get(name=StageName.SELECT)) == queue
