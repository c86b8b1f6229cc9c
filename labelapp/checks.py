"""What makes an installation unsafe. Production refuses to start with any of it; `manage.py check --deploy` shows the same lines.

A supplier that is not there (`STEP_SUPPLIER`) is refused everywhere: labellers would be told turn for turn that it brought nothing. So are
generators (`GENERATORS`) that nobody could ask.
"""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError, connections

from activelearning import live_steps, makers
from activelearning.generators import servers
from activelearning.generators.servers import ServersRefused
from annotation import step_supply

KEY_LENGTH, KEY_VARIETY = 50, 5  # Django's own bounds (security.W009)
NEW_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(64))'"
# What PostgreSQL must not be without: a receipt says that a label is on disk.
DURABLE = {
    "synchronous_commit": "a label could be lost after its receipt was given",
    "fsync": "a crash of the machine could destroy the database",
    "full_page_writes": "a crash of the machine could leave torn pages",
}


def refuse_unsafe_start() -> None:
    """What is wrong is said in one line each, and the process ends with 1. Outside production that is a supplier or generator alone."""
    found = [*missing_supplier(None), *unusable_generators(None)]
    if settings.PRODUCTION:
        found += [*unsafe_settings(None), *unsafe_database(None)]
    if not found:
        return
    for problem in found:
        print(f"labelapp refuses to start: {problem.msg} {problem.hint}", file=sys.stderr)
    raise SystemExit(1)


def unsafe_settings(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What the environment alone shows."""
    problems = [*_secret_key(), *_openness(), *_public_url(), *_redis()]
    return [Error(message, hint=hint, id=f"labelapp.{code}") for code, message, hint in problems]


Problem = tuple[str, str, str]


def _secret_key() -> Iterator[Problem]:
    key = settings.SECRET_KEY_GIVEN
    hint = f"Give a long random one: {NEW_KEY}"
    if not key:
        yield "E001", "SECRET_KEY is not set.", hint
    elif key.startswith("django-insecure-"):
        yield "E001", "SECRET_KEY is a default one, known to everybody.", hint
    elif len(key) < KEY_LENGTH or len(set(key)) < KEY_VARIETY:
        yield (
            "E001",
            f"SECRET_KEY is too easy to guess (under {KEY_LENGTH} characters or {KEY_VARIETY} different ones).",
            hint,
        )


def _openness() -> Iterator[Problem]:
    if settings.DEBUG:
        yield "E002", "DEBUG is on: error pages would show settings and code.", "Unset DEBUG."
    if not settings.ALLOWED_HOSTS:
        yield (
            "E003",
            "ALLOWED_HOSTS is not set.",
            "Name the host people reach this by: ALLOWED_HOSTS=labels.example.org",
        )
    elif any(host.strip() in ("*", ".") for host in settings.ALLOWED_HOSTS):
        yield "E003", "ALLOWED_HOSTS is *: any Host header would be believed.", "Name the hosts instead."


def _public_url() -> Iterator[Problem]:
    hint = "Give the address people reach this by: PUBLIC_URL=https://labels.example.org"
    url = urlsplit(settings.PUBLIC_URL)
    if not url.hostname:
        yield "E004", "PUBLIC_URL is not set or is no address.", hint
    elif url.scheme != "https" and not is_loopback(url.hostname):
        yield (
            "E004",
            f"PUBLIC_URL ({settings.PUBLIC_URL}) is not https: passwords would cross the network in the clear.",
            hint,
        )


def _redis() -> Iterator[Problem]:
    url = urlsplit(settings.REDIS_URL)
    if url.hostname and not url.password and not is_loopback(url.hostname):
        hint = "Set requirepass there and give REDIS_URL=redis://:PASSWORD@HOST:6379/0"
        yield (
            "E005",
            f"Redis on {url.hostname} is used without a password: anybody there could give our workers orders.",
            hint,
        )


def missing_supplier(app_configs: Any, **more: Any) -> list[CheckMessage]:
    """Whether `STEP_SUPPLIER` names a function, seen without importing its module: that may load a model, which no web process should."""
    path = settings.STEP_SUPPLIER
    module, _, name = path.rpartition(".")
    if not path or path == step_supply.SCORER or (module and _defines(module, name)):
        return []
    hint = "Name a function by its dotted path, as in package.module.next_steps, or `scorer`, or unset LABELAPP_STEP_SUPPLIER."
    return [Error(f"STEP_SUPPLIER names {path!r}, which is not there.", hint=hint, id="labelapp.E009")]


def unusable_generators(app_configs: Any, **more: Any) -> list[CheckMessage]:
    """Whether `GENERATORS` can be read, and `STEP_GENERATOR` is one of them."""
    try:
        known = servers.parse(settings.GENERATORS)
    except ServersRefused as error:
        hint = "docs/generators.md shows what LABELAPP_GENERATORS may hold."
        return [Error(f"GENERATORS cannot be used: {error}.", hint=hint, id="labelapp.E010")]
    local = live_steps.is_local()
    names, kind = (
        (makers.known_folders(), "folder of DATA_DIR/bases") if local else (list(known), "server of GENERATORS")
    )
    if (settings.STEP_GENERATOR or local) and settings.STEP_GENERATOR not in names:
        hint = f"Known are: {', '.join(names) or 'none'}."
        said = f"STEP_GENERATOR names {settings.STEP_GENERATOR!r}, which is no {kind}."
        return [Error(said, hint=hint, id="labelapp.E010")]
    return []


def _defines(module: str, name: str) -> bool:
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    if found is None or found.origin is None or not found.origin.endswith(".py"):
        return found is not None  # compiled: only a worker will see inside
    with open(found.origin, "rb") as source:
        return name in _names_at_top(ast.parse(source.read()))


def _names_at_top(tree: ast.Module) -> set[str]:
    """What a module defines, assigns or imports outside of any block."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def is_loopback(host: str) -> bool:
    """Whether this host name or address stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def unsafe_database(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """What the database shows. One that does not answer cannot be vouched for."""
    if connections["default"].vendor == "sqlite":
        if settings.ALLOW_SQLITE or not settings.PRODUCTION:
            return []
        hint = "Give DATABASE_URL=postgres://…, or say that SQLite is meant (one machine, few people) by LABELAPP_ALLOW_SQLITE=1."
        return [Error("DATABASE_URL is not set or names SQLite.", hint=hint, id="labelapp.E006")]
    try:
        switched_off = _switched_off()
    except DatabaseError as error:
        reason = " ".join(str(error).split())
        return [
            Error(
                f"The database does not answer: {reason}.", hint="Start it, or mend DATABASE_URL.", id="labelapp.E007"
            )
        ]
    return [
        Error(
            f"PostgreSQL has {name} off: {DURABLE[name]}.",
            hint=f"Set {name} = on for this database and role.",
            id="labelapp.E008",
        )
        for name in switched_off
    ]


def _switched_off() -> list[str]:
    """Asked over a connection of its own: the web's pool must not start before gunicorn forks."""
    connection = connections["default"].copy()
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": dict(connection.settings_dict["OPTIONS"])}
    connection.settings_dict["OPTIONS"].pop("pool", None)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off' ORDER BY name", [list(DURABLE)]
            )
            return [name for (name,) in cursor.fetchall()]
    finally:
        connection.close()
