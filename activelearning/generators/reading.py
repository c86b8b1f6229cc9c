r"""A sample's text as steps and an answer, or why it is neither.

    # Answer        #### 42        A: 42        \boxed{42}

    42

White space at a step's ends parts it from the next one and is not kept; inside it every byte stays. What comes after the answer is a
language model talking on, and is cut off. An answer under `# Answer` joins the last step, as in PRM800K; the others stand in a step.
"""

import re
from dataclasses import dataclass

from activelearning.generators.sampling import NUMBERED, PARAGRAPHS
from annotation.formats.math import last_boxed
from annotation.formats.rows import LONGEST_TEXT, MOST_STEPS

EMPTY = "empty"
CUT_OFF = "cut off before an answer"
NO_ANSWER = "without an answer"
NO_STEPS = "without steps in the format"
TOO_LONG = "too long"
UNREADABLE = "with unreadable characters"
REASONS = (EMPTY, CUT_OFF, NO_ANSWER, NO_STEPS, TOO_LONG, UNREADABLE)

ANSWER_MARK = "\n\n# Answer\n\n"
_UNREADABLE = re.compile("[\0\ud800-\udfff]")
_MARKS = {
    "heading": re.compile(r"^#{1,3} Answer:?[ \t]*\n+([^\n]+)", re.MULTILINE),
    "hashes": re.compile(r"^####[ \t]*([^\n]+)", re.MULTILINE),
    "letter": re.compile(r"^A:[ \t]*([^\n]+)", re.MULTILINE),
}
_STEP = re.compile(r"^Step \d{1,4}[:.]", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


class Malformed(ValueError):
    """A sample that is no solution; the text is one of `REASONS`."""


@dataclass(frozen=True, slots=True)
class Read:
    steps: tuple[str, ...]
    answer: str


def read(text: str, *, steps: str, answer: str = "auto", cut_off: bool = False) -> Read:
    """`steps` and `answer` as `Sampling` has them; `cut_off` where the sample ended at its most tokens. Raises `Malformed`."""
    if not text.strip():
        raise Malformed(EMPTY)
    if _UNREADABLE.search(text):
        raise Malformed(UNREADABLE)
    found = _answered(text, answer)
    if found is None or not found[1]:
        raise Malformed(CUT_OFF if cut_off else NO_ANSWER)
    body, said, joins = found
    parts = _split(body, steps)
    if not parts:
        raise Malformed(NO_STEPS)
    if joins:
        parts[-1] += ANSWER_MARK + said
    if len(parts) > MOST_STEPS or max(map(len, parts)) > LONGEST_TEXT:
        raise Malformed(TOO_LONG)
    return Read(tuple(parts), said)


def is_finished(tail: str, answer: str = "auto") -> bool:
    """Whether a text that ends like this has said its answer, so that a generator may stop: the answer's line is whole."""
    marks = [_MARKS[answer]] if answer in _MARKS else list(_MARKS.values()) if answer == "auto" else []
    if any((found := mark.search(tail)) and tail[found.end() :].startswith("\n") for mark in marks):
        return True
    return answer in ("auto", "boxed") and last_boxed(tail.rpartition("\n")[0]) is not None


def _answered(text: str, answer: str) -> tuple[str, str, bool] | None:
    """What comes before the answer's end, the answer, and whether it is to join the last step; the first that is written counts."""
    wanted = _MARKS if answer == "auto" else {answer: _MARKS[answer]} if answer in _MARKS else {}
    marked = [(found.start(), name, found) for name, mark in wanted.items() if (found := mark.search(text))]
    if marked:
        start, name, found = min(marked, key=lambda one: one[0])
        body = text[:start] if name == "heading" else text[: found.end()]
        return body, found.group(1).strip(), name == "heading"
    if answer not in ("auto", "boxed"):
        return None
    boxed = last_boxed(text)
    return None if boxed is None else (text, boxed.strip(), False)


def _split(body: str, steps: str) -> list[str]:
    if steps == NUMBERED:
        parts = _STEP.split(body)
        # What stands before the first number is an introduction; without any number this is another format.
        parts = parts if len(parts) > 1 else []
    else:
        parts = _BLANK_LINE.split(body) if steps == PARAGRAPHS else body.split("\n")
    return [part.strip() for part in parts if part.strip()]
