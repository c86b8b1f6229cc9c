"""`manage.py select_solutions --strategy NAME --budget N …`: scored sample lines in, the chosen ones out in rank order."""

import argparse
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activelearning.strategies import shares
from activelearning.strategies.choose import STRATEGIES, UnknownStrategy, counts_of, names_of, select
from activelearning.strategies.lines import chosen_lines, pool_of
from annotation.formats.fields import Unreadable
from annotation.formats.rows import Refusal
from annotation.formats.source import open_source, read_records

STREAM = "-"
MOST_REFUSALS = 100


class Command(BaseCommand):
    help = "Choose which scored solutions to label next."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--strategy",
            required=True,
            metavar="NAME",
            help=f"{', '.join(STRATEGIES)}; or shares that add up to 1: NAME=0.6,NAME=0.4",
        )
        parser.add_argument("--budget", required=True, type=_positive, metavar="N", help="how many to choose")
        parser.add_argument("--per-problem", type=_positive, metavar="K", help="at most K of one problem")
        parser.add_argument(
            "--uniform-share", type=float, default=0.0, help="of the budget, chosen by chance beside it"
        )
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--drop-near-duplicates",
            action="store_true",
            help="of solutions of a problem whose steps say the same, the best ranked alone",
        )
        parser.add_argument("--input", default=STREAM, metavar="FILE")
        parser.add_argument("--output", default=STREAM, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            strategy, merge = shares.parsed(options["strategy"]), options["drop_near_duplicates"]
            counts_of(strategy, budget=0, uniform_share=0.0)  # an unknown name is refused before anything is read
            records = self._read(options["input"])
            pool = pool_of([record for _, record in records], strategy=names_of(strategy), merge=merge)
            picks = select(
                pool,
                strategy=strategy,
                budget=options["budget"],
                per_problem=options["per_problem"],
                uniform_share=options["uniform_share"],
                merge=merge,
                seed=options["seed"],
            )
        except Unreadable as error:
            index, _, field = error.field.partition(":")
            raise CommandError(f"{_name(options['input'])}:{records[int(index)][0]}: {field}: {error.reason}") from None
        except (UnknownStrategy, ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        lines = chosen_lines([record for _, record in records], picks)
        self._write(options["output"], (json.dumps(line, ensure_ascii=False) for line in lines))
        self._say({"read": len(records), "chosen": len(lines), "strategy": options["strategy"]}, options)

    def _read(self, source: str) -> list[tuple[int, dict[str, Any]]]:
        """All lines; a choice needs the whole pool. Refused lines are listed, and nothing is chosen."""
        records: list[tuple[int, dict[str, Any]]] = []
        refused: list[str] = []
        with open_source(source) as stream:
            for read in read_records(stream):
                if isinstance(read, Refusal):
                    refused.append(f"{_name(source)}:{read.line}: {read.field}: {read.reason}")
                else:
                    records.append(read)
        if refused:
            raise CommandError("\n".join(refused[:MOST_REFUSALS]))
        return records

    def _write(self, output: str, lines: Iterable[str]) -> None:
        if output == STREAM:
            for line in lines:
                self.stdout.write(line)
            return
        path = Path(output)
        beside = path.with_name(path.name + ".new")
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(line + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)

    def _say(self, report: dict[str, Any], options: dict[str, Any]) -> None:
        """The summary on stdout, or on stderr where stdout carries the lines."""
        out = self.stderr if options["output"] == STREAM else self.stdout
        text = f"Chose {report['chosen']} of {report['read']} solutions by {report['strategy']}."
        out.write(json.dumps(report) if options["json"] else text, style_func=lambda line: line)


def _name(source: str) -> str:
    return "stdin" if source == STREAM else Path(source).name


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value
