"""One small trained model for the commands that measure one, and scoring in this process, where torch is at hand already."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from activelearning import child, scored
from activelearning.rewardmodel import score
from tests.activelearning.records import mixed_records
from tests.activelearning.rewardmodel.conftest import run_training


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished PRM folder, named `model`."""
    folder = tmp_path_factory.mktemp("measured")
    assert run_training(folder, mixed_records(12)) == 0
    return folder / "model"


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The scorer's own command line without a new process, which takes seconds to import torch."""
    threads = torch.get_num_threads()

    def run(module: str, arguments: list[str], *, log: Path, tick: Callable[[], None]) -> None:
        assert module == scored.SCORER
        if score.main(arguments) != 0:
            raise child.ChildRefused("The scorer refused.")
        tick()

    monkeypatch.setattr(child, "run", run)
    yield
    torch.set_num_threads(threads)
