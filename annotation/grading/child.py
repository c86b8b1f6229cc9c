r"""What runs in the sandbox's child, alone: model text is parsed and compared here and nowhere else. Run by path; imports nothing of ours.

One JSON request a line on stdin, one reply a line on stdout. The process limits itself before the first request: 256 MB of addresses, no
files written, no core, CPU time anew for each case, so that a case whose parent has died ends too. Nothing here gives text to a Python
parser: LaTeX goes through math-verify's LaTeX grammar only, the released rules' differences through the small grammar below.
"""

import json
import math
import os
import re
import resource
import sys
from typing import Any

import sympy
from math_verify import LatexExtractionConfig, parse, verify
from sympy.functions.combinatorial.factorials import CombinatorialFunction

MEMORY = 256 * 1024 * 1024  # bytes of addresses, the interpreter and sympy included
NEARLY = 0.9  # of MEMORY: sympy swallows MemoryError, so a "not equal" from beyond here is not believed
CPU_SECONDS = 3
MOST_NODES = 2_000
MOST_DIGITS = 10_000  # of any number that an expression would come to
ALGEBRA_FAILS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_DOLLAR = re.compile(r"(?<!\\)\$")
_LATEX = [LatexExtractionConfig()]


class Limit(Exception):
    """Too large to be worked out within the limits: neither equal nor unequal."""


class NotInGrammar(Exception):
    """No expression of the small grammar: the released rules call it unequal."""


def main() -> None:
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    _quiet()
    _warm_up()
    _limit()
    replies.write("ready\n")
    replies.flush()
    for line in sys.stdin:
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = math.ceil(used.ru_utime + used.ru_stime)
        resource.setrlimit(resource.RLIMIT_CPU, (spent + CPU_SECONDS, resource.RLIM_INFINITY))
        replies.write(json.dumps(answer(json.loads(line))) + "\n")
        replies.flush()


def answer(request: dict[str, Any]) -> dict[str, bool | None]:
    """`strict` where differences were given, `symbolic` where an answer was; null: undecided."""
    reply: dict[str, bool | None] = {}
    if "differences" in request:
        reply["strict"] = _believed(all_zero(request["differences"]))
    if "given" in request:
        reply["symbolic"] = _believed(symbolic(request["given"], request["truth"]))
    return reply


def symbolic(given: str, truth: str) -> bool | None:
    """math-verify's word, gold first. None where a side is not LaTeX that it can read, or is too large, or where it fails."""
    gold, target = _parsed(truth), _parsed(given)
    try:
        for item in (*gold, *target):
            if not isinstance(item, str):
                check_size(item)
        if verify(gold, target, timeout_seconds=None, raise_on_error=True):
            return True
    except (Limit, *ALGEBRA_FAILS):
        return None  # anything else, a MemoryError too, ends this process, and the parent calls it undecided
    return False if all(any(not isinstance(item, str) for item in side) for side in (gold, target)) else None


def _parsed(text: str) -> list[Any]:
    """What math-verify makes of a text put into `$…$`: the expression, where it is one, and the normalised text."""
    wrapped = f"${_DOLLAR.sub('', text)}$".replace("\n", " ")
    found: list[Any] = parse(wrapped, extraction_config=_LATEX, parsing_timeout=None)
    return found


def check_size(expression: Any) -> None:
    """Raises `Limit` where the expression has too many parts or would come to a number of too many digits."""
    parts = list(expression) if isinstance(expression, sympy.MatrixBase) else [expression]
    budget = [MOST_NODES]
    for part in parts:
        _size(part, budget)


def _size(node: Any, budget: list[int]) -> tuple[float, float]:
    """Before anything is worked out: how large its value may be (log10 of it), and how many digits working it out may take."""
    budget[0] -= 1
    if budget[0] < 0:
        raise Limit
    if isinstance(node, sympy.Number):
        return _number_size(node)
    sizes = [_size(argument, budget) for argument in getattr(node, "args", ())]
    if not sizes:
        return 0.5, 1.0  # a letter, pi, e
    large, work = _combined(node, sizes)
    if max(large, work) > MOST_DIGITS:
        raise Limit
    return large, work


def _number_size(node: Any) -> tuple[float, float]:
    if not isinstance(node, sympy.Rational):
        value = abs(float(node)) if node.is_finite else 0.0
        return (math.log10(value) if 0.0 < value < math.inf else 0.0), 16.0
    above, below = (abs(int(part)).bit_length() * math.log10(2) for part in (node.p, node.q))
    return above - below, max(above, below)


def _combined(node: Any, sizes: list[tuple[float, float]]) -> tuple[float, float]:
    work = sum(size[1] for size in sizes)
    largest = max(size[0] for size in sizes)
    if isinstance(node, sympy.Pow) and node.exp.is_number:
        times = _power_of_ten(sizes[1][0])
        return abs(sizes[0][0]) * times, sizes[0][1] * times
    if isinstance(node, sympy.exp) and node.is_number:
        return _power_of_ten(largest), work
    if isinstance(node, CombinatorialFunction) and node.is_number:
        count = _power_of_ten(largest)
        return (count * math.log10(count + 10),) * 2
    if isinstance(node, sympy.Mul):
        return sum(size[0] for size in sizes), work
    return largest + math.log10(len(sizes)), work


