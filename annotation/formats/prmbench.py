"""PRMBench: a right process and the same with planted errors (`error_steps`, 1-based); arXiv 2501.03124.

A line gives two solutions: the original one, without error, and the modified one. Published lists may be Python literals in a string.
`error_steps` of some published lines point past the process's end: such numbers say nothing about a step and are left out; where none is
left, nobody knows the first error: the solution has no gold, and no annotation is made of it.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.processbench import annotation
from annotation.formats.rows import LONGEST_NAME, MOST_STEPS, AnnotationRow, ProblemRow, SolutionRow

MAKERS = "PRMBench"
PUBLISHED = datetime(2025, 1, 6, tzinfo=UTC)  # the paper's day: the files have no times
_LONGEST_LITERAL = 1_000_000  # characters
# A flat list of strings and whole numbers, nothing else: no nesting, no names, no operators, before any Python parser sees it.
_FLAT_LIST = re.compile(
    r"""\[(?:\s*+(?:"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'|-?[0-9]{1,9}+)\s*+(?:,|(?=\])))*+\s*+\]""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A line as the benchmark judges it. `errors` are 0-based; one past the process's end is kept, and is no step."""

    identity: str
    classification: str
    question: str
    original: tuple[str, ...]
    modified_question: str
    modified: tuple[str, ...]
    errors: frozenset[int]


def read_pair(record: Mapping[str, Any]) -> Pair:
    """Every planted error, where `read` keeps the first alone."""
    return Pair(
        identity=fields.name(record.get("idx"), "idx"),
        classification=fields.name(record.get("classification"), "classification"),
        question=_question(record, "original_question"),
        original=_process(record, "original_process"),
        modified_question=_question(record, "modified_question"),
        modified=_process(record, "modified_process"),
        errors=frozenset(number - 1 for number in _numbers(record)),
    )


def read(record: Mapping[str, Any]) -> Iterator[SolutionRow]:
    """The original solution and the modified one, with the first error of each as gold."""
    yield _solution(record, process="original_process", question="original_question", kind="original", errors=())
    modified = _process(record, "modified_process")
    errors = _errors(record, len(modified))
    kind = fields.name(record.get("classification"), "classification") or "modified"
    yield _solution(record, process="modified_process", question="modified_question", kind=kind, errors=errors)


def read_annotations(record: Mapping[str, Any]) -> Iterator[AnnotationRow]:
    for solution in read(record):
        if solution.gold_first_errors is not None:
            first = solution.gold_first_errors[0] if solution.gold_first_errors else None
            yield annotation(solution, first_error=first, labeller_name=MAKERS, submitted_at=PUBLISHED)


def _solution(
    record: Mapping[str, Any], *, process: str, question: str, kind: str, errors: tuple[int, ...] | None
) -> SolutionRow:
    identity = fields.name(record.get("idx"), "idx")
    return SolutionRow(
        problem=ProblemRow(text=_question(record, question)),
        steps=_process(record, process),
        generator=MAKERS,
        external_id=f"{identity}/{kind}"[:LONGEST_NAME] if identity else "",
        gold_first_errors=errors,
    )


def _question(record: Mapping[str, Any], key: str) -> str:
    key = key if key in record else "question"
    return fields.text(fields.required(record, key), key, empty=False)


def _process(record: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return fields.step_texts(_listed(fields.required(record, key), key), key)


def _errors(record: Mapping[str, Any], steps: int) -> tuple[int, ...] | None:
    """The first error, 0-based; () where the list is empty; None where every number points past the end."""
    numbers = _numbers(record)
    if not numbers:
        return ()
    inside = [number for number in numbers if number <= steps]
    return (min(inside) - 1,) if inside else None


def _numbers(record: Mapping[str, Any]) -> list[int]:
    """`error_steps`, 1-based as published."""
    given = fields.a_list(
        _listed(fields.required(record, "error_steps"), "error_steps"), "error_steps", longest=MOST_STEPS
    )
    return [fields.whole(number, f"error_steps[{index}]", low=1, high=MOST_STEPS) for index, number in enumerate(given)]


def _listed(value: Any, field: str) -> Any:
    """The list, or what its Python literal says: a flat one, checked in linear time before it is parsed."""
    if not isinstance(value, str):
        return value
    if len(value) > _LONGEST_LITERAL:
        raise Unreadable(field, f"has more than {_LONGEST_LITERAL} characters")
    if _FLAT_LIST.fullmatch(value.strip()) is None:
        raise Unreadable(field, "must be a list, or a Python literal of a flat list of texts or numbers")
    try:
        return _whole_texts(ast.literal_eval(value.strip()), field)
    except (ValueError, SyntaxError):
        raise Unreadable(field, "is not a Python literal") from None


def _whole_texts(listed: list[Any], field: str) -> list[Any]:
    r"""A Python literal may spell what strict JSON refuses: `'\x00'`, `'\ud800'`."""
    for index, entry in enumerate(listed):
        if isinstance(entry, str) and ("\0" in entry or any("\ud800" <= character <= "\udfff" for character in entry)):
            raise Unreadable(f"{field}[{index}]", "holds a NUL or half a surrogate pair")
    return listed
