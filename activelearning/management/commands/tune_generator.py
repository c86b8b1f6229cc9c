"""`manage.py tune_generator --base DIR --data FILE --output DIR`: a language model learns the format of its own right solutions."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activelearning.generators import tune
from activelearning.generators.tune import TuningRefused


class Command(BaseCommand):
    help = "Teach a local generator its format: one pass over its own right solutions."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        tune.add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = tune.run(argparse.Namespace(**options))
        except TuningRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(report) if options["json"] else tune.summary(report))
