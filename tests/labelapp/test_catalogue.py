"""The German catalogue holds every marked string, translated whole, and the script that keeps it says so where it does not."""

import importlib.machinery
import importlib.util
import shutil
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("catalogue", str(ROOT / "script" / "catalogue"))
    spec = importlib.util.spec_from_loader("catalogue", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    module.marked = cache(module.marked)  # the sources stay as they are
    return module


@pytest.fixture
def catalogue(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """script/catalogue, at work on a copy of the catalogue."""
    monkeypatch.setattr(script, "PO", Path(shutil.copy(script.PO, tmp_path)))
    return script


def replace(catalogue: ModuleType, old: str, new: str) -> list[str]:
    """What is complained about once `old` in the catalogue is `new`."""
    text = catalogue.PO.read_text(encoding="utf-8")
    assert text.count(old) == 1
    catalogue.PO.write_text(text.replace(old, new), encoding="utf-8")
    complaints: list[str] = catalogue.complaints()
    return complaints


def test_every_marked_string_is_translated_and_nothing_else_stands_in_the_catalogue(catalogue: ModuleType) -> None:
    assert catalogue.complaints() == []


def test_an_update_without_new_strings_changes_nothing(catalogue: ModuleType) -> None:
    before = catalogue.PO.read_bytes()
    catalogue.update()
    assert catalogue.PO.read_bytes() == before


SAVE = 'msgid "Save"\nmsgstr "Speichern"\n'


@pytest.mark.parametrize(
    ("new", "complaint"),
    [
        ('msgid "Safe"\nmsgstr "Speichern"\n', "missing: (None, 'Save')"),
        (f'{SAVE}\nmsgid "Gone"\nmsgstr "Fort"\n', "unused: (None, 'Gone')"),
        ('msgid "Save"\nmsgstr ""\n', "untranslated: (None, 'Save')"),
        (f"#, fuzzy\n{SAVE}", "uncertain (fuzzy): (None, 'Save')"),
        ('msgid "Save"\nmsgstr "Speichern "\n', "other edges: (None, 'Save')"),
        ('msgid "Save"\nmsgstr "<b>Speichern</b>"\n', "other markup: (None, 'Save')"),
    ],
)
def test_each_fault_of_a_translation_is_named(catalogue: ModuleType, new: str, complaint: str) -> None:
    assert any(found.startswith(complaint) for found in replace(catalogue, SAVE, new))


def test_a_translation_with_another_placeholder_is_named(catalogue: ModuleType) -> None:
    found = replace(catalogue, 'msgstr "Rolle von %(name)s"', 'msgstr "Rolle von %(nam)s"')
    assert found == ["other placeholders: (None, 'Role of %(name)s') and 'Rolle von %(nam)s'"]


def test_what_is_marked_in_a_template_is_found_with_its_context_and_its_plural(catalogue: ModuleType) -> None:
    found = {catalogue.key(message) for message in catalogue.marked() if message.id}
    assert {
        ("button", "Open"),
        (None, "Skip to content"),
        (None, ("%(shown)s solution labelled.", "%(shown)s solutions labelled.")),
    } <= found
