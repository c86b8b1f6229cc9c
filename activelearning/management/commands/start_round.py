"""`manage.py start_round SLUG [--config FILE] [--wait] [--json]`: a round from the command line."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activelearning import rounds, tasks
from activelearning.api.shown import round_shown
from activelearning.models import Round, RoundState
from annotation.errors import DomainError
from annotation.formats import strict_json
from annotation.models import JobState, Project

HEAD_START = 3.0  # seconds in which a worker may take a stage before the command believes that there is none
LOOK_EVERY = 0.5


class Command(BaseCommand):
    help = "Start a round: train on all labels so far, score the pool, queue what the model chose."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the project")
        parser.add_argument("--config", metavar="FILE", help="JSON; what is left out takes its default")
        parser.add_argument(
            "--wait", action="store_true", help="until it ends; without a worker, carry the stages out here"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["slug"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['slug']}.")
        try:
            started = rounds.start_round(project=project, config=_config(options["config"]))
        except DomainError as refusal:
            raise CommandError(_said(refusal)) from refusal
        tasks.nudge(started.pk)
        if options["wait"]:
            self._wait(started)
        ended = Round.objects.select_related("project", "batch", "reward_model").get(pk=started.pk)
        self.stdout.write(_as_json(ended) if options["json"] else _summary(ended))
        if ended.state in (RoundState.FAILED, RoundState.CANCELLED):
            raise CommandError(ended.error or "The round was cancelled.")

    def _wait(self, started: Round) -> None:
        """Until the round ends. A stage that no worker takes in good time is done here, and from then on all of them."""
        due_since, alone, said = time.monotonic(), False, ""
        while Round.objects.filter(pk=started.pk, state=RoundState.RUNNING).exists():
            said = self._say(started, said)
            if rounds.next_due(round_pk=started.pk) is None:
                due_since = time.monotonic()
            elif alone or time.monotonic() - due_since > HEAD_START:
                alone = True
                rounds.advance(round_pk=started.pk)
                continue
            rounds.reap()
            time.sleep(LOOK_EVERY)

    def _say(self, started: Round, said: str) -> str:
        at = started.stages.exclude(state=JobState.DONE).order_by("order").first()
        line = f"{at.get_name_display()}: {at.progress.get('message') or at.get_state_display()}" if at else ""
        if line and line != said:
            self.stderr.write(line)
        return line


def _config(path: str | None) -> Any:
    if path is None:
        return {}
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return strict_json.loads(content)
    except (OSError, strict_json.StrictJSONError) as error:
        raise CommandError(f"{path}: {error}") from error


def _said(refusal: DomainError) -> str:
    return "\n".join([refusal.message, *(f"{e.field}: {e.message}" for e in refusal.errors)])


def _as_json(ended: Round) -> str:
    return json.dumps(round_shown(ended), default=str, ensure_ascii=False)


def _summary(ended: Round) -> str:
    lines = [f"Round {ended.number} of {ended.project}: {ended.get_state_display().lower()}."]
    model = getattr(ended, "reward_model", None)
    if model is not None and model.metrics:
        lines += [f"  {name}: {value}" for name, value in model.metrics.items() if not isinstance(value, dict | list)]
    if ended.batch is not None:
        lines.append(f"  queued as: {ended.batch.name}")
    return "\n".join(lines)
