"""The training loop: seeded, resumable to the same bits on a CPU, never going on from a broken loss.

What a step does follows from the seed and the step's number alone, so a state needs weights and optimiser and no random state.
"""

import math
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from activelearning.rewardmodel import order
from activelearning.rewardmodel.checkpoint import CheckpointRefused, StateFolder
from activelearning.rewardmodel.config import TrainingConfig
from activelearning.rewardmodel.data import Labelled
from activelearning.rewardmodel.devices import Devices
from activelearning.rewardmodel.forms import Floats, shares
from activelearning.rewardmodel.held_out import HeldOut, measure
from activelearning.rewardmodel.live import Live
from activelearning.rewardmodel.losses import hits_of, loss_of
from activelearning.rewardmodel.model import RewardModel

MOST_SPLITS = 8  # out of GPU memory: a row is halved up to three times
FORGETTING = 0.98  # of the running averages that progress shows
BEST = "best.safetensors"


class TrainingFailed(RuntimeError):
    """The training stopped without a model; the text says why."""


@dataclass(slots=True)
class History:
    """What a state remembers beside weights and optimiser."""

    losses: list[float | None] = field(default_factory=list)  # None: a step that was skipped
    bad_in_a_row: int = 0
    accuracy: float = 0.0  # running share of step labels (an ORM: tokens) that the likeliest label hits
    first_error: float = 0.0  # running share of solutions whose first bad step is the likeliest one
    splits: int = 1
    epochs: list[dict[str, Any]] = field(default_factory=list)  # what the held-out problems said after each
    best: int | None = None  # the epoch with the lowest held-out loss


