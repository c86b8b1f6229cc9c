"""Training on real data: a PRM from scratch on PRMBench knows wrong steps of problems that it never saw, better than trivial rules.

Five hundred solutions once over, which beat majority and position; all of them with the full recipe, which beat length as well, under
LABELAPP_TEST_ALL=1.
"""

import hashlib
import json
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from activelearning.evaluation.compare import compare_steps
from activelearning.evaluation.steps import ScoredLabel, StepReport, evaluate_steps
from activelearning.rewardmodel import train
from activelearning.rewardmodel.model import open_trained
from activelearning.rewardmodel.scoring import score_solutions
from annotation.formats import prmbench
from annotation.formats.source import open_source, read_records
from tests.activelearning.rewardmodel.test_bases import save_base

EVERYTHING = bool(os.environ.get("LABELAPP_TEST_ALL"))
ROWS, MEASURED_ON = (100_000, 100_000) if EVERYTHING else (500, 500)
RECIPE: dict[str, Any] = {} if EVERYTHING else {"min_tokens": 0, "epochs": 1, "layers": 2}

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@dataclass(frozen=True)
class Row:
    """A solution up to its first error, and the problem that it and its variants are of."""

    problem: str
    of: str
    steps: tuple[str, ...]
    labels: tuple[bool, ...]

    def as_line(self) -> str:
        return json.dumps({"prompt": self.problem, "completions": self.steps, "labels": self.labels}) + "\n"

    def scored(self, good: Sequence[float]) -> ScoredLabel:
        return ScoredLabel(problem=self.of, good=tuple(good), ratings=tuple(1 if good else -1 for good in self.labels))


def rows(folder: Path) -> Iterator[Row]:
    """Every original once, without an error, and each modified one up to its first."""
    seen = set()
    for path in sorted(folder.glob("*.jsonl")):
        with open_source(path) as stream:
            for read in read_records(stream):
                assert isinstance(read, tuple), read
                original, modified = prmbench.read(read[1])
                of = original.problem.text
                if (of, original.steps) not in seen:
                    seen.add((of, original.steps))
                    yield Row(of, of, original.steps, (True,) * len(original.steps))
                if modified.gold_first_errors:
                    end = modified.gold_first_errors[0] + 1
                    yield Row(modified.problem.text, of, modified.steps[:end], (True,) * (end - 1) + (False,))


def is_held_out(row: Row) -> bool:
    return int(hashlib.sha256(row.of.encode()).hexdigest(), 16) % 5 == 0


@pytest.fixture
def parted(shared_data: Path) -> tuple[list[Row], list[Row]]:
    found = list(rows(shared_data / "prmbench"))
    learnt = [row for row in found if not is_held_out(row)]
    random.Random(0).shuffle(learnt)
    held_out = [row for row in found if is_held_out(row)]
    random.Random(0).shuffle(held_out)
    assert {row.of for row in learnt}.isdisjoint(row.of for row in held_out)
    return learnt, held_out


def trained(folder: Path, learnt: Sequence[Row], recipe: dict[str, Any], *words: object) -> Path:
    (folder / "rows.jsonl").write_text("".join(row.as_line() for row in learnt))
    (folder / "config.json").write_text(json.dumps(recipe | {"device": "cpu"}))
    given = ["--kind", "prm", "--data", folder / "rows.jsonl", "--output", folder / "model", *words]
    assert train.main([str(word) for word in (*given, "--config", folder / "config.json")]) == 0
    return folder / "model"


def said(model: Path, held_out: Sequence[Row]) -> list[ScoredLabel]:
    network, _ = open_trained(model)
    network.network.eval()
    scores = score_solutions(network, [(row.problem, row.steps) for row in held_out])
    return [
        row.scored([step[1] + step[2] for step in score.rating_probs or ()])
        for row, score in zip(held_out, scores, strict=True)
        if score.rating_probs
    ]


def in_words(name: str, report: StepReport) -> str:
    interval = report.step_auc_interval
    assert interval is not None
    return f"{name}: step AUC {report.step_auc:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def test_from_scratch_it_beats_trivial_rules_on_problems_held_out(
    parted: tuple[list[Row], list[Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learnt, held_out = parted[0][:ROWS], parted[1][:MEASURED_ON]
    model = said(trained(tmp_path, learnt, RECIPE), held_out)
    assert len(model) == len(held_out)
    trivial = {
        "majority": [row.scored([1.0] * len(row.steps)) for row in held_out],
        "position": [row.scored([1 / (1 + place) for place in range(len(row.steps))]) for row in held_out],
        "length": [row.scored([1 / (1 + len(step)) for step in row.steps]) for row in held_out],
    }
    with capsys.disabled():
        print(f"\n{in_words('model', evaluate_steps(model))}")
        for name, rule in trivial.items():
            difference = compare_steps(model, rule, resamples=500)["step_auc"]
            print(f"{in_words(name, evaluate_steps(rule))}; the model is ahead by {difference}")
            assert difference.interval is not None
            assert difference.interval.low > 0 or (name == "length" and not EVERYTHING), name


def test_low_rank_adapters_on_a_local_folder_learn_from_the_same_lines(
    parted: tuple[list[Row], list[Row]], tmp_path: Path
) -> None:
    learnt, held_out = parted
    (tmp_path / "base").mkdir()
    save_base(tmp_path / "base", "causal language model")
    recipe = {"lora_rank": 8, "learning_rate": 0.01, "epochs": 2, "batch_size": 8}
    model = trained(tmp_path, learnt[:100], recipe, "--base", tmp_path / "base")
    manifest = json.loads((model / "training.json").read_text())
    assert manifest["loss"][-1] < manifest["loss"][0]
    assert "adapter/adapter_model.safetensors" in manifest["files"]
    assert said(model, held_out[:50])
