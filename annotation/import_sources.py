"""The files of an import: found, kept still, recognised, and read into rows and refusals with their lines.

A file is read twice, first to check all of it and then to insert its rows, so standard input is kept in a temporary file, and a file that
changes between the two is noticed.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from django.conf import settings
from django.utils.translation import gettext

from annotation.errors import Conflict, FieldError, InvalidInput
from annotation.formats import registry
from annotation.formats.registry import FORMATS, ReadContext
from annotation.formats.rows import Read
from annotation.formats.source import SourceRefused, open_source
from annotation.models import Project, Protocol

STDIN: Literal["-"] = "-"
AUTO = "auto"
KINDS = ("annotations", "queue", "pool", "evaluation", "problems")
PEEK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file of an import. `name` is how refusals call it, `stamp` tells whether it changed since it was hashed."""

    name: str
    path: Path
    format: str
    kind: str
    sha256: str
    stamp: tuple[int, int]


@contextmanager
def kept_still(paths: Sequence[Path | str]) -> Iterator[list[tuple[str, Path]]]:
    """Each path with the name it is called by; standard input (`-`) and pipes as temporary files that go with the block."""
    if [str(path) for path in paths].count(STDIN) > 1:
        raise InvalidInput("Standard input (-) can be read once only.")
    if not paths:
        raise InvalidInput("Name one file or more.")
    with tempfile.TemporaryDirectory(prefix="spool-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        found: list[tuple[str, Path]] = []
        for path in paths:
            if str(path) == STDIN or Path(path).is_fifo():
                spool = Path(folder) / str(len(found))
                with spool.open("wb") as file, _once(path) as stream:
                    shutil.copyfileobj(stream, file, 1 << 20)
                found.append((str(path), spool))
            else:
                found.append((str(path), Path(path)))
        yield found


def _once(path: Path | str) -> AbstractContextManager[BinaryIO]:
    """What can be read once only: standard input, left open, or a named pipe."""
    return nullcontext(sys.stdin.buffer) if str(path) == STDIN else Path(path).open("rb")


def recognise(found: Sequence[tuple[str, Path]], *, format: str, kind: str | None) -> list[SourceFile]:
    """The files with their formats and what they are imported as. Raises `InvalidInput` where one cannot be read, or is no such thing."""
    return [_recognise(name, path, format, kind) for name, path in found]


def require_protocol(files: Sequence[SourceFile], project: Project) -> None:
    """Raises `Conflict("wrong_protocol")` for whole solutions to be queued where solutions are built step by step."""
    for file in files:
        if project.protocol == Protocol.STEP_BY_STEP and file.kind == "queue" and file.format != "step-tree":
            message = gettext(
                "%(file)s: whole solutions cannot be queued where solutions are built step by step. Import step trees, or queue problems."
            )
            raise Conflict("wrong_protocol", message % {"file": file.name})


def _recognise(name: str, path: Path, format: str, kind: str | None) -> SourceFile:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            status = os.fstat(file.fileno())
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror or error}.") from error
    chosen = _detect(name, path) if format == AUTO else format
    require_known(format=chosen, kind=kind)
    as_ = kind or FORMATS[chosen].default_as
    return SourceFile(
        name=name, path=path, format=chosen, kind=as_, sha256=digest, stamp=(status.st_size, status.st_mtime_ns)
    )


def require_known(*, format: str, kind: str | None) -> None:
    """Raises `InvalidInput` where there is no such format, or where it cannot be imported as `kind`."""
    if kind is not None and kind not in KINDS:
        raise InvalidInput(
            gettext("Files are imported as %(kinds)s; there is no “%(kind)s”.")
            % {"kinds": ", ".join(KINDS), "kind": kind},
            errors=[FieldError("as", gettext("is not known"))],
        )
    if format == AUTO:
        return
    if format not in FORMATS:
        known = ", ".join((AUTO, *sorted(FORMATS)))
        message = gettext("There is no format “%(format)s”. Formats: %(known)s.") % {"format": format, "known": known}
        raise InvalidInput(message, errors=[FieldError("format", gettext("is not known"))])
    kinds = FORMATS[format].kinds
    if kind is not None and kind not in kinds:
        said = gettext("A file of format %(format)s can be imported as %(kinds)s, not as %(kind)s.")
        message = said % {"format": format, "kinds": ", ".join(sorted(kinds)), "kind": kind}
        raise InvalidInput(message, errors=[FieldError("as", gettext("does not fit the format"))])


def _detect(name: str, path: Path) -> str:
    try:
        with open_source(path) as stream:
            start = stream.read(PEEK_BYTES)
        return registry.detect(start, name)
    except SourceRefused as refused:
        raise InvalidInput(f"{name} {refused}.", errors=[FieldError("file", str(refused))]) from refused
    except registry.FormatNotRecognised as unknown:
        raise InvalidInput(str(unknown), errors=[FieldError("format", "was not recognised; name it")]) from unknown


def digest_of(files: Sequence[SourceFile]) -> str:
    """One file's SHA-256; of several, the SHA-256 of theirs, one hex line each in the order given."""
    if len(files) == 1:
        return files[0].sha256
    return hashlib.sha256("".join(f"{file.sha256}\n" for file in files).encode()).hexdigest()


def read(file: SourceFile) -> Iterator[Read]:
    """What the file holds, in order: `(line, row)` or a `Refusal`. Bad content never raises, a gzip bomb neither."""
    with open_source(file.path) as stream:
        yield from FORMATS[file.format].read(stream, ReadContext(as_=file.kind))


def require_unchanged(file: SourceFile) -> None:
    """Raises `Conflict("file_changed")` where the file is no longer the one that was checked."""
    status = file.path.stat()
    if (status.st_size, status.st_mtime_ns) != file.stamp:
        raise Conflict("file_changed", f"{file.name} changed while it was read. Nothing was imported; try again.")
