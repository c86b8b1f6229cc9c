"""The formats by name: what each may be imported as, how its records become rows, and how one is told from another."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from annotation.formats import (
    gsm8k,
    math,
    prm800k,
    prmbench,
    problems,
    processbench,
    scored_samples,
    solutions,
    step_tree,
)
from annotation.formats.fields import Unreadable
from annotation.formats.rows import Read, Refusal, Row
from annotation.formats.source import read_records

Reader = Callable[[Mapping[str, Any]], Iterable[Row]]


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What the file is imported as: annotations, queue, pool, evaluation or problems."""

    as_: str


@dataclass(frozen=True, slots=True)
class Format:
    """`kinds`: what it may be imported as. A `ProblemRow` is always a problem, whatever was asked for."""

    name: str
    kinds: frozenset[str]
    default_as: str
    read: Callable[[BinaryIO, ReadContext], Iterator[Read]]


class FormatNotRecognised(ValueError):
    """No format's keys stand in the first record; the message is for the person who sent the file."""


def detect(first_lines: bytes, filename: str = "") -> str:
    """The format's name by the keys of the first record. `first_lines` may be cut anywhere, a few kilobytes are enough.

    Raises `FormatNotRecognised`.
    """
    keys = _first_keys(first_lines)
    for name, needed in _SIGNS:
        if needed <= keys:
            return name
    found = ", ".join(sorted(key[:40] for key in keys)[:20]) or "no JSON object"
    raise FormatNotRecognised(
        f"{filename or 'The file'} has no known format (first record: {found}); name one with --format."
    )


# The first that fits wins: the more telling keys stand first.
_SIGNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("prm800k", frozenset({"labeler", "question", "label"})),
    ("prmbench", frozenset({"original_process", "modified_process", "error_steps"})),
    ("step-tree", frozenset({"problem", "tree"})),
    ("scored-samples", frozenset({"problem", "steps", "rating_probs"})),
    ("scored-samples", frozenset({"problem", "steps", "prm_score"})),
    ("scored-samples", frozenset({"problem", "steps", "orm_score"})),
    ("processbench", frozenset({"problem", "steps", "label"})),
    ("solutions", frozenset({"problem", "steps"})),
    ("gsm8k", frozenset({"question", "ground_truth"})),
    ("gsm8k", frozenset({"question", "answer"})),
    ("math", frozenset({"problem", "solution", "type"})),
    ("math", frozenset({"problem", "solution", "unique_id"})),
    ("problems", frozenset({"problem", "answer"})),
)
_TOKEN = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s*+:)?+|[\[\]{}]', re.DOTALL)
_LONGEST_KEY = 200


def _first_keys(data: bytes) -> set[str]:
    """The outer keys of the first object, also where the text breaks off in the middle of it."""
    keys: set[str] = set()
    depth = 0
    for token in _TOKEN.finditer(data):
        mark = token.group()
        if mark in (b"{", b"["):
            depth += mark == b"{" or depth > 0
        elif mark in (b"}", b"]"):
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1 and token.group(2) is not None and len(mark) < _LONGEST_KEY:
            keys.update(_key(token.group(1)))
    return keys


def _key(raw: bytes) -> list[str]:
    try:
        return [json.loads(b'"' + raw + b'"')]
    except ValueError:
        return []


def _read(reader: Reader, stream: BinaryIO, context: ReadContext) -> Iterator[Read]:
    for record in read_records(stream):
        if isinstance(record, Refusal):
            yield record
        else:
            yield from _rows(reader, *record)


def _rows(reader: Reader, line: int, record: Mapping[str, Any]) -> Iterator[Read]:
    try:
        for row in reader(record):
            yield line, row
    except Unreadable as error:
        yield Refusal(line, error.field, error.reason)


def _read_published(solutions: Reader, annotations: Reader, stream: BinaryIO, context: ReadContext) -> Iterator[Read]:
    yield from _read(annotations if context.as_ == "annotations" else solutions, stream, context)


def _one(read: Callable[[Mapping[str, Any]], Row]) -> Reader:
    return lambda record: (read(record),)


def _format(name: str, kinds: str, read: Callable[[BinaryIO, ReadContext], Iterator[Read]]) -> Format:
    """The first of `kinds` is the default."""
    listed = kinds.split()
    return Format(name=name, kinds=frozenset(listed), default_as=listed[0], read=read)


FORMATS: dict[str, Format] = {
    made.name: made
    for made in (
        _format("prm800k", "annotations", partial(_read, _one(prm800k.read))),
        _format("problems", "problems", partial(_read, _one(problems.read))),
        _format("solutions", "pool queue evaluation", partial(_read, _one(solutions.read))),
        _format("step-tree", "queue", partial(_read, _one(step_tree.read))),
        _format("gsm8k", "pool queue evaluation problems", partial(_read, gsm8k.read)),
        _format("math", "problems", partial(_read, _one(math.read))),
        _format(
            "processbench",
            "evaluation annotations queue pool",
            partial(_read_published, _one(processbench.read), _one(processbench.read_annotation)),
        ),
        _format(
            "prmbench",
            "evaluation annotations queue pool",
            partial(_read_published, prmbench.read, prmbench.read_annotations),
        ),
        _format("scored-samples", "pool queue evaluation", partial(_read, _one(scored_samples.read))),
    )
}
