"""The examples of docs/client.md and the README, run as they stand there, in order, against a server with a project that can learn."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

import labelapp_client.client
from activelearning import rounds, scorings
from activelearning.models import Round, RoundState
from activelearning.rewardmodel.checkpoint import read_manifest
from activelearning.scorer import OpenModels
from annotation import accounts, imports, jobs
from annotation.models import Import, Project, User
from tests.activelearning.loop import fill_pool, label_solutions, steps_of

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_of(name: str) -> list[str]:
    return BLOCK.findall((Path(settings.BASE_DIR) / name).read_text(encoding="utf-8"))


@pytest.fixture
def a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the client waits, a worker does the next thing that is due; while the server waits for a score, the scorer."""
    models = OpenModels()

    def work(seconds: float) -> None:
        for job in jobs.due(kind=Import):
            imports.run_import(pk=job.pk)
        for running in Round.objects.filter(state=RoundState.RUNNING):
            rounds.advance(round_pk=running.pk)

    monkeypatch.setattr(labelapp_client.client, "pause", work)
    monkeypatch.setattr(scorings, "pause", lambda _: scorings.run_next(score=models.score))


@pytest.mark.one_engine
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("in_process", "a_worker")
def test_the_examples_run_as_they_stand(
    project: Project,
    admin: User,
    live_server: Any,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.DATA_DIR = tmp_path / "data"
    settings.FILE_UPLOAD_TEMP_DIR = None
    settings.SCORING_WAIT_SECONDS = 60
    label_solutions(project, problems=12)
    fill_pool(project, problems=3)
    _, secret = accounts.issue_token(user=admin, name="notebook", scopes=["read", "train", "export", "admin"])
    monkeypatch.setenv("LABELAPP_URL", live_server.url)
    monkeypatch.setenv("LABELAPP_TOKEN", secret)
    monkeypatch.chdir(tmp_path)
    more = {"problem": "What is $70 + 3$?", "answer": "73", "steps": steps_of(70, 3, wrong=False)}
    (tmp_path / "more.jsonl").write_text(json.dumps(more) + "\n")
    found = blocks_of("docs/client.md")
    assert len(found) == 8
    names: dict[str, Any] = {}
    for block in found:
        exec(compile(block, "docs/client.md", "exec"), names)
    said = capsys.readouterr().out
    assert names["done"].state == "done"
    assert read_manifest(tmp_path / "model", sha256=names["model"].sha256)["seed"] == 1
    assert (tmp_path / "labels.jsonl").read_bytes().count(b"\n") == names["export"].rows == 24
    assert names["latest"].verdict
    assert 0 <= names["said"].prm_score <= 1
    for line in ("algebra admin", "'solutions': 1", "['budget']", "not_found", "round_active 2", "cancelled"):
        assert line in said


def test_the_readmes_example_is_the_first_one_of_the_page_and_takes_ten_lines() -> None:
    (block,) = blocks_of("README.md")
    assert block == blocks_of("docs/client.md")[0]
    assert len(block.splitlines()) <= 10
