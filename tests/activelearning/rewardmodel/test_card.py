"""The model card: its facts are the manifest's, and the code on it, run as it stands, gives the scores that we give."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from activelearning.rewardmodel.checkpoint import sha256_of
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
    assert "README.md" in json.loads((trained / "training.json").read_text())["files"]
