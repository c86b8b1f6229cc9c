"""`manage.py doctor [--json]`: what is wrong with this installation, and what to do about it. Changes nothing."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from labelapp.checks import unsafe_database, unsafe_settings

ENOUGH_SPACE = 2 * 1024**3  # bytes: a checkpoint of a small model with its optimiser, written beside the last one
TORCH_PATIENCE = 120  # seconds
ASK_TORCH = """
import json, torch
gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
print(json.dumps({"version": torch.__version__, "gpus": gpus}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. `todo` says what to do where `ok` is false."""

    name: str
    ok: bool
    detail: str
    todo: str = ""


class Command(BaseCommand):
    help = "Say what is wrong with this installation. Exit code 0: nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = [finding for look in LOOKS for finding in look()]
        well = all(finding.ok for finding in findings)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": well, "findings": [asdict(finding) for finding in findings]}))
        else:
            for finding in findings:
                self.stdout.write(f"{'ok   ' if finding.ok else 'WRONG'} {finding.name}: {finding.detail}")
                if finding.todo and not finding.ok:
                    self.stdout.write(f"      {finding.todo}")
        if not well:
            sys.exit(1)


def _settings() -> list[Finding]:
    if not settings.PRODUCTION:
        return [Finding(name="environment", ok=True, detail="local: for this machine, not for others on the network")]
    problems = [*unsafe_settings(None), *unsafe_database(None)]
    found = [Finding(name="environment", ok=False, detail=str(p.msg), todo=str(p.hint)) for p in problems]
    return found or [Finding(name="environment", ok=True, detail="production, nothing unsafe found")]


def _database() -> list[Finding]:
    kind = connection.vendor
    try:
        executor = MigrationExecutor(connection)
        pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        reason = " ".join(str(error).split())
        return [
            Finding(
                name="database",
                ok=False,
                detail=f"{kind} does not answer: {reason}",
                todo="Start it, or mend DATABASE_URL.",
            )
        ]
    return [
        Finding(name="database", ok=True, detail=f"{kind} answers"),
        Finding(
            name="migrations",
            ok=not pending,
            detail=f"{pending} not applied" if pending else "all applied",
            todo="python manage.py migrate",
        ),
    ]


def _broker() -> list[Finding]:
    if not settings.REDIS_URL:
        waiting = sum(1 for path in (settings.DATA_DIR / "broker").glob("*/*") if path.is_file())
        return [Finding(name="broker", ok=True, detail=f"a folder, {waiting} messages waiting")]
    where = urlsplit(settings.REDIS_URL).hostname
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5).ping()
    except redis.RedisError as error:
        todo = "Start it, or mend REDIS_URL. Labelling goes on meanwhile; imports and rounds wait."
        return [Finding(name="broker", ok=False, detail=f"Redis on {where} does not answer: {error}", todo=todo)]
    return [Finding(name="broker", ok=True, detail=f"Redis on {where} answers")]


def _data_folder() -> list[Finding]:
    folder = settings.DATA_DIR
    try:
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return [
            Finding(
                name="data folder",
                ok=False,
                detail=f"{folder}: {error.strerror}",
                todo="Make it writable for this user.",
            )
        ]
    detail = f"{folder} is writable, {free / 1024**3:.1f} GiB free"
    return [
        Finding(
            name="data folder",
            ok=free >= ENOUGH_SPACE,
            detail=detail,
            todo="Make space: training writes checkpoints there.",
        )
    ]


def _front_end() -> list[Finding]:
    manifest = settings.FRONTEND_DIST / ".vite" / "manifest.json"
    try:
        entries = [entry for entry in json.loads(manifest.read_text(encoding="utf-8")).values() if entry.get("isEntry")]
        lacking = [entry["file"] for entry in entries if not (settings.FRONTEND_DIST / entry["file"]).exists()]
    except (OSError, ValueError):
        return [Finding(name="front end", ok=False, detail=f"{manifest} cannot be read", todo="Build it: script/setup")]
    detail = f"{', '.join(lacking)} lacking" if lacking else f"built, {len(entries)} entries"
    return [
        Finding(
            name="front end", ok=not lacking, detail=detail, todo="Build it again: rm -r frontend/dist && script/setup"
        )
    ]


def _torch() -> list[Finding]:
    """In a child process: this one must stay free of a GPU's context."""
    todo = "Install it again: rm .venv/setup-done && script/setup"
    try:
        done = subprocess.run([sys.executable, "-c", ASK_TORCH], capture_output=True, text=True, timeout=TORCH_PATIENCE)
    except subprocess.TimeoutExpired:
        return [Finding(name="torch", ok=False, detail=f"not imported within {TORCH_PATIENCE} s", todo=todo)]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return [Finding(name="torch", ok=False, detail=last, todo=todo)]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    gpus = ", ".join(told["gpus"]) or "none; training runs on the CPU"
    return [Finding(name="torch", ok=True, detail=told["version"]), Finding(name="GPU", ok=True, detail=gpus)]


LOOKS: tuple[Callable[[], list[Finding]], ...] = (_settings, _database, _broker, _data_folder, _front_end, _torch)
