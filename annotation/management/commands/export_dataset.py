"""`manage.py export_dataset SLUG --format …`: a dataset out, frozen first where no snapshot is named."""

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import exports, snapshots
from annotation.errors import DomainError, NotFound
from annotation.exports import Exported
from annotation.models import Project, Snapshot

STDOUT = "-"


class Command(BaseCommand):
    help = "Export a project's labels: every live annotation, in the order submitted or imported."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the project")
        parser.add_argument("--format", required=True, help=f"one of {', '.join(exports.FORMATS)}")
        parser.add_argument("--output", default=STDOUT, metavar="FILE", help="- (the default) is standard output")
        parser.add_argument(
            "--snapshot", type=int, metavar="ID", help="a snapshot frozen before; by default one is frozen now"
        )
        parser.add_argument(
            "--neutral", default="good", choices=exports.NEUTRALS, help="how rating 0 counts in two-class formats"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as the summary")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            exports.require_known(format=options["format"], neutral=options["neutral"])
            snapshot = _snapshot(options["slug"], options["snapshot"])
            exported = exports.prepare(snapshot=snapshot, format=options["format"], neutral=options["neutral"])
            _write(exported, options["output"])
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror or error}.") from error
        # Standard output carries the rows alone, where they go there.
        out = self.stderr if options["output"] == STDOUT else self.stdout
        out.write(_summary(exported, snapshot, options))


def _snapshot(slug: str, pk: int | None) -> Snapshot:
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise NotFound(f"There is no project {slug}.")
    if pk is None:
        return snapshots.freeze(project=project)
    snapshot = project.snapshots.filter(pk=pk).first()
    if snapshot is None:
        raise NotFound(f"There is no snapshot {pk} in {slug}.")
    return snapshot


def _write(exported: Exported, output: str) -> None:
    """The whole file under its name, or nothing; a half-written one never stands where a reader looks."""
    if output == STDOUT:
        _copy(exported, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    target = Path(output)
    if target.exists() and not target.is_file():  # a device or a pipe cannot be renamed onto
        with target.open("wb") as file:
            _copy(exported, file)
        return
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            _copy(exported, file)
            snapshots.sync(file)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


def _copy(exported: Exported, file: BinaryIO) -> None:
    for piece in exports.stream(exported):
        file.write(piece)


def _summary(exported: Exported, snapshot: Snapshot, options: dict[str, Any]) -> str:
    facts = {"rows": exported.rows, "sha256": exported.sha256, "snapshot": snapshot.pk, "format": options["format"]}
    if options["format"] == "stepwise":
        facts["neutral"] = options["neutral"]
    if options["json"]:
        return json.dumps(facts)
    return f"{exported.rows:,} rows as {options['format']} from snapshot {snapshot.pk}. SHA-256 {exported.sha256}"
