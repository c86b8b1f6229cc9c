"""Which version of this code is running: the installed version, and the commit where the sources are a checkout. Pure; read once."""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = "labelapp"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@cache
def code_version() -> str:
    """As `0.1.0+5a7c6da1f0e2`; without a checkout the version alone, and `unknown` where nothing says it."""
    try:
        installed = version(PACKAGE)
    except PackageNotFoundError:
        installed = "unknown"
    commit = commit_in(Path(__file__).resolve().parent.parent / ".git")
    return f"{installed}+{commit[:12]}" if commit else installed


def commit_in(place: Path) -> str:
    """The commit that a checkout stands at, read from its files; empty where there is none or it cannot be read.

    `place` is the `.git` folder, or the file that names it, as in a second working tree.
    """
    try:
        folder = place
        if place.is_file():
            folder = place.parent / place.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref:"):
            return head if _COMMIT.fullmatch(head) else ""
        return _commit_of(folder, head.removeprefix("ref:").strip())
    except (OSError, UnicodeDecodeError):
        return ""


def _commit_of(folder: Path, ref: str) -> str:
    shared = folder / "commondir"
    places = [folder, folder / shared.read_text(encoding="utf-8").strip()] if shared.is_file() else [folder]
    for place in places:
        if (place / ref).is_file():
            found = (place / ref).read_text(encoding="utf-8").strip()
            return found if _COMMIT.fullmatch(found) else ""
        packed = place / "packed-refs"
        for line in packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else ():
            commit, _, name = line.partition(" ")
            if name == ref and _COMMIT.fullmatch(commit):
                return commit
    return ""
