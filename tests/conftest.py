"""What every test may ask for: a small cast of accounts in one project, and clients that speak as one of them."""

import gc
import importlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test import Client
from django.utils import translation
from django_vite.core.asset_loader import DjangoViteAppClient, DjangoViteAssetLoader, DjangoViteConfig

from activelearning import child
from annotation import accounts, projects
from annotation.models import Project, Role, User
from tests.browsers import browser, playwright  # noqa: F401  (fixtures for every folder)


def pytest_configure() -> None:
    """Until all is collected: what is imported stays, and looking for garbage in it again and again takes seconds."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each of the processes begins with its share of the long tests, then of those with a browser; the short ones are left to share out.

    pytest-xdist deals the list out in equal parts, in its order, and takes from the end of a part for a process that is done.
    """

    def marked(name: str) -> list[pytest.Item]:
        return [item for item in items if item.get_closest_marker(name)]

    heavy = list(dict.fromkeys([*marked("long"), *marked("browser")]))
    rest = [item for item in items if item not in heavy]
    parts = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    ordered: list[pytest.Item] = []
    for part in range(parts):
        share, size = heavy[part::parts], (len(items) - len(ordered)) // (parts - part)
        neighbours = max(size - len(share), 0)  # in one piece: what a file's tests make for each other is made once
        ordered += share + rest[:neighbours]
        del rest[:neighbours]
    items[:] = ordered


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A process that a test killed may leave a session behind for a moment, and a database that is in use cannot be dropped."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )


@pytest.fixture(scope="session", autouse=True)
def pages_need_no_built_front_end() -> None:
    """Pages name their assets without the manifest of a build; where one is there (browser tests need it), it is used."""
    if not settings.DJANGO_VITE["default"]["manifest_path"].exists():
        DjangoViteAssetLoader.instance()._apps["default"] = DjangoViteAppClient(DjangoViteConfig(dev_mode=True))


@pytest.fixture(scope="session", autouse=True)
def passwords_hash_fast() -> None:
    """Argon2 is slow on purpose; what it protects is not tested here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def clients_list_no_static_files() -> None:
    """Each test client is a server that starts: it would look at every static file first."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session", autouse=True)
def the_live_server_answers_at_once() -> None:
    """It answers in two packets, before the second of which the kernel would wait 40 ms."""
    WSGIRequestHandler.disable_nagle_algorithm = True


@pytest.fixture(scope="session", autouse=True)
def the_live_server_keeps_its_connections() -> None:
    """A browser's connection is one thread, which keeps its database connection, as the real web does by its pool, until it ends."""

    def keep(connection: BaseDatabaseWrapper, **more: Any) -> None:
        if "process_request_thread" in threading.current_thread().name:
            connection.close_at = None

    connection_created.connect(keep, weak=False)


@pytest.fixture(autouse=True)
def nobody_has_tried_to_sign_in() -> None:
    """Tries count for minutes, and every test comes from the same address."""
    cache.clear()


@pytest.fixture(autouse=True)
def begun_in_english() -> Iterator[None]:
    """A request leaves its reader's language behind in the thread; the next test is another reader."""
    with translation.override("en", deactivate=True):
        yield


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data. Outside CI it may be absent."""
    folder = Path(os.environ.get("LABELAPP_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir() and os.environ.get("CI") != "true":
        pytest.skip(f"no shared data in {folder}")
    return folder


@pytest.fixture
def project(db: None) -> Project:
    return projects.create_project(slug="algebra", name="Algebra")


@pytest.fixture
def member(project: Project) -> Callable[..., User]:
    """`member(Role.LABELLER)` makes an account in the project; a second of the same role takes `name=`."""

    def make(role: Role, *, name: str = "", in_project: Project | None = None) -> User:
        user, _ = accounts.create_account(
            email=f"{name or role.value}@example.org",
            name=name,
            project=in_project or project,
            role=role,
            password="correct horse battery",
        )
        return user

    return make


@pytest.fixture
def labeller(member: Callable[..., User]) -> User:
    return member(Role.LABELLER)


@pytest.fixture
def researcher(member: Callable[..., User]) -> User:
    return member(Role.RESEARCHER)


@pytest.fixture
def admin(member: Callable[..., User]) -> User:
    return member(Role.ADMIN)


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A browser session of this person."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Training and scoring by a child's own command line without a new process, which takes seconds to import torch."""
    import torch

    threads = torch.get_num_threads()

    def run(module: str, arguments: list[str], *, log: Path, tick: Callable[[], None]) -> None:
        log.touch()
        if importlib.import_module(module).main(arguments) != 0:
            raise child.ChildRefused(f"The {module.rpartition('.')[2]}r refused.")
        tick()

    monkeypatch.setattr(child, "run", run)
    yield
    torch.set_num_threads(threads)
