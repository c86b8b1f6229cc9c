"""`manage.py import_dataset SLUG FILE…`: files into a project, whole or not at all."""

import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.errors import DomainError, NotFound
from annotation.formats.registry import FORMATS
from annotation.import_sources import AUTO, KINDS
from annotation.imports import ImportRefused, import_files
from annotation.models import Import, Project

BAR_WIDTH = 30
ADDED = {
    "problems": "problems",
    "solutions": "solutions",
    "queue": "work items",
    "annotations": "annotations",
    "scores": "scores",
    "step_trees": "step trees",
}


class Command(BaseCommand):
    help = "Import datasets (FILE, - for standard input, gzip too) into a project, whole or not at all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the project")
        parser.add_argument("files", nargs="+", metavar="FILE", help="- is standard input")
        parser.add_argument(
            "--format",
            default=AUTO,
            choices=[AUTO, *FORMATS],
            help="how the files are written; told from their first record by default",
        )
        parser.add_argument(
            "--as", dest="kind", choices=[kind for kind in KINDS if kind != "problems"], help="what they become"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["slug"]).first()
        try:
            if project is None:
                raise NotFound(f"There is no project {options['slug']}.")
            done = import_files(
                project=project,
                paths=options["files"],
                format=options["format"],
                kind=options["kind"],
                progress=self._progress(),
            )
        except ImportRefused as refused:
            self._list(refused)
            raise CommandError(refused.message) from refused
        except DomainError as error:
            raise CommandError(error.message) from error
        finally:
            self._bar("")
        self.stdout.write(json.dumps(_summary(done)) if options["json"] else _sentence(done))

    def _list(self, refused: ImportRefused) -> None:
        self._bar("")
        for line in refused.refused:
            self.stderr.write(f"{line['file']}:{line['line']}: {line['field']}: {line['reason']}")

    def _progress(self) -> Any:
        """What `import_files` tells: a bar where a person watches, otherwise only that it waits."""
        started = time.monotonic()
        waiting = False

        def told(progress: dict[str, Any]) -> None:
            nonlocal waiting
            if progress["stage"] == "wait":
                if not waiting:
                    self.stderr.write("Another import runs in this project; waiting for it.")
                waiting = True
            else:
                self._bar(_bar_text(progress, time.monotonic() - started))

        return told

    def _bar(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


def _bar_text(progress: dict[str, Any], seconds: float) -> str:
    rows, total = progress["rows"], progress["total"]
    if not total:
        return f"checking  {rows:,} rows"
    filled = BAR_WIDTH * rows // total
    return f"inserting [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {rows:,} of {total:,}, {rows / max(seconds, 1e-6):,.0f} a second"


def _summary(done: Import) -> dict[str, Any]:
    counts = dict(done.counts)
    return {
        "import": done.pk,
        "project": done.project.slug,
        "format": done.format,
        "as": done.kind,
        "rows": counts.pop("rows"),
        "duplicates": counts.pop("duplicates"),
        "counts": counts,
        "sha256": done.sha256,
    }


def _sentence(done: Import) -> str:
    added = [f"{done.counts[name]:,} {words}" for name, words in ADDED.items() if done.counts[name]]
    return (
        f"{done.file_name} ({done.format}, as {done.kind}): {done.counts['rows']:,} rows read, "
        f"{', '.join(added) if added else 'nothing'} added, {done.counts['duplicates']:,} here already. SHA-256 {done.sha256}"
    )
