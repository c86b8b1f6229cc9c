"""What a page weighs over the wire by the build's manifest: the scripts and sheets it asks for by itself, gzip -9, fonts apart."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

DIST = Path(settings.FRONTEND_DIR) / "dist"
DESK = "src/desk/main.ts"
SITE = "src/styles/site.ts"
ROUNDS = "src/charts/rounds.ts"
PASSAGES = "src/styles/passages.ts"


@pytest.fixture
def manifest() -> dict[str, Any]:
    """The build that the browser tests use; script/setup makes it."""
    found: dict[str, Any] = json.loads((DIST / ".vite" / "manifest.json").read_text())
    return found


def files_of(manifest: dict[str, Any], *entries: str) -> set[str]:
    """Scripts and sheets that the page names, and all that these import before they run. Not what is fetched later by `import()`."""
    found: set[str] = set()
    waiting = list(entries)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        chunk = manifest[name]
        found |= {chunk["file"], *chunk.get("css", [])}
        waiting += chunk.get("imports", [])
    return found


def weight(files: set[str]) -> int:
    return sum(len(gzip.compress((DIST / file).read_bytes(), 9)) for file in files)


def test_the_desk_weighs_at_most_120_kb_in_at_most_12_requests(manifest: dict[str, Any]) -> None:
    files = files_of(manifest, SITE, DESK)
    assert weight(files) <= 120_000, sorted((weight({file}), file) for file in files)
    assert len(files) <= 12, files


@pytest.mark.parametrize("entries", [[SITE], [SITE, ROUNDS]], ids=["any other page", "a round's page with its charts"])
def test_a_page_without_the_desk_weighs_at_most_40_kb(manifest: dict[str, Any], entries: list[str]) -> None:
    files = files_of(manifest, *entries)
    assert weight(files) <= 40_000, sorted((weight({file}), file) for file in files)


def test_what_the_desk_fetches_later_is_small_and_none_of_it_is_asked_for_at_once(manifest: dict[str, Any]) -> None:
    at_once = files_of(manifest, SITE, DESK)
    later = {chunk["file"] for chunk in manifest.values() if chunk.get("isDynamicEntry")}
    assert later, "nothing is fetched on demand any more: has the build changed?"
    assert not later & at_once
    assert all(weight({file}) <= 15_000 for file in later)


def test_maths_on_other_pages_comes_after_the_page_and_without_the_desk(manifest: dict[str, Any]) -> None:
    later = files_of(manifest, PASSAGES) - files_of(manifest, SITE)
    assert manifest[PASSAGES].get("isDynamicEntry")
    assert manifest[DESK]["file"] not in later
    assert weight(later) <= 70_000, sorted((weight({file}), file) for file in later)
