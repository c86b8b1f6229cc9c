"""One small trained model for the commands that measure one."""

from pathlib import Path

import pytest

from tests.activelearning.records import mixed_records
from tests.activelearning.rewardmodel.conftest import run_training


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished PRM folder, named `model`."""
    folder = tmp_path_factory.mktemp("measured")
    assert run_training(folder, mixed_records(12)) == 0
    return folder / "model"
