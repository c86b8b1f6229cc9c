r"""The released rules' string side (PRM800K's grader and, before it, MATH's): two normal forms of an answer, and what is compared of them.

Written from the rules as described, in their order; behaviour that looks odd is theirs and kept, since `strict` means theirs: a fraction
loses its brackets (`\frac{x+1}{2}` reads as x+1/2), every second comma of a number over a milliard stays. All patterns are linear.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from annotation.grading.latex_text import TooDeep, latex_to_text

_BRACKETS = "()[]"
_UNITS = (
    "degree", "cm", "centimeter", "meter", "mile", "second", "minute", "hour", "day", "week", "month", "year",
    "foot", "feet", "inch", "yard",
)  # fmt: skip
_LARGE = (("million", "*10^6"), ("billion", "*10^9"), ("trillion", "*10^12"))
_WRAPPED_TEXT = re.compile(r"^\\text\{(.+?)\}$")
_UNIT = [re.compile(rf"{unit}(?:es)?s?+ *+(?:\^[0-9]++)?") for unit in _UNITS]
_DEGREES = re.compile(r"\^ *+\\circ")
_THIN_COMMA = re.compile(r",\\! *+")
_MINUS = re.compile(r"- *+")
_MIXED = re.compile(r"([0-9]) ++([0-9])")
_THOUSANDS = re.compile(r"(\d),(\d\d\d)($|\D)")
_FRACTION = re.compile(r"^-?[0-9]+.?/0*[1-9][0-9]*.?$")
_DECIMAL = re.compile(r"-?[0-9]{1,1000}(?:\.[0-9]{1,1000})?")
_HARD = re.compile(r"\^[{(]|\^[0-9]+\^|\^[0-9][0-9]+")
_MOST_LETTERS = 2  # more unknown letters than this and the released rules compare strings only


@dataclass(frozen=True, slots=True)
class Differences:
    """The strings do not decide: right exactly where each of these differences (truth, given) simplifies to zero."""

    pairs: tuple[tuple[str, str], ...]


def compare(given: str, truth: str) -> bool | Differences:
    """What the released rules say of two answers, short of algebra."""
    if math_form(truth) == math_form(given):
        return True
    truth_form, given_form = released_form(truth), released_form(given)
    if truth_form == given_form:
        return True
    if not given_form:
        return False
    truth_parts, given_parts = split_tuple(truth_form), split_tuple(given_form)
    if len(truth_parts) > 1 and (truth_form[0], truth_form[-1]) != (given_form[0], given_form[-1]):
        return False
    if len(truth_parts) != len(given_parts) or not truth_parts:
        return False
    return _parts(truth_parts, given_parts)


def _parts(truth_parts: list[str], given_parts: list[str]) -> bool | Differences:
    pairs: list[tuple[str, str]] = []
    for truth, given in zip(truth_parts, given_parts, strict=True):
        if _FRACTION.search(truth) and _FRACTION.search(given):
            if truth != given:  # an unreduced fraction is wrong
                return False
        elif _DECIMAL.fullmatch(truth) and _DECIMAL.fullmatch(given):
            if Decimal(truth) != Decimal(given):
                return False
        elif _reads_as_whole(truth) != _reads_as_whole(given) or not _algebra_allowed(f"({truth})-({given})"):
            return False
        else:
            pairs.append((truth, given))
    return Differences(tuple(pairs)) if pairs else True


def split_tuple(form: str) -> list[str]:
    """The elements of a tuple or interval; anything else is its own one element."""
    form = _without_thousands_commas(form)
    if not form:
        return []
    inner = form[1:-1]
    if len(form) > 2 and form[0] in _BRACKETS and form[-1] in _BRACKETS and not any(b in inner for b in _BRACKETS):
        return [part.strip() for part in inner.split(",")]
    return [form]


def released_form(answer: str) -> str:
    """PRM800K's own normal form: lower case, no blanks, no units, whole numbers without a fraction part."""
    wrapped = _WRAPPED_TEXT.search(answer)
    form = wrapped.group(1) if wrapped else answer
    for old, new in (("\\%", "%"), ("\\$", "$"), ("$", ""), ("%", ""), (" or ", " , "), (" and ", " , "), *_LARGE):
        form = form.replace(old, new)
    for unit in _UNIT:
        form = unit.sub("", form)
    form = _DEGREES.sub("", form)
    if form.startswith("{") and form.endswith("}"):
        form = form[1:-1]
    form = _THIN_COMMA.sub("", form)
    whole = _whole_float(form)
    form = form if whole is None else str(whole)
    if "\\" in form:
        form = _without_latex(form)
    form = _MIXED.sub(r"\1+\2", _MINUS.sub("-", form))
    form = form.replace(" ", "").replace("{", "").replace("}", "").lower()
    if _reads_as_whole(form):
        form = str(int(float(form.replace(",", ""))))
    return form


