"""A file of scored lines in the making: under its name only when it is whole; after a kill it goes on where it ended.

Beside OUTPUT stand OUTPUT.new, the lines so far, and OUTPUT.new.of, whose scores they are. Lines that say the records of today's input, by
the same model asked the same, are kept; from the first that does not, everything is written anew.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from annotation.formats.rows import Refusal

Read = tuple[int, dict[str, Any]] | Refusal
# What a scorer writes into a record; the rest of a line is the record's own.
WRITTEN = {
    "prm": frozenset({"rating_probs", "prm_score", "rating_deviation", "score_problem"}),
    "orm": frozenset({"orm_score", "score_problem"}),
}


class Partial:
    """`model` names the model for ever (its training's fingerprint); None where nobody can, then nothing is gone on with.

    `asked`: what of it, beside the scores. `kept` lines were there already, `without_score` of them with no score.
    """

    def __init__(self, output: Path, *, model: str | None, kind: str, asked: Mapping[str, Any]) -> None:
        self.output, self.model = output, model
        self.asked = {"model": model, **asked}
        self.written = WRITTEN[kind] | ({"embedding"} if asked["embeddings"] else frozenset())
        self.kept = self.without_score = 0
        self.lines = output.with_name(output.name + ".new")
        self.of = output.with_name(output.name + ".new.of")

    def continued(self, records: Iterable[Read]) -> Iterator[Read]:
        """The records that are left to score; the file ends with the lines of those before them."""
        left = iter(records)
        if self.model is None or self._asked_of_lines() != self.asked:
            self._begin()
            return left
        size = 0
        with self.lines.open("r+b") as file:
            for line in file:
                read = next(left, None)
                if read is None:
                    break
                found = _parsed(line)
                if isinstance(read, Refusal) or self._own(found) != self._own(read[1]):
                    left = chain([read], left)
                    break
                self.kept += 1
                self.without_score += "score_problem" in found
                size += len(line)
            file.truncate(size)
        return left

    def _own(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in record.items() if name not in self.written}

    @contextmanager
    def appended(self) -> Iterator[TextIO]:
        """The file to go on with; at the end of the block it is synced and gets its name."""
        with self.lines.open("a", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.lines, self.output)
        self.of.unlink(missing_ok=True)

    def discard(self) -> None:
        for path in (self.lines, self.of):
            path.unlink(missing_ok=True)

    def _asked_of_lines(self) -> Any:
        with suppress(OSError, ValueError):
            if self.lines.is_file():
                return json.loads(self.of.read_text(encoding="utf-8"))
        return None

    def _begin(self) -> None:
        self.lines.write_bytes(b"")
        # After the lines are empty: a kill in between leaves nothing that could be taken for the new model's.
        self.of.write_text(json.dumps(self.asked), encoding="utf-8")


def _parsed(line: bytes) -> dict[str, Any]:
    """A whole line's record; nothing of a torn one."""
    with suppress(ValueError):
        found = json.loads(line) if line.endswith(b"\n") else {}
        return found if isinstance(found, dict) else {}
    return {}
