"""The tiny reward model learns the domain's rule from labels: held-out steps are told apart far better than by chance.

The default run takes fewer tokens than the model's own defaults; `LABELAPP_TEST_ALL=1` trains as they are.
"""

import json
import os
from pathlib import Path

import pytest

from activelearning.domains.trial import trial

ALL = os.environ.get("LABELAPP_TEST_ALL") == "1"


@pytest.mark.long
def test_tiny_learns_the_rule_from_labels(tmp_path: Path) -> None:
    config = None
    if not ALL:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"min_tokens": 120_000}))
    found = trial(tmp_path / "run", 400, 1, 1, config)
    assert found["step_auc"] > (0.9 if ALL else 0.75)
    assert found["step_auc_interval"]["low"] > 0.65
    assert found["right_steps"] > 300
    assert found["wrong_steps"] > 100