def _power_of_ten(exponent: float) -> float:
    if exponent > 8:
        raise Limit
    return float(10.0**exponent)


def all_zero(differences: list[list[str]]) -> bool | None:
    """Whether each (truth, given) pair of the released rules differs by zero."""
    for truth, given in differences:
        try:
            difference = Expression(truth).value() - Expression(given).value()
            check_size(difference)
            if sympy.simplify(difference) != 0:
                return False
        except Limit:
            return None
        except NotInGrammar:
            return False
        except ALGEBRA_FAILS:
            return False  # the released rules take any failure of the algebra for "not equal"
    return True


_TOKEN = re.compile(r"([0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)|(sqrt|pi|ln|[^\W\d_])|(\*\*|[-+*/^()\[\]!])")


_CLOSED_BY = {"(": ")", "[": "]"}
_FUNCTIONS = {"sqrt": sympy.sqrt, "ln": sympy.log}
_NUMBER_STARTS = tuple("0123456789.")


class Expression:
    """The small grammar: numbers, one-letter unknowns, pi, sqrt, ln, + - * / ^ ** !, brackets, and products without a sign (`2x`)."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise NotInGrammar
            self.tokens.append(found.group())
            at = found.end()
        self.at = 0
        self.depth = 0

    def value(self) -> Any:
        if len(self.tokens) > MOST_NODES:
            raise Limit
        result = self._sum()
        if self._next():
            raise NotInGrammar
        return result

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _take(self, *wanted: str) -> str:
        found = self._next()
        if found and found in wanted:
            self.at += 1
            return found
        return ""

    def _sum(self) -> Any:
        result = self._product()
        while sign := self._take("+", "-"):
            term = self._product()
            result = result + term if sign == "+" else result - term
        return result

    def _product(self) -> Any:
        result = self._signed()
        while True:
            if self._take("*"):
                result = result * self._signed()
            elif self._take("/"):
                result = result / self._signed()
            elif self._next() and self._next() not in ("+", "-", ")", "]", "^", "**", "!"):
                result = result * self._power()
            else:
                return result

    def _signed(self) -> Any:
        sign = 1
        while taken := self._take("+", "-"):
            sign = -sign if taken == "-" else sign
        return sign * self._power()

    def _power(self) -> Any:
        base = self._atom()
        while self._take("!"):
            base = _factorial(base)
        if self._take("^", "**"):
            return _raised(base, self._deeper(self._signed))
        return base

    def _atom(self) -> Any:
        mark = self._next()
        self.at += 1
        if mark in _CLOSED_BY:
            inner = self._deeper(self._sum)
            if not self._take(_CLOSED_BY[mark]):
                raise NotInGrammar
            return inner
        if mark in _FUNCTIONS:
            return _FUNCTIONS[mark](self._deeper(self._power))
        if mark.isalpha():
            return sympy.pi if mark == "pi" else sympy.Symbol(mark)
        if mark[:1] not in _NUMBER_STARTS:
            raise NotInGrammar
        if len(mark) > 500:
            raise Limit
        return sympy.Rational(mark)

    def _deeper(self, part: Any) -> Any:
        self.depth += 1
        if self.depth > 60:
            raise Limit
        result = part()
        self.depth -= 1
        return result


def _raised(base: Any, exponent: Any) -> Any:
    """base ** exponent, which sympy works out at once for numbers: so its size is known first."""
    if exponent.is_number and (not exponent.is_Rational or abs(exponent) > 1_000):
        raise Limit
    check_size(sympy.Pow(base, exponent, evaluate=False))
    return base**exponent


def _factorial(argument: Any) -> Any:
    if argument.is_number and (not argument.is_Integer or argument > 1_000):
        raise Limit
    return sympy.factorial(argument)


def _believed(verdict: bool | None) -> bool | None:
    """A "not equal" that was reached near the memory limit may be a swallowed MemoryError."""
    return None if verdict is False and _peak() > NEARLY * MEMORY else verdict


def _peak() -> float:
    """The most addresses that this process ever held, in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            found = re.search(r"VmPeak:\s*+([0-9]+) kB", status.read())
    except OSError:
        return 0.0
    return float(found.group(1)) * 1024 if found else 0.0


def _quiet() -> None:
    """Whatever libraries print must not get between the replies."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _warm_up() -> None:
    """Loads what sympy and the LaTeX grammar load late, so that no case pays for it."""
    for given, truth in (
        ("\\frac{1}{2}x+1", "0.5x+1"),
        ("(1,2]", "[1,2)"),
        ("\\sqrt{8}", "2\\sqrt{2}"),
        ("1.5ab", "2"),
    ):
        symbolic(given, truth)
    all_zero([["sqrt(8)", "2*sqrt(2)"]])


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
