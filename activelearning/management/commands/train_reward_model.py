"""`manage.py train_reward_model --kind prm|orm --data FILE… --output DIR …`: labels in, a checkpoint folder out."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activelearning.rewardmodel import train


class Command(BaseCommand):
    help = "Train a reward model on labelled lines. Run again after an interruption, it goes on where it was."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        train.add_arguments(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        manifest = train.run(argparse.Namespace(**options))
        if manifest is None:
            raise CommandError("No model was made.")
        self.stdout.write(json.dumps(manifest) if options["json"] else train.summary(manifest))
