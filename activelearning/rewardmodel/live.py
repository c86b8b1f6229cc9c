"""What a running training tells: progress lines for whoever started it, and event files that TensorBoard reads."""

import time
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter

from activelearning.rewardmodel.child import Progress

FOLDER = "tensorboard"
_EVERY = 2.0  # seconds between points of a curve


class Live:
    """`folder` None writes no event files."""

    def __init__(self, progress: Progress, folder: Path | None) -> None:
        self._progress = progress
        self._events = SummaryWriter(str(folder), write_to_disk=True) if folder is not None else None
        self._next = 0.0

    def step(self, *, last: bool, step: int, **facts: Any) -> None:
        """After a step of the training; numbers that are None (a step that was skipped) are left out of the curves."""
        self._progress.report(last=last, stage="train", step=step, **facts)
        if self._events is None or (not last and time.monotonic() < self._next):
            return
        self._next = time.monotonic() + _EVERY
        for name in ("loss", "step_accuracy", "first_error_accuracy", "tokens_per_second"):
            if facts.get(name) is not None:
                self._events.add_scalar(f"train/{name}", facts[name], step)

    def epoch(self, step: int, measures: dict[str, Any]) -> None:
        """After an epoch: what the held-out problems say."""
        self._progress.report(last=True, stage="train", step=step, held_out=measures)
        if self._events is not None:
            for name, value in measures.items():
                if value is not None:
                    self._events.add_scalar(f"held_out/{name}", value, step)

    def close(self) -> None:
        if self._events is not None:
            self._events.close()
