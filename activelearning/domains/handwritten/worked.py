"""How the hand-written problems are written down: a worked solution is a text whose paragraphs are its steps, each behind a mark.

`+` right and going on, `0` right and saying nothing new, `-` the first wrong step, `.` a step after it (never rated),
`|+`, `|0` and `|-` another way to put the step above, rated too. Paragraphs are parted by empty lines; a line break within one is a blank.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_RATINGS = {"+": 1, "0": 0, "-": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One solution. `ratings` (+1, 0, -1) go up to and including the first wrong step; alternatives stand by 0-based step."""

    steps: tuple[str, ...]
    answer: str
    ratings: tuple[int, ...]
    alternatives: Mapping[int, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    alternative_ratings: Mapping[int, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def first_error(self) -> int | None:
        """The 0-based step that goes wrong first; None where none does."""
        return len(self.ratings) - 1 if self.ratings[-1] == -1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    text: str
    answer: str
    subject: str
    level: str
    attempts: tuple[Attempt, ...]


def worked(answer: str, text: str) -> Attempt:
    r"""The solution written in `text`, ending in `answer`, which joins the last step as `\n\n# Answer\n\n…`.

    Raises `ValueError` for an unknown mark, for a rating after the first wrong step, and for a step without one before it.
    """
    steps: list[str] = []
    ratings: list[int] = []
    others: dict[int, list[tuple[str, int]]] = {}
    for paragraph in text.strip().split("\n\n"):
        mark, _, words = " ".join(paragraph.split()).partition(" ")
        if mark.startswith("|") and mark[1:] in _RATINGS and steps:
            others.setdefault(len(steps) - 1, []).append((words, _RATINGS[mark[1:]]))
            continue
        wrong_already = -1 in ratings
        if wrong_already != (mark == ".") or not (wrong_already or mark in _RATINGS):
            raise ValueError(f"the mark {mark!r} does not fit at: {words[:60]}")
        if not wrong_already:
            ratings.append(_RATINGS[mark])
        steps.append(words)
    return Attempt(
        steps=(*steps[:-1], f"{steps[-1]}\n\n# Answer\n\n{answer}"),
        answer=answer,
        ratings=tuple(ratings),
        alternatives={step: tuple(words for words, _ in found) for step, found in others.items()},
        alternative_ratings={step: tuple(rating for _, rating in found) for step, found in others.items()},
    )
