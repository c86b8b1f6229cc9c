"""One small trained model for all tests that only read it; every training on one thread, as the command line has it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from activelearning.rewardmodel import train
from tests.activelearning.records import SMALL, mixed_records, write


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(False)


def run_training(
    folder: Path, records: list[dict[str, Any]], *, kind: str = "prm", seed: int = 1, **config: Any
) -> int:
    """Exit status of the command line over these records, in this process; the model is in `folder/model`."""
    folder.mkdir(parents=True, exist_ok=True)
    data = write(folder / "data.jsonl", records)
    settings = folder / "config.json"
    settings.write_text(json.dumps(SMALL | config))
    words = ["--kind", kind, "--data", data, "--output", folder / "model", "--config", settings, "--seed", seed]
    return train.main([str(word) for word in words])


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished PRM folder; copy it before changing it."""
    folder = tmp_path_factory.mktemp("trained")
    assert run_training(folder, mixed_records(12)) == 0
    return folder / "model"
