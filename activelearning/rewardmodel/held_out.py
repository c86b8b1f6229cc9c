"""What a training keeps aside: problems that it never learns from, measured after each epoch, to stop when they no longer get better."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from activelearning.evaluation.steps import ScoredLabel, evaluate_steps
from activelearning.rewardmodel.config import RATINGS
from activelearning.rewardmodel.data import Labelled
from activelearning.rewardmodel.examples import DataRefused, Example
from activelearning.rewardmodel.forms import Form
from activelearning.rewardmodel.losses import loss_of
from activelearning.rewardmodel.model import RewardModel

ROW_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class HeldOut:
    labelled: list[Labelled]
    problems: list[str]


def split_by_problem(examples: Sequence[Example], *, share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Examples to train on and to measure on; all of a problem's are on one side. Raises `DataRefused` where a side would be empty."""
    if not share:
        return list(examples), []
    problems = sorted({example.problem for example in examples})
    count = max(1, round(share * len(problems)))
    if count >= len(problems):
        raise DataRefused(f"{len(problems)} problem(s) cannot be parted into some to train on and some to hold out.")
    drawn = set(np.random.default_rng([seed, 1]).permutation(len(problems))[:count].tolist())
    aside = {problem for index, problem in enumerate(problems) if index in drawn}
    return (
        [example for example in examples if example.problem not in aside],
        [example for example in examples if example.problem in aside],
    )


@torch.no_grad()
def measure(model: RewardModel, held_out: HeldOut) -> dict[str, Any]:
    """Loss and share of labels hit; of a PRM also step AUC and first-error accuracy. The network is left in training mode."""
    model.network.eval()
    loss, hits, labels = 0.0, 0, 0
    good: dict[int, tuple[float, ...]] = {}
    for members, row in model.rows([one.ids for one in held_out.labelled], tokens=ROW_TOKENS):
        for place, member in enumerate(members):
            one = held_out.labelled[member]
            logits = model.logits(row, row.places[place][one.positions])
            targets = torch.from_numpy(one.targets).to(logits.device)
            loss += float(loss_of(logits, targets, torch.ones_like(logits[..., 0]), None))
            probabilities = logits.softmax(-1).mean(1)
            hits += int((probabilities.argmax(-1) == targets.argmax(-1)).sum())
            labels += len(targets)
            good[member] = tuple((1.0 - probabilities[:, 0]).clamp(0.0, 1.0).tolist())
    model.network.train()
    found = {"loss": loss / labels, "accuracy": hits / labels}
    if model.kind == "orm":
        return found
    report = evaluate_steps(
        [
            ScoredLabel(problem=problem, good=good[index], ratings=_ratings(model.form, one))
            for index, (problem, one) in enumerate(zip(held_out.problems, held_out.labelled, strict=True))
        ],
        resamples=0,
    )
    return found | {"step_auc": report.step_auc, "first_error_accuracy": report.first_error_accuracy}


def _ratings(form: Form, one: Labelled) -> tuple[int, ...]:
    likeliest = one.targets.argmax(axis=-1).tolist()
    return tuple(RATINGS[index] if form.labels == 3 else (-1, 1)[index] for index in likeliest)
