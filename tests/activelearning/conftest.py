"""Training and scoring in this process, for tests of what becomes of them."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from activelearning import child


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A child's own command line without a new process, which takes seconds to import torch."""
    import torch

    threads = torch.get_num_threads()

    def run(module: str, arguments: list[str], *, log: Path, tick: Callable[[], None]) -> None:
        log.touch()
        if importlib.import_module(module).main(arguments) != 0:
            raise child.ChildRefused(f"The {module.rpartition('.')[2]}r refused.")
        tick()

    monkeypatch.setattr(child, "run", run)
    yield
    torch.set_num_threads(threads)
