"""From a file to its records: lines, arrays, gzip, all in constant memory."""

import gzip
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.formats.rows import Refusal
from annotation.formats.source import LONGEST_LINE, SourceRefused, open_source, read_lines, read_records


def lines(data: bytes, **options: int) -> list[tuple[int, bytes | Refusal]]:
    return list(read_lines(io.BytesIO(data), **options))


def records(data: bytes) -> list[Any]:
    return list(read_records(io.BytesIO(data)))


class Endless(io.RawIOBase):
    """A head, then `count` bytes of x."""

    def __init__(self, head: bytes, count: int) -> None:
        self.head, self.count = head, count

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.head:
            size = min(len(buffer), len(self.head))
            buffer[:size], self.head = self.head[:size], self.head[size:]
            return size
        size = min(len(buffer), self.count)
        buffer[:size] = b"x" * size
        self.count -= size
        return size


def test_a51_crlf_a_byte_order_mark_and_a_missing_last_newline_are_read() -> None:
    assert lines(b"\xef\xbb\xbf{1}\r\n{2}\n{3}") == [(1, b"{1}"), (2, b"{2}"), (3, b"{3}")]


def test_a51_lines_end_at_newlines_only() -> None:
    data = "a\u2028b\u0085c\x0b\x0c\x1c".encode()
    assert lines(data + b"\n") == [(1, data)]
    assert lines(b"a\rb\n") == [(1, b"a\rb")]


def test_a51_blank_lines_and_an_empty_file_are_refused() -> None:
    assert lines(b"1\n\n2\n") == [(1, b"1"), (2, Refusal(2, "line", "is blank")), (3, b"2")]
    assert lines(b"") == [(1, Refusal(1, "file", "is empty"))]
    assert lines(b"\n") == [(1, Refusal(1, "line", "is blank"))]


def test_a_line_over_the_cap_is_refused_and_the_next_one_read() -> None:
    assert lines(b"x" * 10 + b"\n" + b"y" * 9 + b"\r\nz", max_bytes=9) == [
        (1, Refusal(1, "line", "is over 9 bytes")),
        (2, b"y" * 9),
        (3, b"z"),
    ]


@settings(deadline=None, database=None)
@given(
    st.lists(
        st.binary(max_size=12).filter(lambda line: b"\n" not in line and line.strip() and not line.endswith(b"\r")),
        min_size=1,
    )
)
def test_lines_come_back_as_they_were_joined(given_lines: list[bytes]) -> None:
    expected = [(1, given_lines[0].removeprefix(b"\xef\xbb\xbf")), *enumerate(given_lines[1:], start=2)]
    if not expected[0][1].strip():
        expected[0] = (1, Refusal(1, "line", "is blank"))
    assert lines(b"\n".join(given_lines)) == expected


@pytest.mark.parametrize("head", [b"", b'[{"a": "', b"[" * 90])
def test_a46_a_line_without_end_is_refused_at_the_cap_in_constant_memory(head: bytes) -> None:
    stream = io.BufferedReader(Endless(head, 100_000_000))
    tracemalloc.start()
    try:
        found = list(read_records(stream))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == 1
    assert isinstance(found[0], Refusal)
    assert peak < 4 * LONGEST_LINE


def test_pretty_printed_arrays_are_read_element_by_element_with_their_lines() -> None:
    values = [{"text": 'br]ac}ket,"\\'}, {"deep": [{"a": [1, 2]}]}, {}]
    found = records(json.dumps(values, indent=2).encode())
    assert [record for _, record in found] == values
    assert [line for line, _ in found] == [2, 5, 15]


