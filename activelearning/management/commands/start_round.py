"""`manage.py start_round SLUG [--config FILE] [--wait] [--json]`: a round from the command line."""

import json
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from activelearning import approval, rounds, tasks
from activelearning.api.shown import round_shown
from activelearning.child import ChildFailed
from activelearning.models import Round, RoundState
from annotation.errors import DomainError
from annotation.formats import strict_json
from annotation.models import JobState, Project

HEAD_START = 3.0  # seconds in which a worker may take a stage before the command believes that there is none
LOOK_EVERY = 0.5
BAR = 20  # characters


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
            with _progress(started, sys.stderr):
                self._wait(started)
        ended = Round.objects.select_related("project", "batch", "reward_model").get(pk=started.pk)
        self.stdout.write(_as_json(ended) if options["json"] else _summary(ended))
        if ended.state in (RoundState.FAILED, RoundState.CANCELLED):
            raise CommandError(ended.error or "The round was cancelled.")

    def _wait(self, started: Round) -> None:
        """Until the round ends or waits for approval. A stage that no worker takes in good time is done here, and all from then on."""
        due_since, alone = time.monotonic(), False
        while (
            now := Round.objects.filter(pk=started.pk, state=RoundState.RUNNING).first()
        ) is not None and not approval.awaited(now):
            if rounds.next_due(round_pk=started.pk) is None:
                due_since = time.monotonic()
            elif alone or time.monotonic() - due_since > HEAD_START:
                alone = True
                self._carry_out(started)
                continue
            rounds.reap()
            time.sleep(LOOK_EVERY)

    def _carry_out(self, started: Round) -> None:
        try:
            if not rounds.advance(round_pk=started.pk):
                time.sleep(LOOK_EVERY)  # the device is busy with another project's round
        except ChildFailed as broken:
            self.stderr.write(f"{broken}; trying again")  # the row counts the attempts and ends it


@contextmanager
def _progress(started: Round, out: TextIO) -> Iterator[None]:
    """A line on the terminal that says how far the round is; nothing where there is no terminal."""
    if not out.isatty():
        yield
        return
    over = threading.Event()

    def draw() -> None:
        try:
            while not over.wait(LOOK_EVERY):
                out.write(f"\r\x1b[K{_line(started)}")
                out.flush()
        finally:
            connection.close()

    thread = threading.Thread(target=draw, daemon=True, name="progress")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        out.write("\r\x1b[K")


def _line(started: Round) -> str:
    at = started.stages.exclude(state=JobState.DONE).order_by("order").first()
    if at is None:
        return ""
    done, total = at.progress.get("done", 0), at.progress.get("total", 0)
    filled = BAR * min(done, total) // total if total else 0
    return f"{at.get_name_display():<9}[{'#' * filled:<{BAR}}] {at.progress.get('message', '')}"[:120]


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
    if approval.awaited(ended):
        lines.append("  it has chosen, and waits for approval on its page")
    if ended.batch is not None:
        lines.append(f"  queued as: {ended.batch.name}")
    return "\n".join(lines)
