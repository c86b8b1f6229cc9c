"""What workers store in English is said in the reader's language: every sentence that the code can make, and no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from annotation.retelling import retold

ROOT = Path(__file__).resolve().parents[2]
REFUSING = {"Unreadable": 1, "SourceRefused": 0, "Refusal": 2, "StrictJSONError": 1, "_unexpected": 1}


def sample(node: ast.expr) -> str | None:
    """The text of a literal, a 7 in each gap; None for what is no literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def reasons() -> Iterator[str]:
    for path in sorted((ROOT / "annotation" / "formats").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in REFUSING and len(node.args) > REFUSING[name]:
                text = sample(node.args[REFUSING[name]])
                if text is not None:
                    yield text


@pytest.mark.parametrize("reason", sorted(set(reasons())))
def test_every_reason_for_which_a_line_is_refused_has_german_words(reason: str) -> None:
    with translation.override("de"):
        assert retold(reason) != reason


def test_the_reasons_are_found_in_the_code() -> None:
    assert len(set(reasons())) > 40


def test_numbers_are_written_as_in_the_language() -> None:
    with translation.override("de"):
        assert retold("12,345 lines were refused, so nothing was imported.") == (
            "12.345 Zeilen wurden abgelehnt, daher wurde nichts importiert."
        )


def test_a_sentence_within_a_sentence_is_said_too() -> None:
    with translation.override("de"):
        assert retold("ends where a comma or ] should stand") == "endet, wo ein Komma oder ] stehen sollte"


@pytest.mark.parametrize("text", ["", "OSError: [Errno 28] No space left on device", "100% <b>text</b> %(name)s"])
def test_what_is_not_known_stays_as_it_was_stored(text: str) -> None:
    with translation.override("de"):
        assert retold(text) == text


def test_english_is_shown_as_it_was_stored() -> None:
    with translation.override("en"):
        assert retold("12,345 lines were refused, so nothing was imported.").startswith("12,345 lines")
