"""Strict JSON: UTF-8, one meaning only, bounded. What two parsers could read differently is refused, with the field where it stands.

Refused beside plain syntax errors: duplicate keys, NaN and infinities (1e999 too), NUL, lone surrogates (escaped ones too), nesting
over 100, numbers of more than 4,300 characters. The C parser of the standard library reads; only where it objects, or where the text
holds an escape that it would let pass, a slow parser of the same rules goes over the text again and finds the field.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

DEEPEST = 100
LONGEST_NUMBER = 4_300  # characters; CPython's own limit on integers' digits
WHOLE = "json"  # the field's name where the whole document is at fault

_BOM = b"\xef\xbb\xbf"
# Possessive, and the closing quote optional, so that an unfinished string costs one pass and not one a quote.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SPACE = re.compile(r"[ \t\n\r]*+")
# The groups may give back (a possessive group was once seen to keep the E of "0E"); they repeat once, so that stays linear.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_LITERALS = {"true": True, "false": False, "null": None}


class StrictJSONError(ValueError):
    """Not strict JSON: `field` is a path like `label.steps[3].rating`, or `json` where the whole is at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class _Refused(ValueError):
    """The fast parser objects; the slow one finds where."""


def loads(data: bytes, *, bom: bool = True) -> Any:
    """The value that `data` holds, texts untouched. A byte order mark at its start is passed over where `bom` allows one.

    Raises `StrictJSONError`.
    """
    if data.startswith(_BOM):
        if not bom:
            raise StrictJSONError(WHOLE, "has a byte order mark in the middle of the file")
        data = data[len(_BOM) :]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StrictJSONError(WHOLE, f"is not UTF-8 (byte {error.start})") from None
    if _depth_over(data, DEEPEST):
        raise StrictJSONError(WHOLE, f"is nested more than {DEEPEST} deep")
    try:
        value = _FAST.decode(text)
    except ValueError:  # JSONDecodeError, _Refused, and int()'s own limit on digits
        return _Slow(text).document()
    return _Slow(text).document() if _hides_something(text, value) else value


def _depth_over(data: bytes, limit: int) -> bool:
    """Counted before any recursive parser sees the text: in linear time, brackets inside strings left out."""
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    brackets = _STRING.sub(b"", data).translate(None, _NOT_BRACKETS)
    if brackets.count(b"[") + brackets.count(b"{") <= limit:
        return False
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > limit:
            return True
    return False


def _hides_something(text: str, value: Any) -> bool:
    """Whether an escape may have put a NUL or half a surrogate pair into a string."""
    if "\\u0000" in text:
        return True
    if _SURROGATE_ESCAPE.search(text) is None:
        return False
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused
    return found


def _finite(literal: str) -> float:
    value = float(literal) if len(literal) <= LONGEST_NUMBER else math.inf
    if math.isinf(value):
        raise _Refused
    return value


def _no_constant(name: str) -> NoReturn:
    raise _Refused(name)


_FAST = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant)


_STRINGS = json.JSONDecoder()


class _Slow:
    """Recursive descent that knows where it is. Depth was bounded before, so recursion is too."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def document(self) -> Any:
        self._space()
        value = self._value(WHOLE)
        self._space()
        if self.at != len(self.text):
            raise StrictJSONError(WHOLE, f"has more after its end (character {self.at + 1})")
        return value

    def _space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _value(self, path: str) -> Any:
        first = self.text[self.at : self.at + 1]
        readers: dict[str, Callable[[str], Any]] = {"{": self._object, "[": self._array, '"': self._string}
        if first in readers:
            return readers[first](path)
        for word, value in _LITERALS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self._number(path)

    def _object(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.at += 1
        self._space()
        if self._take("}"):
            return found
        while True:
            if self.text[self.at : self.at + 1] != '"':
                self._unexpected(path, "a key in double quotes")
            key = self._string(path)
            inner = _member(path, key)
            if key in found:
                raise StrictJSONError(inner, "is given twice")
            self._space()
            if not self._take(":"):
                self._unexpected(inner, "a colon")
            self._space()
            found[key] = self._value(inner)
            self._space()
            if self._take("}"):
                return found
            if not self._take(","):
                self._unexpected(inner, "a comma or }")
            self._space()

    def _array(self, path: str) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        self._space()
        if self._take("]"):
            return found
        while True:
            inner = f"{'' if path == WHOLE else path}[{len(found)}]"
            found.append(self._value(inner))
            self._space()
            if self._take("]"):
                return found
            if not self._take(","):
                self._unexpected(inner, "a comma or ]")
            self._space()

    def _string(self, path: str) -> str:
        try:
            text, self.at = _STRINGS.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            raise StrictJSONError(path, f"is not a JSON string: {error.msg} (character {error.pos + 1})") from None
        if "\0" in text:
            raise StrictJSONError(path, "holds a NUL character")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise StrictJSONError(path, "holds half a surrogate pair") from None
        return str(text)

    def _number(self, path: str) -> int | float:
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            self._unexpected(path, "a value")
        literal = found.group()
        if len(literal) > LONGEST_NUMBER:
            raise StrictJSONError(path, f"is a number of more than {LONGEST_NUMBER} characters")
        self.at = found.end()
        if literal.lstrip("-").isdigit():
            return int(literal)
        value = float(literal)
        if math.isinf(value):
            raise StrictJSONError(path, "is too large a number")
        return value

    def _take(self, character: str) -> bool:
        if self.text.startswith(character, self.at):
            self.at += 1
            return True
        return False

    def _unexpected(self, path: str, wanted: str) -> NoReturn:
        for constant in ("NaN", "Infinity", "-Infinity"):
            if self.text.startswith(constant, self.at):
                raise StrictJSONError(path, f"{constant} is no JSON value")
        if self.at >= len(self.text):
            raise StrictJSONError(path, f"ends where {wanted} should stand")
        raise StrictJSONError(path, f"{wanted} should stand at character {self.at + 1}")


def _member(path: str, key: str) -> str:
    """The path of a key, quoted and cut where it is no plain word."""
    plain = _PLAIN_KEY.fullmatch(key) is not None
    if plain:
        return key if path == WHOLE else f"{path}.{key}"
    return f"{'' if path == WHOLE else path}[{json.dumps(key[:60])}]"
