"""Formats by name, and told apart by the keys of the first record."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotation.formats.registry import FORMATS, FormatNotRecognised, detect

NAMES = {"prm800k", "problems", "solutions", "step-tree", "gsm8k", "math", "processbench", "prmbench", "scored-samples"}
REAL = [
    ("prm800k/six_real_lines.jsonl", "prm800k"), ("gsm8k/test.jsonl", "gsm8k"), ("gsm8k/example_model_solutions.jsonl", "gsm8k"),
    ("math/test.jsonl", "math"), ("processbench/gsm8k.json", "processbench"), ("processbench/math.json", "processbench"),
    ("prmbench/prm800k_train_p1_first400_4o_circular.jsonl", "prmbench"),
]  # fmt: skip


def test_the_formats_and_what_each_may_become_are_these() -> None:
    assert set(FORMATS) == NAMES
    assert {name: made.default_as for name, made in FORMATS.items()} == {
        "prm800k": "annotations", "problems": "problems", "solutions": "pool", "step-tree": "queue", "gsm8k": "pool", "math": "problems",
        "processbench": "evaluation", "prmbench": "evaluation", "scored-samples": "pool",
    }  # fmt: skip
    assert all(made.default_as in made.kinds for made in FORMATS.values())


@pytest.mark.parametrize(("path", "name"), REAL)
@pytest.mark.parametrize("size", [3000, 64 * 1024])
def test_real_files_are_recognised_by_their_first_bytes(shared_data: Path, path: str, name: str, size: int) -> None:
    assert detect((shared_data / path).read_bytes()[:size], path) == name


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"problem": "", "answer": ""}, "problems"),
        ({"problem": "", "steps": []}, "solutions"),
        ({"problem": "", "answer": "", "tree": []}, "step-tree"),
        ({"problem": "", "steps": [], "prm_score": 1}, "scored-samples"),
        ({"problem": "", "steps": [], "orm_score": 1}, "scored-samples"),
        ({"problem": "", "solution": "", "answer": "", "unique_id": ""}, "math"),
        ({"problem": "", "solution": "", "answer": "", "id": ""}, "problems"),
    ],
)
def test_small_records_are_recognised(record: dict[str, Any], name: str) -> None:
    assert detect(b"\xef\xbb\xbf" + json.dumps(record).encode()) == name
    assert detect(json.dumps([record, record], indent=2).encode()) == name


def test_keys_inside_values_do_not_count() -> None:
    with pytest.raises(FormatNotRecognised, match="wrapped"):
        detect(b'{"wrapped": {"problem": "", "steps": []}, "text": "\\"problem\\": \\"steps\\": "}')


@pytest.mark.parametrize(
    "data", [b"", b"x", b"[]", b"{}", b"PK\x03\x04", b'"' * 1000, b"}" * 1000, b"[" * 100_000, b'{"a' * 50_000]
)
def test_other_bytes_are_not_recognised(data: bytes) -> None:
    with pytest.raises(FormatNotRecognised):
        detect(data, "file")
