"""`manage.py score_solutions --model DIR [--input FILE] [--output FILE]`: solutions in, the same lines out with scores."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activelearning.rewardmodel import score


class Command(BaseCommand):
    help = "Score solutions with a reward model."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        score.add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        report = score.run(argparse.Namespace(**options))
        if report is None:
            raise CommandError("Nothing was scored.")
        out = self.stderr if options["output"] == score.STREAM else self.stdout
        text = json.dumps(report) if options["json"] else score.summary(report)
        out.write(text, style_func=lambda line: line)
