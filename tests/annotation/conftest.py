"""Files to import: the real ones where they are, and small ones written on the spot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

Lines = Callable[..., Path]


@pytest.fixture
def data_dir(settings: LazySettings, tmp_path: Path) -> Path:
    """A data folder of the test's own."""
    folder = tmp_path / "data"
    (folder / "uploads").mkdir(parents=True)
    settings.DATA_DIR = folder
    settings.FILE_UPLOAD_TEMP_DIR = folder / "uploads"
    return folder


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    """`lines({…}, {…}, name="a.jsonl")` is a file of such JSON lines."""

    def write(*rows: Any, name: str = "data.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path

    return write
