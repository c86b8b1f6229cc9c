"""JSON lines `{given, truth}` in, the same lines with their grade out; the verb behind `manage.py grade_answers`."""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from annotation.formats.rows import LONGEST_TEXT, Refusal
from annotation.formats.source import read_records
from annotation.grading.equivalence import Grader

MOST_REFUSALS = 100
_HELD = 16 * 1024 * 1024  # bytes in memory before the checked lines go to a temporary file


@dataclass(frozen=True, slots=True)
class Graded:
    """What came of a run; `seconds` is the slowest line's."""

    rows: int
    right: int
    wrong: int
    undecided: int
    seconds: float


class LinesRefused(ValueError):
    """Lines are no `{given, truth}`; the first hundred. Nothing was written."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(f"{len(refusals)} lines were refused")
        self.refusals = refusals


def grade_lines(source: BinaryIO, sink: BinaryIO, *, progress: Callable[[int], None] | None = None) -> Graded:
    """Grades every line of `source` into `sink`, in order, other keys kept. `progress` is called with the lines done.

    All lines are checked before the first is graded. Raises `LinesRefused`.
    """
    counts = {"right": 0, "wrong": 0, "undecided": 0}
    slowest = 0.0
    with tempfile.SpooledTemporaryFile(max_size=_HELD) as checked, Grader() as grader:
        _check(source, checked)
        checked.seek(0)
        for done, line in enumerate(checked, start=1):
            record = json.loads(line)
            grade = grader.grade(record["given"], record["truth"])
            sink.write(json.dumps({**record, **asdict(grade)}, ensure_ascii=False).encode("utf-8") + b"\n")
            counts[grade.verdict] += 1
            slowest = max(slowest, grade.seconds)
            if progress is not None:
                progress(done)
    return Graded(rows=sum(counts.values()), seconds=slowest, **counts)


def _check(source: BinaryIO, checked: Any) -> None:
    refusals: list[Refusal] = []
    for read in read_records(source):
        found = [read] if isinstance(read, Refusal) else list(_refusals(*read))
        refusals += found
        if len(refusals) >= MOST_REFUSALS:
            break
        if not isinstance(read, Refusal) and not refusals:
            checked.write(json.dumps(read[1]).encode("ascii") + b"\n")
    if refusals:
        raise LinesRefused(refusals[:MOST_REFUSALS])


def _refusals(line: int, record: dict[str, Any]) -> Iterator[Refusal]:
    for key in ("given", "truth"):
        value = record.get(key, ...)
        if value is ...:
            yield Refusal(line, key, "is missing")
        elif value is not None and not isinstance(value, str):
            yield Refusal(line, key, "must be text or null")
        elif value is not None and len(value) > LONGEST_TEXT:
            yield Refusal(line, key, f"has {len(value)} characters, more than {LONGEST_TEXT}")
