"""From examples to a finished folder: what decides the weights, the model that is trained, and the files that are left.

The loop itself is `loop.py`.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from activelearning.code_version import code_version
from activelearning.rewardmodel import checkpoint, live, lora
from activelearning.rewardmodel.card import NAME as CARD
from activelearning.rewardmodel.card import card
from activelearning.rewardmodel.checkpoint import CheckpointRefused, StateFolder
from activelearning.rewardmodel.child import Progress
from activelearning.rewardmodel.config import TINY, TrainingConfig
from activelearning.rewardmodel.data import Dropped, Labelled, label_examples
from activelearning.rewardmodel.devices import DeviceError, Devices
from activelearning.rewardmodel.examples import DataRefused, Example
from activelearning.rewardmodel.forms import Form
from activelearning.rewardmodel.held_out import HeldOut, split_by_problem
from activelearning.rewardmodel.live import Live
from activelearning.rewardmodel.loop import Run, TrainingFailed
from activelearning.rewardmodel.model import RewardModel, build_tiny, open_base

RECIPE = 3  # raised when the same inputs no longer give the same weights


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
    config = inputs.config
    try:
        devices = Devices(config.device, config.precision)
    except DeviceError as error:
        raise TrainingFailed(str(error)) from error
    learnt, aside = split_by_problem(examples, share=config.held_out, seed=inputs.seed)
    model = _model(inputs, learnt)
    most = min(config.max_length, model.limit)
    labelled, dropped = label_examples(learnt, model.encoder, model.form, max_length=most)
    if not labelled:
        raise DataRefused(f"Nothing is left to train on under {config.max_length} tokens: {dict(dropped.counts)}")
    held_out = _held_out(aside, model, most)
    states = StateFolder(output / "checkpoint")
    run = Run(
        model, labelled, held_out, config, seed=inputs.seed, devices=devices, states=states, fingerprint=fingerprint
    )
    told = Live(progress, output / live.FOLDER if devices.is_first else None)
    try:
        seconds = run.steps(told)
    finally:
        told.close()
    manifest = _manifest(run, inputs, left_out, dropped, seconds)
    if devices.is_first:
        _finish(model, output, manifest)
        states.clear()
    devices.wait()
    return manifest


def _held_out(examples: Sequence[Example], model: RewardModel, most: int) -> HeldOut:
    """Labels one by one, so that each stays beside its problem; what does not fit is not measured on."""
    found = HeldOut([], [])
    for example in examples:
        labelled, _ = label_examples([example], model.encoder, model.form, max_length=most)
        found.labelled.extend(labelled)
        found.problems.extend([example.problem] * len(labelled))
    return found


def _manifest(run: Run, inputs: Inputs, left_out: dict[str, int], dropped: Dropped, seconds: float) -> dict[str, Any]:
    """What `training.json` says, but for the files' hashes."""
    return {
        "format": 1,
        "kind": inputs.kind,
        "fingerprint": run.fingerprint,
        "data": [{"name": name, "sha256": sha256} for name, sha256 in inputs.data],
        "base": TINY if inputs.base == TINY else Path(inputs.base).name,
        "seed": inputs.seed,
        "config": inputs.config.as_dict(),
        "id2label": {str(index): name for index, name in run.plain.form.outputs.items()},
        "neutral": inputs.config.neutral,
        "examples": len(run.labelled),
        "labels": _label_counts(run.labelled, run.plain.form),
        "left_out": dict(left_out),
        "dropped": dict(dropped.counts),
        "dropped_sources": dropped.sources,
        "epochs": run.epochs,
        "held_out": None if run.history.best is None else run.history.epochs[run.history.best],
        "held_out_problems": len(set(run.held_out.problems)),
        "held_out_epochs": run.history.epochs,
        "best_epoch": None if run.history.best is None else run.history.best + 1,
        "steps": len(run.history.losses),
        "skipped_steps": sum(loss is None for loss in run.history.losses),
        "loss": run.history.losses,
        "step_accuracy": run.history.accuracy,
        "tokens": sum(len(run.labelled[index].ids) for batch in run.plan[: len(run.history.losses)] for index in batch),
        "tokens_per_second": run.tokens_here / seconds if seconds else None,
        "device": run.devices.device.type,
        "processes": run.devices.world,
        "precision": "bf16" if run.devices.bf16 else "fp32",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "code": code_version(),
    }


def _model(inputs: Inputs, examples: Sequence[Example]) -> RewardModel:
    config = inputs.config
    if inputs.base == TINY:
        texts = [text for example in examples for text in (example.problem, *example.steps)]
        model = build_tiny(config, kind=inputs.kind, texts=texts, seed=inputs.seed)
    else:
        model = open_base(Path(inputs.base), config, kind=inputs.kind, seed=inputs.seed)
    if config.gradient_checkpointing:
        model.network.activation_checkpointing_enable({"use_reentrant": False})  # type: ignore[operator]
    return model.over(lora.with_adapter(model.network, rank=config.lora_rank)) if config.lora_rank else model


def _label_counts(labelled: Sequence[Labelled], form: Form) -> dict[str, float]:
    """How much was said for each label; whole numbers where every label is a rating."""
    sums = np.concatenate([example.targets for example in labelled]).sum(axis=0, dtype=np.float64)
    names = form.label_names
    return {names[index]: int(total) if total == int(total) else round(total, 6) for index, total in enumerate(sums)}


def _folder_digest(folder: Path) -> str:
    checkpoint.check_folder(folder)
    found = [
        (path.name, checkpoint.sha256_of(path))
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != CARD
    ]
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
    network: Any = model.network.to("cpu").eval()
    if manifest["config"]["lora_rank"]:
        network = lora.merge(network, beside, base=manifest["base"])
    network.save_pretrained(beside)
    model.tokenizer.save_pretrained(beside)
    (beside / CARD).write_text(card(manifest, model.form, model.encoder.layout.as_dict()), encoding="utf-8")
    files: dict[str, str] = {}
    for path in sorted(file for file in beside.rglob("*") if file.is_file()):
        name = path.relative_to(beside).as_posix()
        if name != CARD:  # words for people, which are added to when the model is measured; no weight hangs on them
            files[name] = checkpoint.sha256_of(path)
        (output / name).parent.mkdir(exist_ok=True)
        checkpoint.write_file(output / name, path.read_bytes())
    manifest["files"] = files
    checkpoint.write_file(output / checkpoint.MANIFEST, json.dumps(manifest, indent=1).encode())
    shutil.rmtree(beside)
