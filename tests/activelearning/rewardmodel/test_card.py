"""The model card: its facts are the manifest's, and the code on it, run as it stands, gives the scores that we give."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from activelearning.rewardmodel.card import with_measures
from activelearning.rewardmodel.checkpoint import read_manifest, sha256_of
from activelearning.rewardmodel.model import open_trained
from activelearning.rewardmodel.scoring import score_solutions
from tests.activelearning.rewardmodel.test_forms import PROBLEM, STEPS, trained_in


@pytest.mark.parametrize(
    "config",
    [{}, {"neutral": "bad"}, {"labels": 2}, {"ensemble": 2}, {"form": "rating-tokens"}],
    ids=["three labels", "neutral is bad", "two labels", "two heads", "rating tokens"],
)
def test_the_code_on_the_card_scores_as_we_do(tmp_path: Path, config: dict[str, Any]) -> None:
    folder = trained_in(tmp_path, "tiny", **config)
    card = (folder / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert len([line for line in code.splitlines() if line and "import " not in line]) <= 10
    names: dict[str, Any] = {"folder": str(folder), "problem": PROBLEM, "steps": STEPS}
    exec(code, names)
    (ours,) = score_solutions(open_trained(folder)[0], [(PROBLEM, STEPS)])
    assert float(names["score"]) == pytest.approx(ours.prm_score, abs=1e-5)
    assert f"count as **{config.get('neutral', 'good')}**" in card


def test_the_card_names_the_data_by_its_hash(trained: Path) -> None:
    card = (trained / "README.md").read_text()
    assert sha256_of(trained.parent / "data.jsonl") in card


def test_the_card_may_be_added_to_and_the_checkpoint_stays_what_it_was(trained: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(trained, tmp_path / "model")
    readme = folder / "README.md"
    metrics = {
        "on": "held_out",
        "solutions": 12,
        "problems": 3,
        "step_auc": 0.91234,
        "step_auc_interval": {"low": 0.85, "high": 0.95},
        "first_error_accuracy": None,
    }
    sampled = {"n": [1, 4], "problems": 7, "prm": {"mean": [0.5, 0.75], "low": [0.4, None], "high": [0.6, None]}}
    once = with_measures(readme.read_text(), metrics, sampled)
    assert "| step AUC | 0.9123 (0.8500 to 0.9500) |" in once
    assert "| best of 4, 7 problems | 0.7500 |" in once
    assert "first error found" not in once
    assert "## Score a solution" in once
    assert with_measures(once, metrics, sampled) == once
    assert "0.9123" not in with_measures(once, {**metrics, "step_auc": 0.8}, None)
    readme.write_text(once)
    assert "README.md" not in read_manifest(folder)["files"]
