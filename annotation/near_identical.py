"""Which next steps say the same. Pure: two texts say the same where their keys are equal.

Forgiven: white space, LaTeX delimiters and LaTeX's own spacing, a word's capital first letter, punctuation at the end of a line, thousands
separators, two ways to write a minus. Numbers, operators, variables and commands must be equal: `x` and `X`, `\\delta` and `\\Delta`,
`5!` and `5` are different things. Where it is not plain that two texts say the same they do not: a step merged away is never rated.
"""

import re
from collections.abc import Iterable

# An answer may also stand alone, as the last steps of published solutions do.
_ANSWER = re.compile(r"(?:\A|\n\n)# Answer\n\n(?=[^\n])")
_SPACING = re.compile(r"(?<!\\)\\(?:[,;:! ]|quad\b|qquad\b|left\b|right\b|displaystyle\b)|~")
_BRACKETS = re.compile(r"(?<!\\)\\[()\[\]]")
_DOLLAR = re.compile(r"(?<!\\)\$")
# Not where the comma may part the elements of a pair or a set: (1,200).
_THOUSANDS = re.compile(
    r"(?<![\d.,(\[{])\d{1,3}(?:(?:,|\{,\})\d{3})+(?![\d,])|(?<=[(\[{])\d{1,3}(?:,\d{3})+(?![\d,)\]}])"
)
_TOKEN = re.compile(r"\d+(?:\.\d+)?|\\[A-Za-z]+|\\.|[^\W\d_]+|\.{2,}|\S")
_WORD = re.compile(r"[^\W\d_]{2,}\Z")
_ENDS = frozenset(".,;:")


def states_answer(text: str) -> bool:
    """Whether a step states the final answer, by PRM800K's mark: the conversation ends with it."""
    return _ANSWER.search(text) is not None


def key(text: str) -> tuple[object, ...]:
    """What a step says, spelling aside. Two texts say the same where this is equal; a final answer is never the same as none."""
    plain = _THOUSANDS.sub(lambda found: re.sub(r"[^\d]", "", found[0]), text.replace("\u2212", "-"))
    # An odd number of dollar signs means money in at least one place, so there they stay.
    if len(_DOLLAR.findall(plain)) % 2 == 0:
        plain = _DOLLAR.sub(" ", plain)
    plain = _SPACING.sub(" ", _BRACKETS.sub(" ", plain))
    tokens: list[str] = []
    for line in plain.split("\n"):
        tokens += _line(line)
    return states_answer(text), *tokens


def _line(line: str) -> list[str]:
    tokens = [_folded(token) for token in _TOKEN.findall(line)]
    if tokens and (tokens[-1] in _ENDS or (tokens[-1] == "!" and len(tokens) > 1 and _WORD.match(tokens[-2]))):
        tokens.pop()
    return tokens


def _folded(token: str) -> str:
    """A word without its capital; a single letter may be a variable, and letters all in capitals the points of a figure."""
    return token[0].lower() + token[1:] if _WORD.match(token) and token[1:].islower() else token


def merged(texts: Iterable[str]) -> list[str]:
    """The texts in their order, without those that say the same as an earlier one."""
    first: dict[tuple[object, ...], str] = {}
    for text in texts:
        first.setdefault(key(text), text)
    return list(first.values())
