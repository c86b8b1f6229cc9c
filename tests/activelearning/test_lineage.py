"""From an exported line back to the labels, choices and code that it came from, by links that can be followed."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activelearning import comparing, lineage
from activelearning.code_version import code_version, commit_in
from activelearning.models import RewardModel, Round, Selected
from annotation import queue, snapshots
from annotation.errors import NotFound
from annotation.models import Annotation, Project, Score, User
from annotation.queue import QueueEntry
from tests.activelearning.loop import fill_pool, label_solutions, label_these
from tests.activelearning.test_evaluating import evaluated, guesses, knows, own_data_folder, scorer  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def looped(project: Project, scorer: Any) -> Annotation:  # noqa: F811
    """Two rounds; the first one chose the solution that this annotation is of."""
    label_solutions(project, problems=10)
    first = evaluated(project, scorer, guesses)
    (solution,) = fill_pool(project, problems=1, each=1)
    type(solution).objects.filter(pk=solution.pk).update(generator="qwen", generation=3)
    Score.objects.create(solution=solution, scorer="model-1", rating_probs=[], prm_score=0.9)
    batch = queue.enqueue(project=project, entries=[QueueEntry(solution_id=solution.pk)], name="Round 1", generation=1)
    Round.objects.filter(pk=first.pk).update(batch=batch)
    Selected.objects.create(round=first, solution=solution, rank=1, score=0.9, strategy="mixed", reason="high score")
    label_these(project, {solution.pk: False})
    evaluated(project, scorer, knows)
    return Annotation.objects.get(solution=solution)


def kinds(links: list[dict[str, Any]]) -> list[str]:
    return [link["kind"] for link in links]


def test_an_exported_line_leads_back_to_choice_model_snapshot_and_code(project: Project, looped: Annotation) -> None:
    frozen = snapshots.freeze(project=project, actor=None)
    lines = snapshots.file_of(frozen).read_bytes().splitlines()
    digest = hashlib.sha256(lines[-1]).hexdigest()
    links = lineage.asked_for(project, {"line": digest})
    assert links == lineage.asked_for(project, {"snapshot": str(frozen.pk), "row": str(len(lines))})
    assert links == lineage.asked_for(project, {"annotation": str(looped.pk)})
    assert kinds(links) == [
        "annotation", "work_item", "batch", "choice", "solution", "score", "round", "model", "snapshot"
    ]  # fmt: skip
    found = {link["kind"]: link for link in links}
    model = RewardModel.objects.get(name="model-1")
    assert found["choice"] | {} == {
        "kind": "choice", "round": model.round_id, "number": 1, "rank": 1, "score": 0.9, "strategy": "mixed", "reason": "high score"
    }  # fmt: skip
    assert (found["solution"]["generator"], found["solution"]["generation"]) == ("qwen", 3)
    assert (found["model"]["id"], found["score"]["model"]) == (model.pk, model.pk)
    assert found["snapshot"]["sha256"] == Round.objects.get(number=1).snapshot.sha256  # type: ignore[union-attr]
    assert found["round"]["code"] == code_version()


def test_a_model_leads_back_through_every_round_before_it_and_a_solution_to_its_labels(
    project: Project, looped: Annotation
) -> None:
    second = RewardModel.objects.get(name="model-2")
    links = lineage.asked_for(project, {"model": str(second.pk)})
    assert kinds(links) == ["model", "round", "snapshot", "round", "model", "snapshot"]
    assert [link["number"] for link in links if link["kind"] == "round"] == [2, 1]
    assert links[1]["before"] == RewardModel.objects.get(name="model-1").pk

    links = lineage.asked_for(project, {"solution": str(looped.solution_id)})
    assert kinds(links)[:4] == ["solution", "score", "choice", "annotation"]


@pytest.mark.parametrize("given", [{"line": "0" * 64}, {"annotation": "x"}, {"model": "9" * 30}, {"solution": "0"}])
def test_what_is_not_there_is_not_found(project: Project, given: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        lineage.asked_for(project, given)


def test_page_and_api_say_the_same_to_researchers(
    project: Project, looped: Annotation, researcher: User, signed_in: Callable[[User], Client]
) -> None:
    browser = signed_in(researcher)
    model = RewardModel.objects.get(name="model-2")
    page = browser.get(f"/projects/algebra/lineage/?annotation={looped.pk}").content.decode()
    for said in ("high score", "qwen", code_version(), str(looped.labeller.uuid), looped.sha256):
        assert said in page
    assert "Name one" not in page
    answer = browser.get(f"/api/v1/projects/algebra/lineage/?model={model.pk}")
    assert answer.json()["links"][0]["name"] == "model-2"
    assert browser.get("/api/v1/projects/algebra/lineage/").status_code == 400
    assert browser.get("/projects/algebra/lineage/?line=abc").status_code == 404
    assert browser.get("/projects/algebra/lineage/").status_code == 200


def test_two_models_are_compared_on_what_both_scored_and_neither_learnt_from(
    project: Project, looped: Annotation, researcher: User, signed_in: Callable[[User], Client]
) -> None:
    one, other = RewardModel.objects.get(name="model-2"), RewardModel.objects.get(name="model-1")
    found = comparing.compared(one, other)
    assert found["step"]["difference"]["step_auc"]["difference"] > 0.4
    assert found["best_of_n"]["difference"]["differences"][-1]["difference"] > 0
    back = comparing.compared(other, one)
    assert (
        back["step"]["difference"]["step_auc"]["difference"] == -found["step"]["difference"]["step_auc"]["difference"]
    )
    browser = signed_in(researcher)
    with CaptureQueriesContext(connection) as captured:
        answer = browser.get(f"/api/v1/models/{one.pk}/compare/{other.pk}/")
    assert answer.json()["step"]["difference"]["step_auc"] == found["step"]["difference"]["step_auc"]
    assert len(captured) < 40
    page = browser.get(f"/projects/algebra/models/{one.pk}/compare/?with={other.pk}").content.decode()
    assert "model-1" in page
    assert "points" in page


def test_the_commit_is_read_from_the_checkouts_own_files(tmp_path: Path) -> None:
    commit, git = "a" * 40, tmp_path / ".git"
    assert commit_in(git) == ""
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert commit_in(git) == ""
    (git / "packed-refs").write_text(f"# pack-refs with: peeled\n{commit} refs/heads/main\n")
    assert commit_in(git) == commit
    (git / "refs" / "heads" / "main").write_text("b" * 40 + "\n")
    assert commit_in(git) == "b" * 40
    (git / "HEAD").write_text("c" * 40)
    assert commit_in(git) == "c" * 40
    other = tmp_path / "other"
    other.write_text("gitdir: .git")
    assert commit_in(other) == "c" * 40
