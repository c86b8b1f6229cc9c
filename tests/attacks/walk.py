"""Every address of the resolver, asked by every method as every role; and the reviewed table of what each must answer.

    .venv/bin/python -m tests.attacks.walk          write role_table.txt anew; the difference is what there is to review

A row is a method list, an address and one status a role. Each request carries an empty body and is rolled back.
"""

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("role_table.txt")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
ROLES = ("anonymous", "disabled", "outsider", "operator", "labeller", "reviewer", "researcher", "admin")
HEAD = """# What each address answers to each role: reviewed by hand, checked by tests/attacks/test_role_table.py.
# disabled: an admin shut out while signed in. outsider: a labeller of another project. operator: may create projects, member of none.
# A new address needs a row: run `.venv/bin/python -m tests.attacks.walk` and read the difference before committing it.
"""

Table = dict[tuple[str, str], dict[str, int]]


def addresses() -> list[str]:
    """The pattern of every address that the resolver can reach, in its order."""
    from django.urls import get_resolver

    return list(dict.fromkeys(_patterns(get_resolver().url_patterns, "")))


def _patterns(patterns: list[Any], prefix: str) -> Iterator[str]:
    for found in patterns:
        route = prefix + str(found.pattern)
        if hasattr(found, "url_patterns"):
            yield from _patterns(found.url_patterns, route)
        else:
            yield route


def path_of(address: str, parameters: dict[str, Any]) -> str:
    """The address with its parameters filled in. A parameter that the stage does not know raises `KeyError`: add it there."""
    filled = re.sub(
        r"<(?:\w+:)?(\w+)>", lambda found: str(parameters[found[1]]), re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", address)
    )
    return "/" + filled.replace("^", "").replace("$", "")


def is_shadowed(address: str, path: str) -> bool:
    """Whether an earlier address takes this path, so that this one is never reached."""
    from django.urls import resolve

    return resolve(path).route != address


def ask(client: Any, method: str, path: str) -> Any:
    """The answer, body read, with all that it changed undone. Cookies that it set are forgotten, so that the session goes on."""
    from django.db import transaction

    cookies = deepcopy(client.cookies)
    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    with transaction.atomic():
        answer = client.generic(method, path, "{}" if kind == "application/json" else "", content_type=kind)
        answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def rows(stage: Any) -> list[tuple[str, str]]:
    """(method, address) of all that there is to ask."""
    reached = [address for address in addresses() if not is_shadowed(address, path_of(address, stage.parameters))]
    return [(method, address) for address in reached for method in METHODS]


def observe(stage: Any, role: str, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """What this role is answered, by (method, address)."""
    client = stage.client(role)
    return {
        (method, address): ask(client, method, path_of(address, stage.parameters)).status_code
        for method, address in asked
    }


def read_table() -> Table:
    """The reviewed statuses by (method, address)."""
    table: Table = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        methods, address, *statuses = line.split()
        for method in methods.split(","):
            table[method, "" if address == "(root)" else address] = dict(zip(ROLES, map(int, statuses), strict=True))
    return table


def lines_of(table: Table) -> list[str]:
    """The table as its file has it: methods with the same answers share a line."""
    lines = []
    width = max(len(address) for _, address in table) + 1
    for address in dict.fromkeys(address for _, address in table):
        groups: dict[tuple[int, ...], list[str]] = {}
        for method in METHODS:
            if (method, address) in table:
                groups.setdefault(tuple(table[method, address][role] for role in ROLES), []).append(method)
        for statuses, methods in groups.items():
            columns = " ".join(f"{status:>{len(role)}}" for role, status in zip(ROLES, statuses, strict=True))
            lines.append(f"{','.join(methods):<34} {address or '(root)':<{width}} {columns}")
    return lines


def write_table(table: Table) -> None:
    width = max(len(address) for _, address in table) + 1
    titles = f"# {'methods':<32} {'address':<{width}} {' '.join(ROLES)}"
    TABLE.write_text(HEAD + titles + "\n" + "\n".join(lines_of(table)) + "\n", encoding="utf-8")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LABELAPP_DATA_DIR"] = folder
        logging.disable(logging.CRITICAL)
        import django
        from django.db import connection
        from django.test.utils import setup_test_environment
        from django_vite.core.asset_loader import DjangoViteAppClient, DjangoViteAssetLoader, DjangoViteConfig

        django.setup()
        setup_test_environment()
        DjangoViteAssetLoader.instance()._apps["default"] = DjangoViteAppClient(DjangoViteConfig(dev_mode=True))
        connection.creation.create_test_db(verbosity=0)
        from django.conf import settings

        from tests.attacks.stage import build

        settings.ACCOUNT_RATE_LIMITS = False
        stage, table = build(), {}
        for role in ROLES:
            for key, status in observe(stage, role, rows(stage)).items():
                table.setdefault(key, {})[role] = status
            sys.stderr.write(f"{role} ")
        write_table(table)
        sys.stderr.write(f"\n{len(table)} rows in {TABLE}\n")
        connection.close()


if __name__ == "__main__":
    main()
