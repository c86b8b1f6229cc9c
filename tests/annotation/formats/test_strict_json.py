"""Strict JSON: what is read is one value only, and what is refused says where."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.formats.strict_json import _STRING, DEEPEST, StrictJSONError, _Slow, loads

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(StrictJSONError) as caught:
        loads(data)
    return caught.value.field, caught.value.reason


@settings(deadline=None, database=None)
@given(values, st.booleans())
def test_every_value_comes_back_as_it_went(value: object, ascii_only: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@settings(deadline=None, database=None)
@given(values)
def test_the_slow_parser_reads_what_the_fast_one_reads(value: object) -> None:
    text = json.dumps(value, indent=1)
    assert _Slow(text).document() == loads(text.encode()) == value


@settings(deadline=None, database=None, max_examples=200)
@given(st.binary(max_size=40) | st.text('{}[]",:\\ud8009eE-+.0truefalsnN ', max_size=40).map(str.encode))
def test_hostile_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    try:
        value = loads(data)
    except StrictJSONError:
        return
    assert json.loads(data.removeprefix(b"\xef\xbb\xbf")) == value


@settings(deadline=None, database=None, max_examples=200)
@given(values, st.data())
def test_a_broken_document_is_refused_by_both_parsers_or_read_alike(value: object, data: st.DataObject) -> None:
    text = json.dumps(value)
    at = data.draw(st.integers(0, len(text)))
    broken = (
        text[:at] + data.draw(st.sampled_from(['"', "}", "]", ",", "NaN", "1", "\\", "\\u0000", "\\ud800"])) + text[at:]
    )
    try:
        fast = loads(broken.encode())
    except StrictJSONError:
        with pytest.raises(StrictJSONError):
            _Slow(broken).document()
    else:
        assert _Slow(broken).document() == fast


def test_a50_duplicate_keys_are_refused_with_their_path() -> None:
    field, reason = refusal(b'{"label": {"steps": [{}, {"rating": -1, "rating": 1}]}}')
    assert field == "label.steps[1].rating"
    assert reason == "is given twice"


def test_a_key_given_twice_under_two_spellings_is_refused() -> None:
    assert refusal(b'{"a": 1, "\\u0061": 2}')[0] == "a"


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 4301, "0." + "1" * 4400])
def test_a49_numbers_that_are_none_are_refused_with_their_path(literal: str) -> None:
    assert refusal(f'{{"a": [0, {literal}]}}'.encode())[0] == "a[1]"


def test_integers_of_four_thousand_digits_are_kept() -> None:
    assert loads(b"9" * 4000) == int("9" * 4000)


@pytest.mark.parametrize(
    "text",
    ["\\ud800", "\\udc00", "\\uD83D", "\\ude00\\ud83d", "\\u0000", "a\\u0000b"],
)
def test_a51_escaped_nul_and_half_pairs_are_refused_with_their_path(text: str) -> None:
    assert refusal(f'{{"steps": [{{"text": "{text}"}}]}}'.encode())[0] == "steps[0].text"
    assert refusal(f'{{"{text}": 1}}'.encode())


def test_whole_pairs_and_escaped_backslashes_are_no_half_pairs() -> None:
    assert loads(b'["\\ud83d\\ude00", "\\\\ud800", "\\\\u0000"]') == ["😀", "\\ud800", "\\u0000"]


@pytest.mark.parametrize(
    "data",
    [
        b'"\x00"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        '"é"'.encode("latin-1"),
        '{"a": 1}'.encode("utf-16"),
        '"a"'.encode("utf-16-le"),
    ],
)
def test_a51_bytes_that_are_not_utf8_or_hold_nul_are_refused(data: bytes) -> None:
    assert refusal(data)


def test_a51_line_separators_inside_text_are_kept_byte_for_byte() -> None:
    text = "a\u2028b\u2029c\u0085d \u00a0 e\u0301 \ufeff"
    assert loads(json.dumps(text, ensure_ascii=False).encode()) == text


def test_a51_a_byte_order_mark_is_passed_over_at_the_start_only() -> None:
    assert loads(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    with pytest.raises(StrictJSONError, match="byte order mark"):
        loads(b'\xef\xbb\xbf{"a": 1}', bom=False)
    assert refusal(b'{"a": \xef\xbb\xbf1}')


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_a49_nesting_is_refused_before_any_recursion(bracket: bytes) -> None:
    assert refusal(bracket * 100_000) == ("json", f"is nested more than {DEEPEST} deep")


def test_nesting_of_one_hundred_is_read_and_one_more_refused() -> None:
    assert loads(b"[" * DEEPEST + b"]" * DEEPEST) is not None
    assert "nested" in refusal(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))[1]


def test_brackets_inside_text_are_no_nesting() -> None:
    text = '{["' * 5000 + '\\"[' * 10
    assert loads(json.dumps([text] * 3).encode()) == [text] * 3


def test_many_shallow_objects_are_no_nesting() -> None:
    assert len(loads(b"[" + b",".join([b'{"a":[1]}'] * 500) + b"]")) == 500


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b'{"a": {"b": }}', "a.b"),
        (b'{"a": [1, 2', "a[1]"),
        (b'{"a": 1,}', "json"),
        (b"[1,]", "[1]"),
        (b"{'a': 1}", "json"),
        (b'{"a": 01}', "a"),
        (b'{"a b": tru}', '["a b"]'),
        (b'{"a": "x\ny"}', "a"),
        (b"1 2", "json"),
        (b"", "json"),
    ],
)
def test_syntax_errors_say_where(data: bytes, field: str) -> None:
    assert refusal(data)[0] == field


def test_a65_an_unfinished_string_full_of_quotes_is_one_pass_not_one_a_quote() -> None:
    hostile = b'["' + b'\\"' * 25_000
    assert len(_STRING.findall(hostile)) == 1
    refusal(hostile + b"[" * 200)
