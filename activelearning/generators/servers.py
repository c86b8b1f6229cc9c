"""The servers that an operator has set up as generators: the only addresses that samples are ever asked of.

    LABELAPP_GENERATORS='{"qwen": {"url": "http://gpu1:8000/v1", "model": "Qwen/Qwen2.5-Math-7B", "key_file": "/run/secrets/qwen"}}'

A researcher picks a name and never types an address. What an operator writes here is the list of what is allowed: an address inside the
operator's own network, too. `key_file` holds the server's key; it is read when it is needed and stands in no configuration or database.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class ServersRefused(ValueError):
    """The setting cannot be used; the text names the server and the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """`url` ends where `/completions` is to follow; `seconds` is the most that one request may take, `requests` how many run at once."""

    name: str
    url: str
    model: str
    key_file: str = ""
    chat: bool = False  # ask /chat/completions, for a model that was taught to talk
    seconds: float = 30.0
    requests: int = 8

    def key(self) -> str:
        """Raises `OSError` where the file cannot be read."""
        return Path(self.key_file).read_text(encoding="utf-8").strip() if self.key_file else ""


def parse(given: object) -> dict[str, Server]:
    """The servers by name. Raises `ServersRefused`."""
    if not isinstance(given, Mapping):
        raise ServersRefused("must be an object of servers by name")
    return {str(name): _server(str(name), facts) for name, facts in given.items()}


def _server(name: str, facts: object) -> Server:
    if not _NAME.fullmatch(name):
        raise ServersRefused(f"{name!r}: a name has small letters, digits, dots and dashes, 64 at most")
    if not isinstance(facts, Mapping):
        raise ServersRefused(f"{name}: must be an object")
    known = {field.name: field.type for field in fields(Server) if field.name != "name"}
    if unknown := sorted(set(facts) - set(known)):
        raise ServersRefused(f"{name}: {unknown[0]} is not a known field; known are {', '.join(known)}")
    if missing := [field for field in ("url", "model") if not facts.get(field)]:
        raise ServersRefused(f"{name}: {missing[0]} is missing")
    for field, value in facts.items():
        if said := _wrong(field, value):
            raise ServersRefused(f"{name}: {field} {said}")
    values: dict[str, Any] = {**facts, "url": str(facts["url"]).rstrip("/")}
    return Server(name=name, **values)


def _wrong(field: str, value: Any) -> str:
    if field == "url":
        return _wrong_url(value)
    if field == "chat":
        return "" if isinstance(value, bool) else "must be true or false"
    if field == "seconds":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if number and 1 <= value <= 3600 else "must be a number from 1 to 3600"
    if field == "requests":
        return "" if type(value) is int and 1 <= value <= 256 else "must be a whole number from 1 to 256"
    return "" if isinstance(value, str) and "\0" not in value else "must be a text"


def _wrong_url(value: Any) -> str:
    try:
        parts: SplitResult = urlsplit(value) if isinstance(value, str) else urlsplit("")
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return "is not an address"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "must begin with http:// or https:// and name a host"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user or a password; use key_file"
    if parts.query or parts.fragment:
        return "must have nothing behind its path"
    return ""
