"""A reward model's folder for whoever takes it away: the files that its manifest names, each with its SHA-256 and size. No torch.

What is asked for is looked up among the names of the manifest, and never joined to a path as it came.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.utils.translation import gettext

from activelearning.models import RewardModel
from activelearning.rewardmodel.card import NAME as CARD
from annotation.errors import Conflict, NotFound

MANIFEST = "training.json"
# Weights, settings, the model card, and the texts that a tokenizer consists of. Nothing that runs when it is opened.
HANDED_OUT = (".safetensors", ".json", ".md", ".txt", ".jinja", ".model")
READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFile:
    name: str
    sha256: str
    size: int  # bytes
    path: Path


def listed(*, model: RewardModel) -> list[ModelFile]:
    """The manifest first, then what it names, by name, and the model card as it is now.

    Raises `Conflict` `model_files_missing` where the folder is not whole.
    """
    folder = Path(settings.DATA_DIR) / model.path
    try:
        written = (folder / MANIFEST).read_bytes()
    except OSError:
        raise _missing(model) from None
    if hashlib.sha256(written).hexdigest() != model.sha256:
        raise _missing(model)
    named: dict[str, str] = {MANIFEST: model.sha256, **dict(sorted(json.loads(written)["files"].items()))}
    card = folder / CARD
    if CARD not in named and card.is_file():  # added to when the model is measured, so that no manifest vouches for it
        named[CARD] = hashlib.sha256(card.read_bytes()).hexdigest()
    return [_file(model, folder, name, sha256) for name, sha256 in named.items() if _is_handed_out(name)]


def one(*, model: RewardModel, name: str) -> ModelFile:
    """The file of exactly this name. Raises `NotFound` for any name that the manifest does not have, and what `listed` raises."""
    found = next((file for file in listed(model=model) if file.name == name), None)
    if found is None:
        raise NotFound
    return found


def stream(file: ModelFile) -> Iterator[bytes]:
    """The file's bytes. A byte more or less than was promised shows in their length; another content, in their SHA-256."""
    with file.path.open("rb") as opened:
        while piece := opened.read(READ_BYTES):
            yield piece


def _is_handed_out(name: str) -> bool:
    path = PurePosixPath(name)
    inside = 1 <= len(path.parts) <= 2 and ".." not in path.parts and not path.is_absolute() and "\\" not in name
    return inside and path.suffix in HANDED_OUT


def _file(model: RewardModel, folder: Path, name: str, sha256: str) -> ModelFile:
    path = folder / name
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        raise _missing(model)
    return ModelFile(name=name, sha256=sha256, size=path.stat().st_size, path=path)


def _missing(model: RewardModel) -> Conflict:
    said = gettext("The files of %(model)s are not on this server as they were trained. Restore them from a backup.")
    return Conflict("model_files_missing", said % {"model": model.name})
