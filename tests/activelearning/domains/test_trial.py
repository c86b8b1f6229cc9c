"""The tiny reward model learns the domain's rule from labels: held-out steps are told apart far better than by chance.

The default run takes fewer tokens than the model's own defaults, and trains and scores in this process; `LABELAPP_TEST_ALL=1` trains as
they are, by the commands.
"""

import importlib
import json
import os
from pathlib import Path

import pytest

from activelearning.domains import trial

ALL = os.environ.get("LABELAPP_TEST_ALL") == "1"


def in_this_process(module: str, *arguments: object) -> None:
    assert importlib.import_module(f"activelearning.rewardmodel.{module}").main([str(word) for word in arguments]) == 0


@pytest.mark.long
def test_tiny_learns_the_rule_from_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = None
    if not ALL:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"min_tokens": 0, "epochs": 2}))
        monkeypatch.setattr(trial, "_child", in_this_process)
    found = trial.trial(tmp_path / "run", 400, 1, 1, config)
    assert found["step_auc"] > (0.9 if ALL else 0.75)
    assert found["step_auc_interval"]["low"] > 0.65
    assert found["right_steps"] > 300
    assert found["wrong_steps"] > 100
