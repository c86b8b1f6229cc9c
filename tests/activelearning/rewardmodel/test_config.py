"""A training's configuration is refused by field, and comes back from JSON as it went."""

import json
from pathlib import Path

import pytest

from activelearning.rewardmodel.config import ConfigError, TrainingConfig, for_base, read_overrides


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"learning_rate": "1e-3"}, "learning_rate"),
        ({"schedule": "step"}, "schedule"),
        ({"neutral": "maybe"}, "neutral"),
        ({"hidden": 65}, "hidden"),
        ({"epochs": 70}, "max_epochs"),
        ({"include_screening": 1}, "include_screening"),
        ({"class_weights": [1, 2]}, "class_weights"),
        ({"class_weights": [1, 0, 2]}, "class_weights"),
        ({"layrs": 2}, "layrs"),
    ],
)
def test_a_wrong_value_is_refused_with_its_field(given: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        for_base("tiny", given)


def test_a_configuration_survives_json() -> None:
    config = for_base("tiny", {"class_weights": [2, 1, 1], "epochs": 3})
    assert for_base("tiny", json.loads(json.dumps(config.as_dict()))) == config


def test_a_folder_is_trained_more_gently_than_tiny() -> None:
    assert for_base("some/folder").learning_rate < for_base("tiny").learning_rate / 10
    assert for_base("some/folder").epochs == 2


def test_a_file_that_is_not_an_object_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("[1]")
    with pytest.raises(ConfigError, match="one object"):
        read_overrides(path)
    path.write_text("{")
    with pytest.raises(ConfigError, match="not JSON"):
        read_overrides(path)


def test_defaults_are_valid() -> None:
    assert TrainingConfig().neutral == "good"
