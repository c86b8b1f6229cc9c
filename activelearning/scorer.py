"""The scorer: the one process that holds models open, so that a single solution is scored, or a next step made, in a request's time.

Torch is imported when the first model is opened and not before: an installation without a model pays nothing. What is asked for are rows
(`scorings.py`; `annotation.step_supply`, where the setting leaves next steps to this process); any number of scorers may take them.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from activelearning import scorings
from activelearning.live_steps import LocalSteps
from activelearning.models import RewardModel, Scoring
from activelearning.rewardmodel.child import importing
from activelearning.rewardmodel.reductions import step_scores
from activelearning.scorings import CannotBeScored
from annotation import step_supply

MOST_OPEN = 2  # models: the current one, and one that it is compared with
LOOK_EVERY = 0.1  # seconds between two looks for work where there is none
LOOK_FOR_CURRENT_EVERY = 5.0
DATABASE_PAUSE = 1.0
GOOD_FROM = 0.5  # P(good) under it is an error, as ProcessBench counts

log = structlog.get_logger(__name__)


class OpenModels:
    """The reward models that stand open, at most `MOST_OPEN`: the one that was used longest ago makes room."""

    def __init__(self, *, device: str = "cpu", threads: int = 1) -> None:
        self._device, self._threads = device, threads
        self._open: OrderedDict[int, Any] = OrderedDict()  # by the row's id
        self._welcomed: set[int] = set()  # current ones that were opened ahead of any request, once each

    def score(self, scoring: Scoring) -> dict[str, Any]:
        """The keys that `score_solutions` would write, and `first_error`: the first step whose P(good) is under a half, or null.

        Raises `CannotBeScored`.
        """
        model = self._opened(scoring.reward_model)
        from activelearning.rewardmodel.scoring import ScoresBroken, score_solutions, written

        try:
            (score,) = score_solutions(model, [(scoring.problem, scoring.steps)])
        except ScoresBroken as error:
            raise CannotBeScored(str(error)) from error
        if score.problem:
            raise CannotBeScored(f"The solution is {score.problem}.")
        first_error = None
        if score.rating_probs is not None:
            good = step_scores(score.rating_probs, neutral=model.neutral)
            first_error = next((step for step, chance in enumerate(good) if chance < GOOD_FROM), None)
        return written(score, model.kind) | {"first_error": first_error}

    def welcome_current(self) -> None:
        """Open the projects' current models ahead of the first request, the newest ones, each once."""
        current = RewardModel.objects.filter(is_current=True).order_by("-pk")[:MOST_OPEN]
        for row in reversed([row for row in current if row.pk not in self._welcomed]):
            self._welcomed.add(row.pk)
            try:
                self._opened(row)
            except CannotBeScored as refusal:
                log.warning("a current model cannot be opened", model=row.name, reason=refusal.message)

    def _opened(self, row: RewardModel) -> Any:
        if row.pk not in self._open:
            while len(self._open) >= MOST_OPEN:  # first, so that no third one is ever in memory
                self._open.popitem(last=False)
            self._open[row.pk] = self._open_folder(row)
        self._open.move_to_end(row.pk)
        return self._open[row.pk]

    def _open_folder(self, row: RewardModel) -> Any:
        """The model of this row's folder, every file checked against the hash that the row keeps. Raises `CannotBeScored`."""
        os.environ.setdefault("OMP_NUM_THREADS", str(self._threads))
        with importing():  # only now: torch and transformers take seconds
            import torch

            from activelearning.rewardmodel.checkpoint import CheckpointRefused
            from activelearning.rewardmodel.model import open_trained

        torch.set_num_threads(self._threads)
        folder = Path(settings.DATA_DIR) / row.path
        begun = time.monotonic()
        try:
            model, _ = open_trained(folder, sha256=row.sha256)
        except (CheckpointRefused, OSError) as error:
            fault = str(error).replace(str(folder), row.name)  # where it lies is the operator's business
            raise CannotBeScored(f"{row.name} cannot be opened: {fault}") from error
        model.network.to(self._device).eval()
        log.info("model opened", model=row.name, seconds=round(time.monotonic() - begun, 1))
        return model


def serve(
    models: OpenModels, steps: LocalSteps | None = None, *, is_over: Callable[[], bool], tick: Callable[[], None]
) -> None:
    """Carry out what is asked for until `is_over`; the one in hand is finished. `tick` is called at each look.

    Next steps go first: a labeller waits for them.
    """
    scorings.bring_back_dead()
    if steps is not None:
        steps.open_ahead()
    look_for_current_at = 0.0
    while not is_over():
        tick()
        try:
            if steps is not None and step_supply.run_next(make=steps.next_steps):
                continue
            if scorings.run_next(score=models.score):
                continue
            if time.monotonic() >= look_for_current_at:
                models.welcome_current()
                look_for_current_at = time.monotonic() + LOOK_FOR_CURRENT_EVERY
        except (OperationalError, InterfaceError) as error:
            log.warning("the database is away", reason=str(error).partition("\n")[0][:200])
            connection.close()
            time.sleep(DATABASE_PAUSE)
        time.sleep(LOOK_EVERY)