def _without_latex(form: str) -> str:
    form = form.replace("\\tfrac", "\\frac").replace("\\dfrac", "\\frac").replace("\\frac", " \\frac")
    try:
        text = latex_to_text(form)
    except TooDeep:
        return form
    for old, new in (("√", "sqrt"), ("π", "pi"), ("∞", "inf"), ("∪", "U"), ("·", "*"), ("×", "*")):
        text = text.replace(old, new)
    return text.strip()


def math_form(answer: str) -> str:
    """MATH's normal form, which keeps LaTeX as LaTeX."""
    form = answer.strip()
    wrapped = _WRAPPED_TEXT.search(form)
    form = wrapped.group(1).strip() if wrapped else form
    kept = form
    form = (
        form.replace("\n", "")
        .replace("\\!", "")
        .replace("\\\\", "\\")
        .replace("tfrac", "frac")
        .replace("dfrac", "frac")
    )
    for dropped in ("\\left", "\\right", "^{\\circ}", "^\\circ", "\\$"):
        form = form.replace(dropped, "")
    unit = form.split("\\text{ ")
    if len(unit) > 2:
        return kept  # more than one unit: the rules give up
    form = unit[0].replace("\\%", "").replace(" .", " 0.").replace("{.", "{0.")
    if not form:
        return form
    form = "0" + form if form.startswith(".") else form
    sides = form.split("=")
    if len(sides) == 2 and len(sides[0]) <= 2:
        form = sides[1]
    root = _braced_roots(form)
    if root is None:
        return kept
    fractions = _braced_fractions(root.replace(" ", ""))
    if fractions is None:
        return kept
    return _slash_as_fraction("\\frac{1}{2}" if fractions == "0.5" else fractions)


def _braced_roots(form: str) -> str | None:
    r"""`\sqrt3` as `\sqrt{3}`; None where a root has nothing under it."""
    first, *rest = form.split("\\sqrt")
    if not all(rest):
        return None
    return first + "".join("\\sqrt" + (part if part[0] == "{" else f"{{{part[0]}}}{part[1:]}") for part in rest)


def _braced_fractions(form: str) -> str | None:
    r"""`\frac12` as `\frac{1}{2}`, `\frac1{72}` as `\frac{1}{72}`; None where a fraction has nothing after it."""
    first, *rest = form.split("\\frac")
    built = [first]
    for part in rest:
        if not part:
            return None
        if part[0] == "{":
            built.append("\\frac" + part)
        elif len(part) < 2:
            return form
        elif part[1] == "{":
            built.append(f"\\frac{{{part[0]}}}{part[1:]}")
        else:
            built.append(f"\\frac{{{part[0]}}}{{{part[1]}}}{part[2:]}")
    return "".join(built)


def _slash_as_fraction(form: str) -> str:
    sides = form.split("/")
    if len(sides) != 2:
        return form
    plain = all(len(side) <= 4_000 and re.fullmatch(r"0|-?[1-9][0-9]*+", side, re.ASCII) for side in sides)
    return f"\\frac{{{sides[0]}}}{{{sides[1]}}}" if plain else form


def _without_thousands_commas(form: str) -> str:
    while (shorter := _THOUSANDS.sub(r"\1\2\3", form)) != form:
        form = shorter
    return form


def _whole_float(form: str) -> int | None:
    try:
        value = float(form)
        nearest = round(value)
    except (ValueError, OverflowError):
        return None
    return nearest if abs(value - nearest) <= 1e-7 else None


def _reads_as_whole(form: str) -> bool:
    return _whole_float(_without_thousands_commas(form)) is not None


def _algebra_allowed(difference: str) -> bool:
    """The released rules' own fence: few unknown letters, one-digit exponents."""
    letters = {letter for letter in difference.replace("sqrt", "").replace("frac", "") if letter.isalpha()}
    return len(letters) <= _MOST_LETTERS and _HARD.search(difference) is None
