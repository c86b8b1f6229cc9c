"""The training loop, examples to a finished folder: seeded, resumable to the same bits on a CPU, never saving a broken model as good."""

import hashlib
import json
import math
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from activelearning.rewardmodel import checkpoint, order
from activelearning.rewardmodel.checkpoint import CheckpointRefused, StateFolder
from activelearning.rewardmodel.child import Progress
from activelearning.rewardmodel.config import TINY, TrainingConfig
from activelearning.rewardmodel.data import Dropped, Labelled, label_examples
from activelearning.rewardmodel.examples import DataRefused, Example
from activelearning.rewardmodel.forms import Floats, Form, shares
from activelearning.rewardmodel.model import RewardModel, build_tiny, open_base

RECIPE = 2  # raised when the same inputs no longer give the same weights
MOST_SPLITS = 8  # out of GPU memory: a batch is halved up to three times
FORGETTING = 0.98  # of the running averages that progress shows


class TrainingFailed(RuntimeError):
    """The training stopped without a model; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All that decides the weights (on one kind of machine): `fingerprint` names it."""

    kind: str
    data: tuple[tuple[str, str], ...]  # (file name, SHA-256)
    base: str  # tiny, or a folder
    seed: int
    config: TrainingConfig

    def fingerprint(self) -> str:
        base = self.base if self.base == TINY else _folder_digest(Path(self.base))
        hashes = [sha256 for _, sha256 in self.data]
        facts = [RECIPE, torch.__version__, self.kind, hashes, base, self.seed, self.config.as_dict()]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(slots=True)
class History:
    """What a checkpoint remembers beside weights, optimiser and random state."""

    losses: list[float | None] = field(default_factory=list)  # None: a step that was skipped
    bad_in_a_row: int = 0
    accuracy: float = 0.0  # running share of step labels (an ORM: tokens) that the likeliest class hits
    splits: int = 1


def train(
    inputs: Inputs, examples: Sequence[Example], left_out: dict[str, int], output: Path, progress: Progress
) -> dict[str, Any]:
    """Train, or go on with what `output` holds of the same inputs, and return the manifest of the finished folder.

    Raises `DataRefused`, `CheckpointRefused`, `TrainingFailed`; then `output` holds no `training.json`.
    """
    fingerprint = inputs.fingerprint()
    done = _finished(output, fingerprint)
    if done is not None:
        return done
    device = _device(inputs.config.device)
    model = _model(inputs, examples)
    most = min(inputs.config.max_length, model.limit)
    labelled, dropped = label_examples(examples, model.encoder, model.form, max_length=most)
    if not labelled:
        raise DataRefused(
            f"Nothing is left to train on under {inputs.config.max_length} tokens: {dict(dropped.counts)}"
        )
    run = _Run(model, labelled, inputs, device, StateFolder(output / "checkpoint"), fingerprint)
    seconds = run.steps(progress)
    manifest = _manifest(run, inputs, left_out, dropped, seconds)
    _finish(model, output, manifest)
    run.states.clear()
    return manifest


