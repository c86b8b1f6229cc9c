"""The ten commands of docs/reward-models.md, run as they stand there: from labels to best-of-N."""

import json
import shlex
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from activelearning.domains import arithmetic
from annotation.models import Snapshot

DOC = Path(settings.BASE_DIR) / "docs" / "reward-models.md"


def commands() -> list[list[str]]:
    block = DOC.read_text(encoding="utf-8").split("```sh\n")[1].partition("```")[0]
    return [shlex.split(line)[1:] for line in block.splitlines()]


def sample(problem: arithmetic.Problem, solution: arithmetic.Solution) -> str:
    line = json.loads(arithmetic.pool_line(problem, solution))
    return json.dumps({**line, "is_correct": line["answer"] == line["ground_truth_answer"]}) + "\n"


@pytest.mark.long
@pytest.mark.one_engine
@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
def test_the_ten_commands_lead_from_labels_to_best_of_n(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [(problem, arithmetic.solutions(problem, 4, seed=n)) for n, problem in enumerate(arithmetic.problems(90, 3))]
    pairs = {
        "labels.jsonl": [(problem, solutions[0]) for problem, solutions in made[:60]],
        "held_out.jsonl": [(problem, solutions[0]) for problem, solutions in made[60:]],
    }
    for name, of_it in pairs.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in arithmetic.labelled_lines(of_it)))
    samples = [sample(problem, solution) for problem, solutions in made[60:] for solution in solutions]
    (tmp_path / "samples.jsonl").write_text("".join(samples))
    (tmp_path / "quick.json").write_text('{"min_tokens": 0, "epochs": 1}')
    monkeypatch.chdir(tmp_path)
    found = commands()
    assert len(found) == 10
    for words in found:
        call_command(*words)
    assert "majority" in capsys.readouterr().out
    assert Snapshot.objects.get().rows == 60
    (scored, *_) = [json.loads(line) for line in (tmp_path / "scored.jsonl").read_text().splitlines()]
    assert {"rating_probs", "prm_score", "orm_score"} <= set(scored)
    for name in ("prm/README.md", "orm/model.safetensors", "reliability.svg", "best.svg"):
        assert (tmp_path / name).stat().st_size > 0
