"""`manage.py grade_answers [--input FILE] [--output FILE]`: is each `given` the same answer as its `truth`? Needs no database."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.formats.source import open_source
from annotation.grading.lines import Graded, LinesRefused, grade_lines

STDIO = "-"


class Command(BaseCommand):
    help = "Grade JSON lines {given, truth}: each comes out with verdict, strict, symbolic and seconds."
    requires_system_checks: list[str] = []  # it looks at no settings and no database

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--input", default=STDIO, metavar="FILE", help="JSON lines, .gz too (default: -, stdin)")
        parser.add_argument("--output", default=STDIO, metavar="FILE", help="graded lines (default: -, stdout)")
        parser.add_argument("--json", action="store_true", help="print one JSON object as the summary")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with open_source(options["input"]) as source, _sink(options["output"]) as sink:
                graded = grade_lines(source, sink, progress=self._progress())
        except LinesRefused as refused:
            for found in refused.refusals:
                self.stderr.write(f"{options['input']}:{found.line}: {found.field}: {found.reason}")
            raise CommandError("Nothing was graded.") from refused
        except OSError as error:
            raise CommandError(f"{error.filename or options['input']}: {error.strerror or error}") from error
        # Where stdout carries the rows, it carries nothing else.
        out = self.stderr if options["output"] == STDIO else self.stdout
        out.write(json.dumps(asdict(graded)) if options["json"] else _summary(graded))

    def _progress(self) -> Callable[[int], None] | None:
        if not sys.stderr.isatty():
            return None
        return lambda done: print(f"\r{done} graded", end="", file=sys.stderr) if done % 100 == 0 else None


def _summary(graded: Graded) -> str:
    return f"{graded.rows} answers: {graded.right} right, {graded.wrong} wrong, {graded.undecided} undecided."


@contextmanager
def _sink(path: str) -> Iterator[BinaryIO]:
    """Stdout, or a file that stands there, whole, only when all went well."""
    target = Path(path)
    if path == STDIO:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif target.exists() and not target.is_file():  # a device or a pipe cannot be renamed onto
        with target.open("wb") as device:
            yield device
    else:
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with unfinished.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)
