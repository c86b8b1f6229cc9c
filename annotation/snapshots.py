"""Snapshots: the live annotations of a project at one moment, frozen into PRM800K lines under their SHA-256.

Training and exports read this file, never the database. It is written beside, synced and renamed before its row is saved, so a row always
has its file; the same content is the same file and the same row.
"""

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext

from annotation import audit
from annotation.errors import Conflict
from annotation.formats import prm800k
from annotation.models import Annotation, Project, Snapshot, User

FOLDER = "snapshots"
CHUNK = 500
_COLUMNS = (
    "pk", "labeller__uuid", "submitted_at", "work_item__generation", "work_item__is_quality_control", "work_item__is_initial_screening",
    "question", "label", "finish_reason", "imported_by",
)  # fmt: skip


def freeze(*, project: Project, actor: User | None = None) -> Snapshot:
    """All that counts now, in the order submitted or imported, as a snapshot; the one that stands already where nothing has changed since.

    Raises `Conflict("nothing_to_freeze")` where there are no annotations.
    """
    folder = _folder(project)
    with tempfile.TemporaryDirectory(prefix="freezing-", dir=folder) as unfinished:
        written = _write(project, Path(unfinished))
        if written.rows == 0:
            raise Conflict(
                "nothing_to_freeze",
                gettext("There are no finished labels in this project yet, so there is nothing to freeze."),
            )
        # The ids first: whoever sees the lines finds them.
        os.replace(Path(unfinished) / "ids", folder / f"{written.sha256}.ids")
        os.replace(Path(unfinished) / "lines", folder / f"{written.sha256}.jsonl")
    sync_folder(folder)
    return _row(project, actor, written)


def _row(project: Project, actor: User | None, written: "_Written") -> Snapshot:
    with transaction.atomic():
        snapshot, made = Snapshot.objects.get_or_create(
            project=project,
            sha256=written.sha256,
            defaults={
                "created_by": actor,
                "rows": written.rows,
                "path": f"{FOLDER}/{project.pk}/{written.sha256}.jsonl",
                "lineage": written.lineage(),
            },
        )
        if made:
            audit.record(
                actor=actor,
                action="snapshot.frozen",
                project=project,
                snapshot=snapshot.pk,
                sha256=snapshot.sha256,
                rows=snapshot.rows,
            )
    return snapshot


def file_of(snapshot: Snapshot) -> Path:
    """The PRM800K lines."""
    return Path(settings.DATA_DIR) / snapshot.path


def annotation_ids(snapshot: Snapshot) -> Iterator[int]:
    """The annotation behind each line, in the lines' order."""
    with file_of(snapshot).with_suffix(".ids").open(encoding="ascii") as file:
        for line in file:
            yield int(line)


def last_annotation(snapshot: Snapshot) -> int:
    """The highest id among the frozen annotations: what came in later has a higher one."""
    path = file_of(snapshot).with_suffix(".ids")
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 64))
        return int(file.read().split()[-1])


def countable(*, project: Project) -> int:
    """How many labels a snapshot would hold now."""
    return Annotation.objects.live().filter(project=project).count()


def of_project(*, project: Project, limit: int = 50) -> list[Snapshot]:
    """The project's snapshots, newest first."""
    return list(project.snapshots.select_related("created_by").order_by("-pk")[:limit])


def _folder(project: Project) -> Path:
    folder = Path(settings.DATA_DIR) / FOLDER / str(project.pk)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sync_folder(folder: Path) -> None:
    """A rename is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- the file -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Written:
    sha256: str = ""
    rows: int = 0
    first: datetime | None = None
    last: datetime | None = None
    labellers: set[str] = field(default_factory=set)
    counts: dict[str, Counter[str]] = field(
        default_factory=lambda: {
            "origin": Counter(),
            "generation": Counter(),
            "finish_reason": Counter(),
            "use": Counter(),
        }
    )

    def count(self, row: dict[str, Any]) -> None:
        at = row["submitted_at"]
        self.rows += 1
        self.first = min(self.first or at, at)
        self.last = max(self.last or at, at)
        self.labellers.add(str(row["labeller__uuid"]))
        self.counts["origin"]["labelled here" if row["imported_by"] is None else f"import {row['imported_by']}"] += 1
        self.counts["generation"][json.dumps(row["work_item__generation"])] += 1
        self.counts["finish_reason"][row["finish_reason"]] += 1
        self.counts["use"][_use(row)] += 1

    def lineage(self) -> dict[str, Any]:
        """Where the lines came from, for the snapshot's row."""
        return {
            "format": "prm800k",
            "labellers": len(self.labellers),
            "first_submitted_at": self.first.isoformat() if self.first else None,
            "last_submitted_at": self.last.isoformat() if self.last else None,
            **{name: dict(sorted(counter.items())) for name, counter in self.counts.items()},
        }


def _use(row: dict[str, Any]) -> str:
    if row["work_item__is_initial_screening"]:
        return "screening"
    return "quality control" if row["work_item__is_quality_control"] else "training"


def _write(project: Project, folder: Path) -> _Written:
    """Lines and ids into two files of `folder`, both on the disk."""
    written, digest = _Written(), hashlib.sha256()
    with (folder / "lines").open("wb") as lines, (folder / "ids").open("wb") as ids:
        for row in _rows(project):
            line = _line(row).encode("utf-8") + b"\n"
            lines.write(line)
            digest.update(line)
            ids.write(b"%d\n" % row["pk"])
            written.count(row)
        for file in (lines, ids):
            sync(file)
    written.sha256 = digest.hexdigest()
    return written


def sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _rows(project: Project) -> Iterator[dict[str, Any]]:
    """One statement, so one consistent moment, whatever is submitted meanwhile; read through a cursor, so memory stays small."""
    found = Annotation.objects.live().filter(project=project).order_by("pk").values(*_COLUMNS)
    with _reading():
        yield from found.iterator(chunk_size=CHUNK)


def _reading() -> AbstractContextManager[Any]:
    """PostgreSQL keeps a cursor open within a transaction; SQLite needs none, and one would lock the writers out."""
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


def _line(row: dict[str, Any]) -> str:
    return prm800k.write_record(
        labeller=str(row["labeller__uuid"]),
        submitted_at=row["submitted_at"],
        generation=row["work_item__generation"],
        is_quality_control=row["work_item__is_quality_control"],
        is_initial_screening=row["work_item__is_initial_screening"],
        question=json.loads(row["question"]),
        label=json.loads(row["label"]),
    )
