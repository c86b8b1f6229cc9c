"""The released rules' string side: what two answers are before any algebra."""

import re
from typing import Any

import pytest

from annotation.formats import prmbench, registry, source, strict_json
from annotation.grading import child, equivalence, latex_text, normalise
from annotation.grading.normalise import Differences, compare, math_form, released_form, split_tuple


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("\\text{Tuesday}", "tues"),  # "day" is a unit
        ("\\$1,\\!000", "1000"),
        ("1,000", "1000"),
        ("1,111,111,111", "1,111,111,111"),  # the released rules miss every second comma, so this is no number to them
        ("50\\%", "50"),
        ("90^\\circ", "90"),
        ("90^{\\circ}", "90^∘"),
        ("12 cm^2", "12"),
        ("3 feet", "3"),
        ("7 3/4", "7+3/4"),
        ("7\\frac{3}{4}", "7+3/4"),
        ("5 million", "5*10^6"),
        ("2 billion", "2*10^9"),
        ("1 or 2", "1,2"),
        ("12.0", "12"),
        ("- 5", "-5"),
        ("\\frac{x+1}{2}", "x+1/2"),  # brackets are lost
        ("\\sqrt{8}", "sqrt(8)"),
        ("2\\pi", "2pi"),
        ("(-\\infty, 2]", "(-inf,2]"),
        ("\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "[1+2;3+4]"),
        ("X", "x"),
    ],
)
def test_the_released_form(answer: str, form: str) -> None:
    assert released_form(answer) == form


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("\\dfrac12", "\\frac{1}{2}"),
        ("\\frac1{72}", "\\frac{1}{72}"),
        ("1/2", "\\frac{1}{2}"),
        ("0.5", "\\frac{1}{2}"),
        (".5", "\\frac{1}{2}"),
        ("01/2", "01/2"),
        ("\\sqrt3", "\\sqrt{3}"),
        ("x = 3", "3"),
        ("area = 3", "area=3"),
        ("10\\text{ cm}", "10"),
        ("1\\text{ a}2\\text{ b}", "1\\text{ a}2\\text{ b}"),
        ("\\left(1, 2\\right)", "(1,2)"),
        ("\\sqrt", "\\sqrt"),
        ("\\frac", "\\frac"),
        ("", ""),
    ],
)
def test_the_form_of_math(answer: str, form: str) -> None:
    assert math_form(answer) == form


@pytest.mark.parametrize(
    ("given", "truth", "verdict"),
    [
        ("18", "18", True),
        ("18.00", "18", True),
        ("17", "18", False),
        ("2/4", "1/2", False),  # not reduced
        ("1+1", "2", False),  # one side alone is a whole number
        ("(1,2)", "(1, 2)", True),
        ("[1,2)", "(1,2)", False),
        ("(1,2,3)", "(1,2)", False),
        ("a+b+c", "c+b+a", False),  # three unknown letters: strings alone count
        ("x^{10}", "x^{11}", False),
        ("x^2+2x+1", "(x+1)^2", Differences((("(x+1)^2", "x^2+2x+1"),))),
        ("(x, 2y)", "(x,y+y)", Differences((("x", "x"), ("y+y", "2y")))),
        (" ", "3", False),
    ],
)
def test_what_the_strings_decide_and_what_they_leave_to_algebra(
    given: str, truth: str, verdict: bool | Differences
) -> None:
    assert compare(given, truth) == verdict


def test_a_tuple_is_split_only_where_it_is_one() -> None:
    assert split_tuple("(1,2,000,x)") == ["1", "2000", "x"]
    assert split_tuple("(1,2)(3,4)") == ["(1,2)(3,4)"]
    assert split_tuple("1,2") == ["1,2"]
    assert split_tuple("") == []


HOSTILE = [
    "\\text{" + "}" * 50_000, "1" * 50_000, "1," * 25_000, "1,111" * 10_000, " " * 50_000 + "x", "1 " * 25_000, "- " * 25_000,
    "\\frac" * 10_000, "\\sqrt" * 10_000, "{" * 50_000, "^1" * 25_000, "0" * 25_000 + "/" + "0" * 25_000,
    "degree" * 8_000, "degree " * 7_000,
    ",\\!" * 15_000, "\\" * 50_000, "[" * 25_000 + "]" * 25_000, "nan", "inf", "-inf", "1e400", "1_0", "\u0661", "\\begin{matrix}" * 3_000,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_answers_have_a_form_and_raise_nothing(number: int) -> None:
    assert isinstance(compare(HOSTILE[number], "3"), bool | Differences)
    assert isinstance(compare("3", HOSTILE[number]), bool | Differences)


def unbounded(parsed: Any) -> int:
    """How many repeats without an upper bound may give back what they took (possessive ones may not)."""
    count = 0
    for operation, argument in parsed:
        if str(operation) in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] == re._constants.MAXREPEAT:  # type: ignore[attr-defined]
            count += 1
        count += sum(unbounded(part) for part in _inner(argument))
    return count


def _inner(argument: Any) -> list[Any]:
    if isinstance(argument, re._parser.SubPattern):  # type: ignore[attr-defined]
        return [argument]
    return [part for item in argument for part in _inner(item)] if isinstance(argument, tuple | list) else []


# Where two or more may give back: they take different characters, so that only one way to match is left.
SEVERAL = {r"^-?[0-9]+.?/0*[1-9][0-9]*.?$": 3, r"\^[{(]|\^[0-9]+\^|\^[0-9][0-9]+": 2}


def test_a65_no_pattern_of_ours_has_two_repeats_that_can_give_back() -> None:
    modules = [normalise, latex_text, equivalence, child, strict_json, source, prmbench, registry]
    patterns = [value for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)]
    patterns += normalise._UNIT
    counts = {pattern.pattern: unbounded(re._parser.parse(pattern.pattern)) for pattern in patterns}  # type: ignore[attr-defined]
    assert len(counts) > 20
    assert {pattern: count for pattern, count in counts.items() if count > SEVERAL.get(pattern, 1)} == {}