@settings(deadline=None, database=None)
@given(
    st.lists(
        st.dictionaries(st.text('a"]}\\,[{', max_size=4), st.text('a"]}\\,[{\n😀', max_size=6), max_size=3), min_size=1
    ),
    st.integers(1, 40),
)
def test_arrays_are_cut_alike_wherever_the_pieces_break(values: list[dict[str, str]], size: int) -> None:
    data = json.dumps(values, indent=1, ensure_ascii=False).encode()

    class Dribble(io.RawIOBase):
        at = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            piece = data[self.at : self.at + min(size, len(buffer))]
            buffer[: len(piece)] = piece
            self.at += len(piece)
            return len(piece)

    assert [record for _, record in read_records(io.BufferedReader(Dribble(), 16))] == values


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"[]", 1, "empty array"),
        (b'[{"a": 1}', 1, "ends before"),
        (b'[{"a": 1},\n\n]', 3, "nothing between"),
        (b'[{"a": 1}]\n x', 1, "more after"),
        (b'[{"a": 1}, 3]', 1, "must be an object"),
        (b'[{"a": 1}\n{"b": 2}]', 1, "more after"),
        (b'[\n{"a": 1},\n{"b": NaN}]', 3, "no JSON value"),
    ],
)
def test_broken_arrays_are_refused_with_their_line(data: bytes, line: int, reason: str) -> None:
    refused = [read for read in records(data) if isinstance(read, Refusal)]
    assert [(found.line, reason in found.reason) for found in refused] == [(line, True)]


def test_an_element_over_the_cap_is_refused_and_the_next_one_read() -> None:
    data = b'[{"a": "' + b"x\\n" * 50 + b'"},\n {"b": 1}]'
    found = list(read_records(io.BytesIO(data), max_bytes=60))
    assert found == [Refusal(1, "line", "is over 60 bytes"), (2, {"b": 1})]


def test_records_that_are_no_objects_are_refused_one_by_one() -> None:
    found = records(b'{"a": 1}\n3\nnull\n"x"\n{"b": \n{"c": 2}')
    assert [read if isinstance(read, Refusal) else read[1] for read in found] == [
        {"a": 1},
        Refusal(2, "json", "must be an object"),
        Refusal(3, "json", "must be an object"),
        Refusal(4, "json", "must be an object"),
        Refusal(5, "b", "ends where a value should stand"),
        {"c": 2},
    ]


def test_gzip_is_told_by_content_and_read_as_the_plain_file(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed.jsonl"
    plain.write_bytes(b'{"a": 1}\n' * 1000)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    with open_source(plain) as one, open_source(str(packed)) as other:
        assert one.read() == other.read()


def test_an_open_stream_is_read_and_left_open() -> None:
    stream = io.BytesIO(b"a\nb\n")
    with open_source(stream) as source:
        assert list(read_lines(source)) == [(1, b"a"), (2, b"b")]
    assert not stream.closed


def test_stdin_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"a\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    with open_source("-") as source:
        assert source.read() == b"a\n"


def test_a47_a_gzip_bomb_is_refused_while_streaming(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(b"\n" + b"0" * 50_000_000))
    with open_source(bomb) as source:
        last = list(read_lines(source))[-1][1]
    assert isinstance(last, Refusal)
    assert "100 times" in last.reason


def test_a47_a_file_over_the_byte_cap_is_refused(tmp_path: Path) -> None:
    for data in (b"a\n" * 500, gzip.compress(b"a\n" * 500)):
        file = tmp_path / "file"
        file.write_bytes(data)
        with open_source(file, max_bytes=100) as source, pytest.raises(SourceRefused, match="over 100 bytes"):
            source.read()


@pytest.mark.parametrize("array", [False, True])
def test_a_cut_gzip_file_is_a_refusal_not_an_error(tmp_path: Path, array: bool) -> None:
    file = tmp_path / "cut.gz"
    packed = gzip.compress(json.dumps([{"n": i} for i in range(2000)]).encode() if array else b'{"a": 1}\n' * 3000)
    file.write_bytes(packed[: len(packed) // 2])
    with open_source(file) as source:
        found = list(read_records(source))
    assert isinstance(found[-1], Refusal)
    assert "gzip" in found[-1].reason