class Run:
    """One training under way: the order of everything, and the state that is saved and brought back."""

    def __init__(
        self,
        model: RewardModel,
        labelled: Sequence[Labelled],
        held_out: HeldOut,
        config: TrainingConfig,
        *,
        seed: int,
        devices: Devices,
        states: StateFolder,
        fingerprint: str,
    ) -> None:
        self.labelled, self.held_out, self.config, self.seed = labelled, held_out, config, seed
        self.devices, self.states, self.fingerprint = devices, states, fingerprint
        self.plain = model  # as it is saved and measured
        self.model = model.over(devices.join(model.network))
        self.weights: dict[str, Tensor] = {
            name: weight for name, weight in model.network.named_parameters() if weight.requires_grad
        }
        self.optimiser = torch.optim.AdamW(
            _groups(self.weights, config.weight_decay), lr=config.learning_rate, fused=True
        )
        lengths = [len(example.ids) for example in labelled]
        self.epochs = order.epochs_needed(
            sum(lengths), epochs=config.epochs, min_tokens=config.min_tokens, max_epochs=config.max_epochs
        )
        self.plan = [
            batch
            for epoch in range(self.epochs)
            for batch in order.epoch_batches(len(labelled), batch_size=config.batch_size, seed=seed, epoch=epoch)
        ]
        self.per_epoch = len(self.plan) // self.epochs
        self.tokens_here = 0  # since this process began
        self.history = History()
        self.shares = shares(len(labelled), model.form.heads, seed=seed)
        weights = config.class_weights
        self.class_weights = None if weights is None else torch.tensor(weights, device=devices.device)

    def steps(self, live: Live) -> float:
        """Carry out what is left of the plan; returns its seconds. Raises `TrainingFailed`."""
        first = self._resume()
        self.model.network.train()
        began = saved = time.monotonic()
        for step in range(first, len(self.plan)):
            if self._is_enough():
                break
            self._step(step)
            if (step + 1) % self.per_epoch == 0:
                self._epoch(step, live)
            now = time.monotonic()
            if now - saved >= self.config.checkpoint_seconds and step + 1 < len(self.plan):
                self._save(step + 1)
                saved = time.monotonic()
            self._report(live, step + 1, first, now - began)
        self._take_best()
        if not all(bool(torch.isfinite(weight).all()) for weight in self.weights.values()):
            raise TrainingFailed("The trained weights are not finite; nothing was saved.")
        return time.monotonic() - began

    def _step(self, step: int) -> None:
        """One move of the weights, or none where loss or gradient is not finite."""
        self.devices.seed(hash((self.seed, step, self.devices.rank)) & 0x7FFF_FFFF)
        batch = self.plan[step]
        loss, hits, found = self._gradients(batch)
        norm = torch.nn.utils.clip_grad_norm_(self.weights.values(), self.config.clip)
        history = self.history
        if math.isfinite(loss) and bool(torch.isfinite(norm)):
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate(self.config, step, len(self.plan))
            self.optimiser.step()
            history.bad_in_a_row = 0
            kept = FORGETTING if any(before is not None for before in history.losses) else 0.0
            history.losses.append(loss)
            labels = sum(len(self.labelled[index].targets) for index in batch)
            history.accuracy = kept * history.accuracy + (1 - kept) * hits / labels
            history.first_error = kept * history.first_error + (1 - kept) * found / len(batch)
        else:
            history.bad_in_a_row += 1
            history.losses.append(None)
            if history.bad_in_a_row >= self.config.max_bad_steps:
                raise TrainingFailed(
                    f"The loss was not finite in {history.bad_in_a_row} steps in a row (to step {step + 1}); "
                    "a lower learning_rate may help."
                )
        self.optimiser.zero_grad(set_to_none=True)
        self.tokens_here += sum(len(self.labelled[index].ids) for index in batch)

    def _gradients(self, batch: Sequence[int]) -> tuple[float, int, int]:
        """Loss, labels hit and first errors found of a batch, its gradients in place. Out of memory the rows are halved, thrice."""
        while True:
            try:
                return self._accumulate(batch)
            except torch.OutOfMemoryError as error:
                self.optimiser.zero_grad(set_to_none=True)
                if self.history.splits >= MOST_SPLITS or self.devices.world > 1:
                    message = f"Out of memory with rows of {self.row_tokens} tokens; lower row_tokens or max_length."
                    raise TrainingFailed(message) from error
                self.history.splits *= 2
                if self.devices.device.type == "cuda":
                    torch.cuda.empty_cache()
                print(f"out of memory: rows have {self.row_tokens} tokens from here on", file=sys.stderr)

    @property
    def row_tokens(self) -> int:
        return self.config.row_tokens // self.history.splits

    def _accumulate(self, batch: Sequence[int]) -> tuple[float, int, int]:
        labels = sum(len(self.labelled[index].targets) for index in batch)
        mine = self.devices.share(batch)
        # With nothing to do it still takes part, with a loss that weighs nothing: the others wait for its gradients.
        idle, mine = not mine, mine or list(batch[:1])
        loss, hits, found = 0.0, 0, 0
        rows = list(self.model.rows([self.labelled[index].ids for index in mine], tokens=self.row_tokens))
        for number, (members, row) in enumerate(rows):
            indices = [mine[member] for member in members]
            examples = [self.labelled[index] for index in indices]
            lengths = [len(example.targets) for example in examples]
            at = np.concatenate([row.places[place][example.positions] for place, example in enumerate(examples)])
            targets = self._tensor([example.targets for example in examples])
            share = self._tensor([np.repeat(self.shares[indices] * (not idle), lengths, axis=0)])
            last = number == len(rows) - 1
            with nullcontext() if last else self.devices.apart(self.model.network):
                with self.devices.autocast():
                    logits = self.model.logits(row, at)
                # Gradients are meant over the processes, the loss over all of the batch's labels.
                part = loss_of(logits, targets, share, self.class_weights) * (self.devices.world / labels)
                part.backward()  # type: ignore[no-untyped-call]
            if not idle:
                loss += part.item() / self.devices.world
                more_hits, more_found = hits_of(logits, targets, lengths)
                hits, found = hits + more_hits, found + more_found
        loss, all_hits, all_found = self.devices.total(loss, hits, found)
        return loss, int(all_hits), int(all_found)

    def _tensor(self, arrays: Sequence[Floats]) -> Tensor:
        return torch.from_numpy(np.concatenate(arrays)).to(self.devices.device)

    # --- the held-out problems ---------------------------------------------------------------------------------------

    def _epoch(self, step: int, live: Live) -> None:
        """Measure what was held out; the weights of the best epoch so far are kept."""
        if not self.held_out.labelled:
            return
        epochs = self.history.epochs
        epochs.append(measure(self.plain, self.held_out))
        best = self.history.best
        if best is None or epochs[-1]["loss"] < epochs[best]["loss"]:
            self.history.best = len(epochs) - 1
            if self.devices.is_first:
                self.states.write(self.states.folder / BEST, self.weights, {"epoch": self.history.best})
        if self.devices.is_first:
            live.epoch(step + 1, epochs[-1])

    def _is_enough(self) -> bool:
        """Whether `patience` epochs went by without a better one."""
        best, patience = self.history.best, self.config.patience
        return bool(patience) and best is not None and len(self.history.epochs) - 1 - best >= patience

    def _take_best(self) -> None:
        if self.history.best is None or self.history.best == len(self.history.epochs) - 1:
            return
        self.devices.wait()
        tensors, _ = self.states.load(self.states.folder / BEST)
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(tensors[name])

    # --- reports and states ------------------------------------------------------------------------------------------

    def _report(self, live: Live, step: int, first: int, seconds: float) -> None:
        if not self.devices.is_first:
            return
        steps = len(self.plan)
        live.step(
            last=step == steps or self._is_enough(),
            step=step,
            steps=steps,
            epoch=(step - 1) // self.per_epoch + 1,
            loss=self.history.losses[-1],
            step_accuracy=self.history.accuracy,
            first_error_accuracy=None if self.plain.kind == "orm" else self.history.first_error,
            tokens_per_second=self.tokens_here / seconds if seconds > 0 else 0.0,
            eta_seconds=seconds / (step - first) * (steps - step),
        )

    def _save(self, step: int) -> None:
        """Everything that the next step depends on. The order of data follows from the seed and is not saved."""
        if not self.devices.is_first:
            return
        tensors: dict[str, Tensor] = {f"weight.{name}": weight for name, weight in self.weights.items()}
        tensors |= {f"buffer.{name}": buffer for name, buffer in self.plain.network.named_buffers()}
        for name, weight in self.weights.items():
            for key, value in self.optimiser.state.get(weight, {}).items():
                tensors[f"optimiser.{key}.{name}"] = value
        self.states.save(step, tensors, {"fingerprint": self.fingerprint, "history": asdict(self.history)})

    def _resume(self) -> int:
        """The step to go on with. A damaged state is passed over, the one before it taken; another training's is refused."""
        for path in self.states.states():
            try:
                tensors, facts = self.states.load(path)
            except CheckpointRefused as error:
                print(f"passed over: {error}", file=sys.stderr)
                continue
            if facts.get("fingerprint") != self.fingerprint:
                raise CheckpointRefused(
                    f"{self.states.folder} holds a training with other data, seed or settings; give another --output"
                )
            self._restore(tensors, facts)
            return int(facts["step"])
        return 0

    def _restore(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(tensors[f"weight.{name}"])
            for name, buffer in self.plain.network.named_buffers():
                buffer.copy_(tensors[f"buffer.{name}"])
        for key_and_name, value in tensors.items():
            if key_and_name.startswith("optimiser."):
                _, key, name = key_and_name.split(".", 2)
                self.optimiser.state[self.weights[name]][key] = value.to(self.devices.device)
        self.history = History(**facts["history"])


def learning_rate(config: TrainingConfig, step: int, steps: int) -> float:
    """Up in a line over the warm-up's share of the steps, then down to zero, in a line or along a cosine."""
    warm = round(config.warmup * steps)
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    left = (steps - step) / max(steps - warm, 1)
    return config.learning_rate * (left if config.schedule == "linear" else 0.5 - 0.5 * math.cos(math.pi * left))


def _groups(weights: Mapping[str, Tensor], decay: float) -> list[dict[str, Any]]:
    """Matrices decay; biases and norms do not."""
    return [
        {"params": [w for w in weights.values() if w.dim() > 1], "weight_decay": decay},
        {"params": [w for w in weights.values() if w.dim() <= 1], "weight_decay": 0.0},
    ]
