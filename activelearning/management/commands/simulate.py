"""`manage.py simulate best-of-n|active-learning|replay --output DIR …`: the paper's experiments, from nothing, on a CPU."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activelearning.simulation import run
from activelearning.simulation.run import SimulationRefused


class Command(BaseCommand):
    help = "Best-of-N along N, or accuracy along labels, on a domain with an oracle or a labelled file: report, figures, page."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        run.add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = run.run(argparse.Namespace(**options))
        except SimulationRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(report) if options["json"] else _words(report, options))


def _words(report: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    return "\n".join([*report["findings"], f"Everything: {options['output'] / 'report.html'}"])
