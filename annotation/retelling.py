"""What a worker stored in English, said again in the reader's language.

A worker has no reader. Why an import failed or a line was refused, and how far a stage has come, stands in the database in English, as
the command line and the API tell it. Pages show it in their reader's language where the sentence is one of those listed here; a test
goes through the code that makes them. What is not listed is shown as it was stored.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, gettext_noop

# Why the lines of a file are refused (`annotation/formats`, which knows no Django, and `import_rows.py`).
REASONS = (
    gettext_noop("%(constant)s is no JSON value"),
    gettext_noop("%(wanted)s should stand at character %(place)s"),
    gettext_noop("a colon"),
    gettext_noop("a comma or ]"),
    gettext_noop("a comma or }"),
    gettext_noop("a key in double quotes"),
    gettext_noop("a value"),
    gettext_noop("chooses among no completions"),
    gettext_noop("ends before the array does"),
    gettext_noop("ends where %(wanted)s should stand"),
    gettext_noop("has %(count)s characters, more than %(most)s"),
    gettext_noop("has %(count)s entries, more than %(most)s"),
    gettext_noop("has %(count)s entries, completions %(steps)s"),
    gettext_noop("has %(count)s entries, the solution %(steps)s steps"),
    gettext_noop("has a byte order mark in the middle of the file"),
    gettext_noop("has more after its end (character %(place)s)"),
    gettext_noop("has more after the array's end"),
    gettext_noop("has more than %(most)s characters"),
    gettext_noop("has more than %(most)s model solutions"),
    gettext_noop("has more than %(most)s steps"),
    gettext_noop("has no \\boxed answer"),
    gettext_noop("has no line that starts with %(mark)s"),
    gettext_noop("has no model solutions beside it"),
    gettext_noop("has no steps"),
    gettext_noop("has nothing between two commas"),
    gettext_noop("holds a NUL character"),
    gettext_noop("holds a NUL or half a surrogate pair"),
    gettext_noop("holds an empty array"),
    gettext_noop("holds half a surrogate pair"),
    gettext_noop("holds no rows"),
    gettext_noop("is a number of more than %(most)s characters"),
    gettext_noop("is blank"),
    gettext_noop("is empty"),
    gettext_noop("is given twice"),
    gettext_noop("is in this project to be labelled or chosen from, so it cannot be kept for evaluation"),
    gettext_noop("is kept for evaluation in this project, so it is never labelled, trained on or chosen"),
    gettext_noop("is missing"),
    gettext_noop("is nested more than %(most)s deep"),
    gettext_noop("is not UTF-8 (byte %(place)s)"),
    gettext_noop("is not a JSON string: %(fault)s (character %(place)s)"),
    gettext_noop("is not a Python literal"),
    gettext_noop("is not a known field"),
    gettext_noop("is not a whole gzip file: %(fault)s"),
    gettext_noop("is over %(most)s bytes"),
    gettext_noop("is too large a number"),
    gettext_noop("must be -1, 0, 1 or null"),
    gettext_noop("must be UTC without a zone, as in %(example)s"),
    gettext_noop("must be a 0-based step from 0 to %(last)s"),
    gettext_noop("must be a UUID in lower case with hyphens"),
    gettext_noop("mixes true and false with numbers"),
    gettext_noop("must be a chance from 0 to 1, as another label of this row is one"),
    gettext_noop("must be a list"),
    gettext_noop("must be a list, or a Python literal of a flat list of texts or numbers"),
    gettext_noop("must be a number"),
    gettext_noop("must be a probability from 0 to 1"),
    gettext_noop("must be a whole number"),
    gettext_noop("must be an object"),
    gettext_noop("must be from %(low)s to %(high)s"),
    gettext_noop("must be one of %(known)s"),
    gettext_noop("must be text"),
    gettext_noop("must be true or false"),
    gettext_noop("must be true, false or null"),
    gettext_noop("must not be blank"),
    gettext_noop("unpacks to more than %(most)s times its size"),
)
# How imports and other jobs end, and what system-made batches are called.
ENDINGS = (
    gettext_noop("%(count)s from the pool, uniform, seed %(seed)s"),
    gettext_noop("%(count)s line was refused, so nothing was imported."),
    gettext_noop("%(count)s lines were refused, so nothing was imported."),
    gettext_noop("%(error)s (given up after %(limit)s attempts)"),
    gettext_noop("%(file)s cannot be read: %(fault)s."),
    gettext_noop("%(file)s has no known format (first record: %(found)s); name one with --format."),
    gettext_noop("%(file)s is not a whole gzip file: %(fault)s."),
    gettext_noop("%(file)s is over %(most)s bytes."),
    gettext_noop("%(file)s unpacks to more than %(most)s times its size."),
    gettext_noop("%(file)s changed while it was read. Nothing was imported; try again."),
    gettext_noop("A file of format %(format)s can be imported as %(kinds)s, not as %(kind)s."),
    gettext_noop("It was broken off (%(error)s)."),
    gettext_noop("Its worker died or fell silent, for the last time allowed."),
    gettext_noop("Its worker died or fell silent; it will be tried again."),
    gettext_noop("Round %(number)s"),
    gettext_noop("The attempt broke off (%(error)s)."),
    gettext_noop("The command was killed. Nothing was imported; run it again."),
    gettext_noop("There is no format “%(format)s”. Formats: %(known)s."),
)
# What files are imported as.
KINDS = (
    gettext_noop("annotations"),
    gettext_noop("evaluation"),
    gettext_noop("mixed"),
    gettext_noop("pool"),
    gettext_noop("problems"),
    gettext_noop("queue"),
)
SENTENCES = (*REASONS, *ENDINGS, *KINDS)
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(%?)")


def retold(text: str, sentences: tuple[str, ...] = SENTENCES) -> str:
    """`text` in the reader's language, its numbers too. A list of parts between commas is retold part by part."""
    if not text or (get_language() or "en").startswith("en"):
        return text
    for pattern, sentence in _patterns(sentences):
        if found := pattern.fullmatch(text):
            values = {name: _value(value, sentences) for name, value in found.groupdict().items()}
            return gettext(sentence) % values if values else gettext(sentence)
    parts = text.split(", ")
    return text if len(parts) == 1 else ", ".join(retold(part, sentences) for part in parts)


def _value(value: str, sentences: tuple[str, ...]) -> str:
    number = _NUMBER.fullmatch(value)
    if number is None:
        return retold(value, sentences)
    digits, decimals, percent = number[1], number[2] or "", number[3]
    shown = number_format(
        Decimal(digits.replace(",", "") + "." + decimals), len(decimals), force_grouping="," in digits
    )
    return gettext("%(share)s%%") % {"share": shown} if percent else shown


@cache
def _patterns(sentences: tuple[str, ...]) -> list[tuple[re.Pattern[str], str]]:
    """Each sentence as a pattern of its English form; those that say most come first, so that no vague one takes their text."""
    return [(_pattern(sentence), sentence) for sentence in sorted(sentences, key=_said, reverse=True)]


def _said(sentence: str) -> int:
    return len("".join(_literals(sentence)))


def _literals(sentence: str) -> Iterable[str]:
    return re.split(r"%\(\w+\)s", sentence)


def _pattern(sentence: str) -> re.Pattern[str]:
    names = re.findall(r"%\((\w+)\)s", sentence)
    literals = [re.escape(part.replace("%%", "%")) for part in _literals(sentence)]
    between = [*(f"(?P<{name}>.+?)" for name in names), ""]
    return re.compile("".join(part + group for part, group in zip(literals, between, strict=True)), re.DOTALL)
