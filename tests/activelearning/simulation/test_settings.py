"""What an experiment is told: defaults, what lies over them, and refusals that name the field."""

from typing import Any

import pytest

from activelearning.simulation.settings import (
    FIRST_REPORT_SEED,
    TUNING_SEEDS,
    ActiveLearning,
    BestOfN,
    Replay,
    SettingsRefused,
    for_domain,
)


def test_reported_seeds_are_none_that_settings_were_chosen_on() -> None:
    assert max(TUNING_SEEDS) < FIRST_REPORT_SEED


def test_a_training_is_laid_over_the_domains_own() -> None:
    plain = for_domain("best-of-n", "increasing")
    assert isinstance(plain, BestOfN)
    found = BestOfN.of({"prm": {"epochs": 1}, "samples": 8}, plain=plain)
    assert found.samples == 8
    assert found.prm == plain.prm | {"epochs": 1}
    assert found.documents == 0


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        (BestOfN, {"labels": 0}, "labels must be a whole number from 1"),
        (BestOfN, {"samples": True}, "samples must be a whole number"),
        (BestOfN, {"label": 5}, "label is not a known setting"),
        (BestOfN, {"prm": 5}, "prm must be an object"),
        (BestOfN, {"prm": {"epoch": 5}}, "prm: epoch is not a known field"),
        (ActiveLearning, {"labels": [100, 90]}, "labels must be whole numbers that ascend"),
        (ActiveLearning, {"first": 100, "labels": [100]}, "all over first"),
        (ActiveLearning, {"labels": [100.5]}, "labels must be"),
        (ActiveLearning, {"strategies": ["mixed"]}, "uniform among them"),
        (ActiveLearning, {"strategies": ["uniform", "best"]}, "strategies must be some of"),
        (Replay, {"held_out": 1}, "held_out must be a number between 0 and 1"),
    ],
)
def test_what_cannot_be_is_refused_by_name(kind: Any, given: dict[str, Any], reason: str) -> None:
    with pytest.raises(SettingsRefused, match=reason):
        kind.of(given)
