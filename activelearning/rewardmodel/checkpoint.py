"""Checkpoints as files: safetensors and JSON only, checked before anything is allocated, written beside and renamed.

A finished folder holds `training.json`, the manifest: it names every other file with its SHA-256 and is written last, so a folder
with it is whole. Pickles are refused by name and by their first bytes; so are configurations that name code to run (`auto_map`).
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from annotation.formats.strict_json import StrictJSONError, loads

MANIFEST = "training.json"
LARGEST_HEADER = 100 * 1024 * 1024  # bytes, safetensors' own limit
LARGEST_JSON = 512 * 1024 * 1024
_PICKLED = (".bin", ".pt", ".pth", ".pt2", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz")
_MAGIC = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
_CODE_KEYS = ("auto_map", "custom_pipelines", "quantization_config", "trust_remote_code")
_KERNEL = re.compile(r"attn_implementation|use_kernels|experts_implementation")
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


class CheckpointRefused(ValueError):
    """The folder or file is not one that may be loaded; the text says which and why."""


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_file(path: Path, data: bytes) -> None:
    """`path` holds all of `data` or what it held before, whatever dies when."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    move(beside, path)


def move(source: Path, target: Path) -> None:
    """Rename onto `target`, and let the folder remember it."""
    os.replace(source, target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json(path: Path) -> dict[str, Any]:
    """One strict JSON object. Raises `CheckpointRefused`."""
    if not path.is_file():
        raise CheckpointRefused(f"{path.name} is missing in {path.parent}")
    if path.stat().st_size > LARGEST_JSON:
        raise CheckpointRefused(f"{path} is over {LARGEST_JSON} bytes")
    try:
        found = loads(path.read_bytes())
    except StrictJSONError as error:
        raise CheckpointRefused(f"{path}: {error}") from None
    if not isinstance(found, dict):
        raise CheckpointRefused(f"{path} must hold one object")
    return found


def check_folder(folder: Path, *, with_code: bool = False) -> None:
    """A folder that may be opened: no pickles, no code named, every safetensors file well-formed. Raises `CheckpointRefused`.

    `with_code`: code may lie there, as in published folders, for the caller opens it with classes of ours and looks at none of it.
    """
    if not folder.is_dir():
        raise CheckpointRefused(f"{folder} is not a folder")
    weights = 0
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in _PICKLED:
            raise CheckpointRefused(f"{path}: only safetensors and JSON are read; remove this file")
        if path.suffix == ".py" and not with_code:
            raise CheckpointRefused(f"{path}: code in a model folder is refused")
        if path.suffix == ".safetensors":
            check_safetensors(path)
            weights += 1
    if not weights:
        raise CheckpointRefused(f"{folder} holds no safetensors file")
    for name in ("config.json", "tokenizer_config.json"):
        if not with_code and (name == "config.json" or (folder / name).exists()):
            _check_no_code(read_json(folder / name), folder / name)


def _check_no_code(value: Any, path: Path) -> None:
    """No key, at any depth, that makes transformers load code from a file or the hub."""
    if isinstance(value, list):
        for item in value:
            _check_no_code(item, path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key in _CODE_KEYS:
                raise CheckpointRefused(f"{path}: {key} is refused: no code is taken from a model folder")
            if _KERNEL.search(key) and isinstance(item, str) and "/" in item:
                raise CheckpointRefused(f"{path}: {key} names a kernel to download")
            _check_no_code(item, path)


def check_safetensors(path: Path) -> None:
    """The header is small, its tensors are of known types and cover the file exactly, without overlap. Raises `CheckpointRefused`."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(_MAGIC):
            raise CheckpointRefused(f"{path} is a pickle or an archive, not safetensors")
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > LARGEST_HEADER or 8 + length > size:
            raise CheckpointRefused(f"{path} is truncated or not safetensors (its header would have {length} bytes)")
        raw = file.read(length)
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError):
        raise CheckpointRefused(f"{path}: its header is not JSON") from None
    if not isinstance(header, dict):
        raise CheckpointRefused(f"{path}: its header is not an object")
    spans = sorted(_span(path, name, entry) for name, entry in header.items() if name != "__metadata__")
    end = 0
    for first, last in spans:
        if first != end:
            raise CheckpointRefused(f"{path}: tensors overlap or leave a gap at byte {end}")
        end = last
    if end != size - 8 - length:
        raise CheckpointRefused(
            f"{path} is truncated or too long: tensors take {end} bytes, {size - 8 - length} are there"
        )


def _span(path: Path, name: str, entry: Any) -> tuple[int, int]:
    """Where a tensor's bytes stand, checked against its type and shape."""
    entry = entry if isinstance(entry, dict) else {}
    shape, offsets = entry.get("shape"), entry.get("data_offsets")
    if not _whole_numbers(shape) or not _whole_numbers(offsets) or len(offsets) != 2:
        raise CheckpointRefused(f"{path}: tensor {name[:80]!r} has no proper shape or offsets")
    width = _BYTES.get(str(entry.get("dtype")))
    if width is None:
        raise CheckpointRefused(f"{path}: tensor {name[:80]!r} has the unknown type {str(entry.get('dtype'))[:20]!r}")
    first, last = offsets
    if last - first != width * math.prod(shape):
        raise CheckpointRefused(f"{path}: tensor {name[:80]!r} does not fill its bytes")
    return first, last


def _whole_numbers(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 16 and all(type(n) is int and n >= 0 for n in value)


def read_manifest(folder: Path, *, sha256: str | None = None) -> dict[str, Any]:
    """The manifest of a finished folder after every file that it names was checked against its hash.

    `sha256` is the manifest's own, where the caller remembers it. Raises `CheckpointRefused`.
    """
    check_folder(folder)
    path = folder / MANIFEST
    manifest = read_json(path)
    if sha256 is not None and sha256_of(path) != sha256:
        raise CheckpointRefused(f"{path} is not the manifest that was written when the model was trained")
    files = manifest.get("files")
    if not isinstance(files, dict) or "config.json" not in files or not any(n.endswith(".safetensors") for n in files):
        raise CheckpointRefused(f"{path} does not name the model's files")
    for name, expected in files.items():
        there = folder / name
        if not _is_inside(name) or not there.is_file():
            raise CheckpointRefused(f"{there} is missing")
        if sha256_of(there) != expected:
            raise CheckpointRefused(f"{there} has another SHA-256 than when it was trained")
    for there in folder.iterdir():
        # transformers would read a file of its own names (shards, an index, added tokens) that nobody vouched for
        if there.suffix in (".safetensors", ".json", ".model", ".jinja", ".txt") and there.name not in (
            *files,
            MANIFEST,
        ):
            raise CheckpointRefused(f"{there} is not in the manifest")
    return manifest


def _is_inside(name: str) -> bool:
    """A file of the folder, or of one folder in it."""
    parts = Path(name).parts
    return 1 <= len(parts) <= 2 and ".." not in parts and str(Path(*parts)) == name and not Path(name).is_absolute()


def digest_of(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes: equal only for bitwise equal tensors."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.view(torch.uint8).numpy().tobytes() if tensor.numel() and tensor.dim() else b"")
        digest.update(tensor.reshape(1).view(torch.uint8).numpy().tobytes() if not tensor.dim() else b"")
    return digest.hexdigest()


class StateFolder:
    """Where a running training keeps its state: the last two states, one safetensors file each, its JSON facts in the header."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, step: int, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any]) -> None:
        """Written beside, fsynced, renamed; then all but the last two states go."""
        self.write(self.folder / f"state-{step:09d}.safetensors", tensors, {**facts, "step": step})
        for old in self.states()[2:]:
            old.unlink()

    def write(self, path: Path, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any]) -> None:
        """One file of tensors and facts that `load` reads back."""
        kept = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        write_file(path, save(kept, metadata={"facts": json.dumps(facts), "digest": digest_of(kept)}))

    def states(self) -> list[Path]:
        """Newest first."""
        return sorted(self.folder.glob("state-*.safetensors"), reverse=True)

    def load(self, path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Tensors and facts of one state. Raises `CheckpointRefused` where it is damaged."""
        check_safetensors(path)
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        except (SafetensorError, OSError) as error:
            raise CheckpointRefused(f"{path}: {error}") from error
        if metadata.get("digest") != digest_of(tensors):
            raise CheckpointRefused(f"{path} was changed after it was written")
        try:
            facts = json.loads(metadata["facts"])
        except (KeyError, ValueError):
            raise CheckpointRefused(f"{path} does not say what it is") from None
        return tensors, facts

    def clear(self) -> None:
        """The training is finished: its states are not needed any more."""
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()
