"""From a file to its records, in constant memory: plain or gzip, JSON lines or one JSON array, whatever size the file has."""

import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from annotation.formats.rows import Refusal
from annotation.formats.strict_json import WHOLE, StrictJSONError, loads

LONGEST_LINE = 4 * 1024 * 1024  # bytes
LARGEST_FILE = 16 * 1024**3  # bytes, unpacked
HIGHEST_RATIO = 100  # unpacked bytes for one packed byte; text packs 3 to 20 times
_RATIO_SLACK = 1024 * 1024  # bytes that any archive may unpack to, so that small ones are never refused
_PIECE = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_OUTSIDE = re.compile(rb'["{}\[\],]')
_INSIDE = re.compile(rb'["\\]')


class SourceRefused(OSError):
    """The bytes themselves are refused: not a whole gzip file, or one that unpacks to too much."""


@contextmanager
def open_source(
    source: Path | str | BinaryIO, *, max_bytes: int = LARGEST_FILE, max_ratio: int = HIGHEST_RATIO
) -> Iterator[BinaryIO]:
    """The bytes of a file, of stdin (`-`) or of an open stream, unpacked where they are gzip (told by content, not by name).

    Reading raises `SourceRefused` beyond `max_bytes` or beyond `max_ratio` unpacked for packed bytes; `read_lines` makes a refusal of it.
    An open stream and stdin are left open.
    """
    if isinstance(source, str) and source == "-":
        yield _unpacked(sys.stdin.buffer, max_bytes, max_ratio)
    elif isinstance(source, str | Path):
        with open(source, "rb") as stream:
            yield _unpacked(stream, max_bytes, max_ratio)
    else:
        yield _unpacked(source, max_bytes, max_ratio)


def _unpacked(stream: BinaryIO, max_bytes: int, max_ratio: int) -> BinaryIO:
    counted = _Counted(stream)
    packed = io.BufferedReader(counted, _PIECE)
    if packed.peek(2)[:2] != b"\x1f\x8b":
        return io.BufferedReader(_Capped(packed, counted, max_bytes, None), _PIECE)
    unpacked: Any = gzip.GzipFile(fileobj=packed, mode="rb")
    return io.BufferedReader(_Capped(unpacked, counted, max_bytes, max_ratio), _PIECE)


class _Counted(io.RawIOBase):
    """Counts what was read of a stream that somebody else closes."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self.stream.read(len(buffer))
        buffer[: len(piece)] = piece
        self.count += len(piece)
        return len(piece)


class _Capped(io.RawIOBase):
    """Stops a stream that gives too much, in all or for what it read itself."""

    def __init__(self, stream: BinaryIO, packed: _Counted, max_bytes: int, max_ratio: int | None) -> None:
        self.stream = stream
        self.packed = packed
        self.max_bytes = max_bytes
        self.max_ratio = max_ratio
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            piece = self.stream.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceRefused(f"is not a whole gzip file: {error}") from error
        buffer[: len(piece)] = piece
        self.count += len(piece)
        if self.count > self.max_bytes:
            raise SourceRefused(f"is over {self.max_bytes} bytes")
        if self.max_ratio is not None and self.count > self.max_ratio * self.packed.count + _RATIO_SLACK:
            raise SourceRefused(f"unpacks to more than {self.max_ratio} times its size")
        return len(piece)


def read_lines(stream: BinaryIO, *, max_bytes: int = LONGEST_LINE) -> Iterator[tuple[int, bytes | Refusal]]:
    """Each line's number (from 1) and its bytes without the line's end, or why it is refused. Lines end with `\\n` or `\\r\\n` alone.

    A byte order mark at the start of the file is passed over. Blank lines and an empty file are refused. A line over `max_bytes` is
    refused and passed over without being held.
    """
    number = 0
    try:
        while line := stream.readline(max_bytes + 2):
            number += 1
            yield number, _line(stream, line, number, max_bytes)
    except SourceRefused as refused:
        yield number + 1, Refusal(number + 1, "file", str(refused))
        return
    if number == 0:
        yield 1, Refusal(1, "file", "is empty")


def _line(stream: BinaryIO, line: bytes, number: int, max_bytes: int) -> bytes | Refusal:
    whole = line.endswith(b"\n")
    body = line.removesuffix(b"\n").removesuffix(b"\r")
    if len(body) > max_bytes:
        while not whole and (piece := stream.readline(_PIECE)):
            whole = piece.endswith(b"\n")
        return Refusal(number, "line", f"is over {max_bytes} bytes")
    if number == 1:
        body = body.removeprefix(_BOM)
    return body if body.strip() else Refusal(number, "line", "is blank")


def read_records(stream: BinaryIO, *, max_bytes: int = LONGEST_LINE) -> Iterator[tuple[int, dict[str, Any]] | Refusal]:
    """The JSON objects of a file and the lines where they start: one a line, or the elements of one array, which may be pretty-printed."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(_Counted(stream), _PIECE)
    try:
        array = buffered.peek(1024).removeprefix(_BOM).lstrip(_SPACE).startswith(b"[")
    except SourceRefused as refused:
        yield Refusal(1, "file", str(refused))
        return
    pieces = _elements(buffered, max_bytes) if array else read_lines(buffered, max_bytes=max_bytes)
    for number, piece in pieces:
        yield piece if isinstance(piece, Refusal) else _record(number, piece)