class _Run:
    """One training under way: the order of everything, and the state that is saved and brought back."""

    def __init__(
        self,
        model: RewardModel,
        labelled: Sequence[Labelled],
        inputs: Inputs,
        device: torch.device,
        states: StateFolder,
        fingerprint: str,
    ) -> None:
        self.model, self.labelled, self.inputs, self.device = model, labelled, inputs, device
        self.config = inputs.config
        self.states, self.fingerprint = states, fingerprint
        self.network = model.network.to(device)
        self.weights: dict[str, Tensor] = dict(self.network.named_parameters())
        self.optimiser = torch.optim.AdamW(
            _groups(self.weights, self.config.weight_decay), lr=self.config.learning_rate, fused=True
        )
        lengths = [len(example.ids) for example in labelled]
        self.epochs = order.epochs_needed(
            sum(lengths),
            epochs=self.config.epochs,
            min_tokens=self.config.min_tokens,
            max_epochs=self.config.max_epochs,
        )
        self.plan = [
            batch
            for epoch in range(self.epochs)
            for batch in order.epoch_batches(
                len(labelled), batch_size=self.config.batch_size, seed=inputs.seed, epoch=epoch
            )
        ]
        self.tokens = sum(lengths) * self.epochs
        self.tokens_here = 0  # since this process began
        self.history = History()
        self.shares = shares(len(labelled), model.form.heads, seed=inputs.seed)
        weights = self.config.class_weights
        self.class_weights = None if weights is None else torch.tensor(weights, device=device)

    def steps(self, progress: Progress) -> float:
        """Carry out what is left of the plan; returns its seconds. Raises `TrainingFailed`."""
        torch.manual_seed(self.inputs.seed)
        first = self._resume()
        self.network.train()
        began = saved = time.monotonic()
        for step in range(first, len(self.plan)):
            self._step(step)
            now = time.monotonic()
            if now - saved >= self.config.checkpoint_seconds and step + 1 < len(self.plan):
                self._save(step + 1)
                saved = time.monotonic()
            self._report(progress, step + 1, first, now - began)
        if not all(bool(torch.isfinite(weight).all()) for weight in self.weights.values()):
            raise TrainingFailed("The trained weights are not finite; nothing was saved.")
        return time.monotonic() - began

    def _step(self, step: int) -> None:
        """One move of the weights, or none where loss or gradient is not finite."""
        loss, hits, labels = self._gradients(self.plan[step])
        norm = torch.nn.utils.clip_grad_norm_(self.weights.values(), self.config.clip)
        if math.isfinite(loss) and bool(torch.isfinite(norm)):
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate(self.config, step, len(self.plan))
            self.optimiser.step()
            self.history.bad_in_a_row = 0
            self.history.losses.append(loss)
            share = hits / labels
            first = len(self.history.losses) == 1
            kept = self.history.accuracy
            self.history.accuracy = share if first else FORGETTING * kept + (1 - FORGETTING) * share
        else:
            self.history.bad_in_a_row += 1
            self.history.losses.append(None)
            if self.history.bad_in_a_row >= self.config.max_bad_steps:
                raise TrainingFailed(
                    f"The loss was not finite in {self.history.bad_in_a_row} steps in a row (to step {step + 1}); "
                    "a lower learning_rate may help."
                )
        self.optimiser.zero_grad(set_to_none=True)
        self.tokens_here += sum(len(self.labelled[index].ids) for index in self.plan[step])

    def _gradients(self, batch: Sequence[int]) -> tuple[float, int, int]:
        """Loss, labels hit and labels of a batch, its gradients in place. Out of GPU memory the rows are halved, three times at most."""
        while True:
            try:
                return self._accumulate(batch)
            except torch.OutOfMemoryError as error:
                self.optimiser.zero_grad(set_to_none=True)
                if self.history.splits >= MOST_SPLITS:
                    message = f"Out of memory with rows of {self.row_tokens} tokens; lower row_tokens or max_length."
                    raise TrainingFailed(message) from error
                self.history.splits *= 2
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
                print(f"out of memory: rows have {self.row_tokens} tokens from here on", file=sys.stderr)

    @property
    def row_tokens(self) -> int:
        return self.config.row_tokens // self.history.splits

    def _accumulate(self, batch: Sequence[int]) -> tuple[float, int, int]:
        examples = [self.labelled[index] for index in batch]
        labels = sum(len(example.targets) for example in examples)
        loss, hits = 0.0, 0
        for members, row in self.model.rows([example.ids for example in examples], tokens=self.row_tokens):
            at = np.concatenate([row.places[place][examples[member].positions] for place, member in enumerate(members)])
            targets = self._tensor([examples[member].targets for member in members])
            counts = [len(examples[member].targets) for member in members]
            share = self._tensor([np.repeat(self.shares[[batch[m] for m in members]], counts, axis=0)])
            logits = self.model.logits(row, at)
            part = loss_of(logits, targets, share, self.class_weights) / labels
            part.backward()  # type: ignore[no-untyped-call]
            loss += part.item()
            hits += int((logits.softmax(-1).mean(1).argmax(-1) == targets.argmax(-1)).sum().item())
        return loss, hits, labels

    def _tensor(self, arrays: Sequence[Floats]) -> Tensor:
        return torch.from_numpy(np.concatenate(arrays)).to(self.device)

    def _report(self, progress: Progress, step: int, first: int, seconds: float) -> None:
        steps = len(self.plan)
        per_second = self.tokens_here / seconds if seconds > 0 else 0.0
        progress.report(
            last=step == steps,
            stage="train",
            step=step,
            steps=steps,
            loss=self.history.losses[-1],
            step_accuracy=self.history.accuracy,
            tokens_per_second=per_second,
            eta_seconds=seconds / (step - first) * (steps - step),
        )

    def _save(self, step: int) -> None:
        """Everything that the next step depends on. The order of data follows from the seed and is not saved."""
        tensors: dict[str, Tensor] = {f"weight.{name}": weight for name, weight in self.weights.items()}
        tensors |= {f"buffer.{name}": buffer for name, buffer in self.network.named_buffers()}
        for name, weight in self.weights.items():
            for key, value in self.optimiser.state.get(weight, {}).items():
                tensors[f"optimiser.{key}.{name}"] = value
        tensors["random.cpu"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        history = self.history
        facts = {
            "fingerprint": self.fingerprint,
            "losses": history.losses,
            "bad_in_a_row": history.bad_in_a_row,
            "accuracy": history.accuracy,
            "splits": history.splits,
        }
        self.states.save(step, tensors, facts)

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
            for name, buffer in self.network.named_buffers():
                buffer.copy_(tensors[f"buffer.{name}"])
        for key_and_name, value in tensors.items():
            if key_and_name.startswith("optimiser."):
                _, key, name = key_and_name.split(".", 2)
                self.optimiser.state[self.weights[name]][key] = value.to(self.device)
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors and self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"])
        self.history = History(facts["losses"], facts["bad_in_a_row"], facts["accuracy"], facts["splits"])


def _manifest(run: _Run, inputs: Inputs, left_out: dict[str, int], dropped: Dropped, seconds: float) -> dict[str, Any]:
    """What `training.json` says, but for the files' hashes."""
    return {
        "format": 1,
        "kind": inputs.kind,
        "fingerprint": run.fingerprint,
        "data": [{"name": name, "sha256": sha256} for name, sha256 in inputs.data],
        "base": TINY if inputs.base == TINY else Path(inputs.base).name,
        "seed": inputs.seed,
        "config": inputs.config.as_dict(),
        "id2label": {str(index): name for index, name in run.model.form.outputs.items()},
        "neutral": inputs.config.neutral,
        "examples": len(run.labelled),
        "labels": _label_counts(run.labelled, run.model.form),
        "left_out": dict(left_out),
        "dropped": dict(dropped.counts),
        "dropped_sources": dropped.sources,
        "epochs": run.epochs,
        "steps": len(run.history.losses),
        "skipped_steps": sum(loss is None for loss in run.history.losses),
        "loss": run.history.losses,
        "step_accuracy": run.history.accuracy,
        "tokens": run.tokens,
        "tokens_per_second": run.tokens_here / seconds if seconds else None,
        "device": run.device.type,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def loss_of(logits: Tensor, targets: Tensor, share: Tensor, class_weights: Tensor | None) -> Tensor:
    """Cross-entropy summed over places: (places, heads, labels) logits, (places, labels) targets, (places, heads) weights; heads' mean."""
    places, heads, labels = logits.shape
    losses = functional.cross_entropy(
        logits.reshape(-1, labels), targets.repeat_interleave(heads, dim=0), weight=class_weights, reduction="none"
    )
    return (losses.view(places, heads) * share).mean(dim=1).sum()


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


def _model(inputs: Inputs, examples: Sequence[Example]) -> RewardModel:
    if inputs.base != TINY:
        return open_base(Path(inputs.base), inputs.config, kind=inputs.kind, seed=inputs.seed)
    texts = [text for example in examples for text in (example.problem, *example.steps)]
    return build_tiny(inputs.config, kind=inputs.kind, texts=texts, seed=inputs.seed)


def _device(wanted: str) -> torch.device:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise TrainingFailed("device is cuda, and no CUDA device is at hand here.")
    device = torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")
    if device.type == "cpu":
        torch.use_deterministic_algorithms(True)
    return device


def _label_counts(labelled: Sequence[Labelled], form: Form) -> dict[str, float]:
    """How much was said for each label; whole numbers where every label is a rating."""
    sums = np.concatenate([example.targets for example in labelled]).sum(axis=0, dtype=np.float64)
    names = form.label_names
    return {names[index]: int(total) if total == int(total) else round(total, 6) for index, total in enumerate(sums)}


def _folder_digest(folder: Path) -> str:
    checkpoint.check_folder(folder)
    found = [(path.name, checkpoint.sha256_of(path)) for path in sorted(folder.iterdir()) if path.is_file()]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def _finished(output: Path, fingerprint: str) -> dict[str, Any] | None:
    """The manifest where this very training is done already. Raises `CheckpointRefused` where another one is."""
    if not (output / checkpoint.MANIFEST).exists():
        return None
    manifest = checkpoint.read_manifest(output)
    if manifest.get("fingerprint") != fingerprint:
        raise CheckpointRefused(f"{output} holds a model of other data, seed or settings; give another --output")
    return manifest


def _finish(model: RewardModel, output: Path, manifest: dict[str, Any]) -> None:
    """Every file written elsewhere and renamed into place, the manifest last: a folder with a manifest is whole."""
    beside = output / "checkpoint" / "finished"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    model.network.to("cpu").eval().save_pretrained(beside)  # type: ignore[operator]
    model.tokenizer.save_pretrained(beside)
    files: dict[str, str] = {}
    for path in sorted(beside.iterdir()):
        files[path.name] = checkpoint.sha256_of(path)
        checkpoint.write_file(output / path.name, path.read_bytes())
    manifest["files"] = files
    checkpoint.write_file(output / checkpoint.MANIFEST, json.dumps(manifest, indent=1).encode())
    shutil.rmtree(beside)
