"""`manage.py demo [--if-empty]`: the demo project, and its accounts with passwords that are printed once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activelearning.demo import Demo, make_demo
from activelearning.demo_steps import SUPPLIER
from annotation.errors import Conflict


class Command(BaseCommand):
    help = "Make two demo projects with data, first batches and three accounts; only in an empty database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="no error where there are accounts or projects already"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demo = make_demo()
        except Conflict as refusal:
            if not options["if_empty"]:
                raise CommandError(refusal.message) from refusal
            said = {"made": False, "reason": refusal.message}
            self.stdout.write(json.dumps(said) if options["json"] else refusal.message)
            return
        self.stdout.write(json.dumps(_shown(demo), ensure_ascii=False) if options["json"] else _summary(demo))


def _shown(demo: Demo) -> dict[str, Any]:
    return {
        "made": True,
        "project": demo.project.slug,
        "problems": demo.problems,
        "pool": demo.pool,
        "labelled": demo.labelled,
        "queued": demo.queued,
        "step_by_step": {"project": demo.steps.slug, "queued": demo.steps_queued},
        "accounts": [{"email": a.email, "role": a.role.value, "password": a.password} for a in demo.accounts],
    }


def _summary(demo: Demo) -> str:
    rows = [
        ("role", "e-mail", "password"),
        *((account.role.value, account.email, account.password) for account in demo.accounts),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(
        [
            f"Demo project {demo.project.slug}: {demo.problems:,} problems, {demo.labelled:,} solutions labelled by an oracle, "
            f"{demo.queued:,} to label, {demo.pool:,} in the pool.",
            f"Demo project {demo.steps.slug}: {demo.steps_queued:,} problems to be solved step by step; for the last of them set",
            f"  LABELAPP_STEP_SUPPLIER={SUPPLIER} before the start.",
            "These passwords are shown once and stored nowhere:",
            *(f"  {line}" for line in table),
        ]
    )
