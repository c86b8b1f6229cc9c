"""Passes with dropout say how far a model parts from itself, by their seed alone, and leave its scores and the model as they are."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from activelearning.rewardmodel import score
from activelearning.rewardmodel.dropout import PLAIN_RATE, Passes, dropping, own_rate
from activelearning.rewardmodel.model import open_trained
from activelearning.rewardmodel.scoring import score_solutions
from tests.activelearning.records import mixed_records

SOLUTIONS = [
    (r["question"]["problem"], [s["completions"][0]["text"] for s in r["label"]["steps"]]) for r in mixed_records(6)
]


def deviations(model: Any, **passes: Any) -> list[tuple[float, ...]]:
    found = score_solutions(model, SOLUTIONS, row_tokens=120, passes=Passes(count=4, **passes))
    return [one.deviation or () for one in found]


def test_deviations_are_of_each_step_and_of_the_seed_and_the_scores_stay(trained: Path) -> None:
    model, _ = open_trained(trained)
    model.network.eval()
    plain = score_solutions(model, SOLUTIONS, row_tokens=120)
    some = score_solutions(model, SOLUTIONS, row_tokens=120, passes=Passes(count=4, seed=1))
    assert [one.prm_score for one in some] == [one.prm_score for one in plain]
    assert [one.rating_probs for one in some] == [one.rating_probs for one in plain]
    assert [len(one.deviation or ()) for one in some] == [len(steps) for _, steps in SOLUTIONS]
    assert min(each for one in some for each in one.deviation or ()) > 0
    assert deviations(model, seed=1) == [one.deviation for one in some]
    assert deviations(model, seed=2) != deviations(model, seed=1)
    assert max(each for one in deviations(model, rate=0.0) for each in one) < 1e-6
    more = [sum(map(sum, deviations(model, rate=rate, seed=1))) for rate in (0.02, 0.3)]
    assert more[0] < more[1]
    assert score_solutions(model, SOLUTIONS, row_tokens=120) == plain


def test_only_what_drops_is_touched_and_is_as_before_afterwards() -> None:
    class Attention(nn.Module):
        attention_dropout = 0.0

    network = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.0), Attention()).eval()
    assert own_rate(network) == PLAIN_RATE
    with dropping(network, 0.5, seed=1):
        assert [module.training for module in network] == [False, True, True]
        assert (network[1].p, network[2].attention_dropout) == (0.5, 0.5)
    assert [module.training for module in network] == [False, False, False]
    assert (network[1].p, network[2].attention_dropout) == (0.0, 0.0)
    network[1].p = 0.3
    assert own_rate(network) == 0.3


def test_the_command_writes_deviations_and_refuses_what_cannot_be(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(trained, tmp_path / "model")
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"problem": p, "steps": steps}) + "\n" for p, steps in SOLUTIONS))
    words = ["--model", str(folder), "--input", str(source), "--output", str(tmp_path / "out.jsonl")]
    assert score.main([*words, "--dropout-passes", "3"]) == 0
    for line in (tmp_path / "out.jsonl").read_text().splitlines():
        record = json.loads(line)
        assert len(record["rating_deviation"]) == len(record["steps"])
    for wrong in (["--dropout-passes", "1"], ["--dropout-passes", "3", "--dropout-rate", "1"]):
        assert score.main([*words, *wrong]) == 1
        assert "error: --dropout-" in capsys.readouterr().err
    torch.set_num_threads(1)
