"""`manage.py up`: the web, a worker, the scorer and the clock in one command, supervised."""

import fcntl
import os
import signal
import socket
import sys
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from labelapp.checks import is_loopback, refuse_unsafe_start
from labelapp.probe import accepted_name, answers
from labelapp.supervision import Program, Supervisor

WEB_GRACE = 30.0  # seconds to answer what has been accepted
WORKER_GRACE = 30.0  # a longer job is stopped; its row says that it is due again
SCORER_GRACE = 10.0  # for the solution in hand
ASK_EVERY = 0.5


class Command(BaseCommand):
    help = "Serve: web, worker, scorer and clock in one command. Ctrl-C or SIGTERM ends it in order."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--host", default="127.0.0.1", help="the address to listen on; this machine alone unless told otherwise"
        )
        parser.add_argument("--workers", type=int, default=2, help="jobs carried out at once (default: 2)")
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, port: int, host: str, workers: int, no_demo: bool, **options: Any) -> None:
        refuse_unsafe_start()
        _refuse_taken_port(host, port)
        url = f"http://{'localhost' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104 (compared, not bound)
        if not settings.PRODUCTION:
            os.environ.setdefault("PUBLIC_URL", url)
        with (settings.DATA_DIR / "up.lock").open("w") as lock:
            _refuse_second(lock)
            self._prepare(demo=not no_demo)
            if not is_loopback(host) and not settings.PRODUCTION:
                self.stderr.write(
                    "Anybody on the network can reach this. Set LABELAPP_ENV=production before real work."
                )
            greeting = Greeting(host=host, port=port, url=settings.PUBLIC_URL if settings.PRODUCTION else url)
            code = Supervisor(programs(host=host, port=port, workers=workers), greeting.look).run()
        if code:
            sys.exit(code)

    def _prepare(self, *, demo: bool) -> None:
        """The database is at today's migrations when this returns, and not empty where the demo is wanted."""
        try:
            pending = _pending_migrations()
            if pending and settings.PRODUCTION:
                raise CommandError(
                    f"{pending} migrations are not applied. Make a backup, then run: python manage.py migrate"
                )
            if pending:
                call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
                self.stdout.write(f"Database: {pending} migrations applied.")
            if (
                demo
                and "demo" in get_commands()
                and not settings.PRODUCTION
                and not get_user_model()._default_manager.exists()
            ):
                call_command("demo", if_empty=True, stdout=self.stdout, stderr=self.stderr)
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {error}") from error
        finally:
            connections.close_all()  # nothing open may be inherited by a child


class Greeting:
    """Says once that the web answers, and where."""

    def __init__(self, *, host: str, port: int, url: str) -> None:
        self._host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (compared, not bound)
        self._port, self._url = port, url
        self._said, self._next = False, 0.0

    def look(self) -> None:
        if self._said or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + ASK_EVERY
        if answers(host=self._host, port=self._port, name=accepted_name(settings.ALLOWED_HOSTS)):
            self._said = True
            print(f"labelapp is ready: {self._url}/   (Ctrl-C ends it)", flush=True)


def programs(*, host: str, port: int, workers: int) -> list[Program]:
    """What `up` keeps alive, in the order in which it is drained."""
    python, address = sys.executable, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    celery = [python, "-W", "ignore:You're running the worker", "-m", "celery", "-A", "labelapp", "--quiet"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [
        Program(
            name="web",
            command=[
                python,
                "-m",
                "gunicorn",
                "--config",
                str(settings.BASE_DIR / "gunicorn.conf.py"),
                "--bind",
                address,
            ],
            environment={"LABELAPP_PROCESS": "web"},
            grace=WEB_GRACE,
            orphan_signal=signal.SIGTERM,
        ),
        Program(
            name="clock",
            command=[*celery, "beat", "--pidfile=", "--loglevel", "WARNING"],
            environment={"LABELAPP_PROCESS": "clock"},
            grace=5.0,
        ),
        Program(
            name="worker",
            command=[*celery, "worker", "-Q", "default,train", "-c", str(workers), *quiet, "--loglevel", "WARNING"],
            environment={"LABELAPP_PROCESS": "worker"},
            grace=WORKER_GRACE,
        ),
        Program(
            name="scorer",
            command=[python, str(settings.BASE_DIR / "manage.py"), "scorer", "--die-with-parent", str(os.getpid())],
            environment={"LABELAPP_PROCESS": "worker"},
            grace=SCORER_GRACE,
            vital=False,  # people label and import without it
        ),
    ]


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port} ({error.strerror}). Choose another with --port N."
            ) from error


def _refuse_second(lock: Any) -> None:
    """Two clocks on one data folder would do everything twice. The lock ends with this process, however that dies."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CommandError(f"`up` runs already with the data folder {settings.DATA_DIR}.") from error


def _pending_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
