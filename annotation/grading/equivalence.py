"""Whether an answer is right: the released rules and math-verify each say, and only where both agree is it decided.

Equal strings and plain decimal numbers are decided here; everything else that needs algebra goes to the sandbox, after a check in
linear time that it is small enough. What is too large, too slow, fails, or is not in the grammar is undecided, never wrong.
"""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any, Literal, Self

from annotation.grading.normalise import Differences, compare
from annotation.grading.sandbox import CASE_SECONDS, Sandbox

Verdict = Literal["right", "wrong", "undecided"]

LONGEST_ANSWER = 2_000  # characters; longer ones are compared as strings only
DEEPEST_ANSWER = 40  # brackets within brackets
LONGEST_DIGITS = 400  # digits in one run
_KEPT = 20_000  # grades of a run that are remembered: samples of one problem repeat their answers

# A plain number that both verdicts read alike: proper thousands commas or none, no needless zeros in front, at most six decimals
# (math-verify rounds there) and fifteen digits in all.
_PLAIN = re.compile(
    r"(?:\\?\$)?(-?)(?:\\?\$)?((?:0|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3}|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?)"
)
_DIGITS = re.compile(r"[0-9]++")
# Python rather than mathematics: nothing would run it, but it has no meaning to be graded either.
_SUSPECT = re.compile(r"__|(?<!\\)\b(?:lambda|import)\b|[A-Za-z)\]]\.[A-Za-z_]{2}")


@dataclass(frozen=True, slots=True)
class Grade:
    """`strict`: the released rules; `symbolic`: math-verify; None: it could not say within its limits. `seconds`: wall time, 2 at most."""

    verdict: Verdict
    strict: bool | None
    symbolic: bool | None
    seconds: float


class Grader:
    """Grades answers one after another; use from one thread, in a `with` block, which ends its child processes."""

    def __init__(self) -> None:
        self._sandbox = Sandbox()
        self._known: dict[tuple[str, str], Grade] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._sandbox.__exit__(kind, error, traceback)

    def grade(self, given: str | None, truth: str | None) -> Grade:
        """No answer is wrong; without a truth nothing can be said. Never raises on what an answer holds."""
        if truth is None or not truth.strip():
            return Grade("undecided", None, None, 0.0)
        if given is None or not given.strip():
            return Grade("wrong", False, False, 0.0)
        found = self._known.get((given, truth))
        if found is None:
            found = self._graded(given, truth)
            if len(self._known) < _KEPT and len(given) + len(truth) <= LONGEST_ANSWER:
                self._known[given, truth] = found
        return found

    def same(self, one: str, other: str) -> bool:
        """Whether two answers are one, for counting votes: `grade` says right. What strings decide is not parsed."""
        if one.strip() == other.strip():
            return True
        numbers = _plain_number(one), _plain_number(other)
        if None not in numbers and numbers[0] != numbers[1]:
            return False
        return compare(one, other) is not False and self.grade(one, other).verdict == "right"

    def grade_all(self, pairs: Iterable[tuple[str | None, str | None]]) -> Iterator[Grade]:
        """The grade of each (given, truth) in turn."""
        return (self.grade(given, truth) for given, truth in pairs)

    def _graded(self, given: str, truth: str) -> Grade:
        started = time.monotonic()
        strings, symbolic = _said_at_once(given, truth)
        strict = None if isinstance(strings, Differences) else strings
        request = _request(strings, symbolic, given, truth) if _small(given) and _small(truth) else {}
        seconds = time.monotonic() - started
        if request:
            reply, spent = self._sandbox.ask(request)
            strict = (reply or {}).get("strict", strict)
            symbolic = (reply or {}).get("symbolic", symbolic)
            seconds += spent
        return Grade(verdict_of(strict, symbolic), strict, symbolic, min(seconds, CASE_SECONDS))


def grade(given: str | None, truth: str | None) -> Grade:
    """One answer. For many, a `Grader` keeps its child process between them."""
    with Grader() as grader:
        return grader.grade(given, truth)


def verdict_of(strict: bool | None, symbolic: bool | None) -> Verdict:
    """Right where both say so, wrong where both do, else undecided."""
    if strict is True and symbolic is True:
        return "right"
    return "wrong" if strict is False and symbolic is False else "undecided"


def _said_at_once(given: str, truth: str) -> tuple[bool | Differences, bool | None]:
    strict = compare(given, truth)
    if given.strip() == truth.strip():
        return True, True
    numbers = _plain_number(given), _plain_number(truth)
    if numbers[0] is None or numbers[1] is None:
        return strict, None
    return strict, numbers[0] == numbers[1]


def _plain_number(answer: str) -> Decimal | None:
    found = _PLAIN.fullmatch(answer.strip())
    return None if found is None else Decimal(found.group(1) + found.group(2).replace(",", ""))


def _request(strict: bool | Differences, symbolic: bool | None, given: str, truth: str) -> dict[str, Any]:
    """What only the child can say, if anything."""
    request: dict[str, Any] = {}
    if isinstance(strict, Differences):
        request["differences"] = strict.pairs
    if symbolic is None:
        request["given"], request["truth"] = given, truth
    return request


def _small(answer: str) -> bool:
    """Whether an answer may go to a parser at all; linear in its length."""
    long_number = any(len(run) > LONGEST_DIGITS for run in _DIGITS.findall(answer[:LONGEST_ANSWER]))
    if len(answer) > LONGEST_ANSWER or long_number or _SUSPECT.search(answer):
        return False
    depth = deepest = 0
    for character in answer:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest <= DEEPEST_ANSWER