def _record(number: int, piece: bytes) -> tuple[int, dict[str, Any]] | Refusal:
    try:
        value = loads(piece, bom=False)
    except StrictJSONError as error:
        return Refusal(number, error.field, error.reason)
    if not isinstance(value, dict):
        return Refusal(number, WHOLE, "must be an object")
    return number, value


def _elements(stream: BinaryIO, max_bytes: int) -> Iterator[tuple[int, bytes | Refusal]]:
    scan = _ArrayScan(max_bytes)
    try:
        while not scan.closed and (piece := stream.read(_PIECE)):
            yield from scan.feed(piece)
        while scan.closed and not scan.after.strip(_SPACE) and (piece := stream.read(_PIECE)):
            scan.after = piece
    except SourceRefused as refused:
        yield scan.line, Refusal(scan.line, "file", str(refused))
        return
    if not scan.closed:
        yield scan.line, Refusal(scan.line, WHOLE, "ends before the array does")
    elif scan.after.strip(_SPACE):
        yield scan.line, Refusal(scan.line, WHOLE, "has more after the array's end")
    elif scan.count == 0:
        yield 1, Refusal(1, "file", "holds an empty array")


class _ArrayScan:
    """Cuts the elements out of an array, piece by piece, holding no more than one. What stands between commas is `loads`'s to judge."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.depth = 0
        self.in_string = False
        self.skip = False  # the next byte is escaped
        self.held = bytearray()
        self.over = False
        self.started = self.line = 1  # where the element held begins; how far the lines are counted
        self.closed = False
        self.after = b""
        self.count = 0

    def feed(self, piece: bytes) -> Iterator[tuple[int, bytes | Refusal]]:
        start = at = 0
        while at < len(piece) and not self.closed:
            if self.skip:
                self.skip, at = False, at + 1
                continue
            found = (_INSIDE if self.in_string else _OUTSIDE).search(piece, at)
            if found is None:
                break
            at = found.end()
            if self._ends_element(found.group()):
                self._hold(piece[start : at - 1])
                yield from self._element()
                start = at
            elif self.depth == 1 and found.group() == b"[" and not self.in_string:
                self.line += piece.count(b"\n", start, at)  # the array's own opening bracket
                start = at
        if self.closed:
            self.after = piece[start:]
        else:
            self._hold(piece[start:])

    def _ends_element(self, token: bytes) -> bool:
        if self.in_string:
            self.skip = token == b"\\"
            self.in_string = token != b'"'
            return False
        if token == b'"':
            self.in_string = True
        elif token in b"{[":
            self.depth += 1
        elif token in b"}]":
            self.depth -= 1
            self.closed = self.depth == 0
        return self.closed or (token == b"," and self.depth == 1)

    def _hold(self, piece: bytes) -> None:
        if not self.over:
            if not self.held:
                piece, blank = piece.lstrip(_SPACE), piece
                self.line += blank.count(b"\n", 0, len(blank) - len(piece))
                self.started = self.line
            self.held += piece
            self.over = len(self.held) > self.max_bytes
        self.line += piece.count(b"\n")
        if self.over:
            self.held.clear()

    def _element(self) -> Iterator[tuple[int, bytes | Refusal]]:
        held, over = bytes(self.held), self.over
        self.held.clear()
        self.over = False
        if self.closed and self.count == 0 and not held and not over:
            return
        self.count += 1
        if over:
            yield self.started, Refusal(self.started, "line", f"is over {self.max_bytes} bytes")
        else:
            yield self.started, held if held else Refusal(self.started, WHOLE, "has nothing between two commas")
