"""How solutions are sampled: the settings of a round's `sampling`, checked by name, and the prompt that a language model is given."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

PLACE = "{problem}"  # where the problem stands in a prompt
LINES, PARAGRAPHS, NUMBERED = "lines", "paragraphs", "numbered"
STEPS = (LINES, PARAGRAPHS, NUMBERED)
ANSWERS = ("auto", "heading", "hashes", "letter", "boxed")
MOST_SAMPLES = 1024  # of a problem
MOST_TOKENS = 32_768  # of a sample
LONGEST_PROMPT = 50_000  # characters
MOST_STOPS, LONGEST_STOP = 4, 100  # what OpenAI's interface takes at most; characters

# Two solved problems in the format that is asked for: a model that was never taught the format copies it from them.
_SOLVED = (
    (
        "A box holds $4$ pens. Ada has $3$ boxes and gives away $5$ pens. How many pens are left?",
        (r"Ada's boxes hold $3 \cdot 4 = 12$ pens.", "She gives away $5$ of them, so $12 - 5 = 7$ pens are left."),
        "7",
    ),
    (
        "Find the sum of the solutions of $x^2 - 5x + 6 = 0$.",
        ("We factor: $x^2 - 5x + 6 = (x - 2)(x - 3)$.", "So $x = 2$ or $x = 3$.", "Their sum is $2 + 3 = 5$."),
        "5",
    ),
)
_ASKED = {
    LINES: "Write one step a line.",
    PARAGRAPHS: "Leave an empty line between two steps.",
    NUMBERED: 'Begin each step with "Step 1:", "Step 2:" and so on.',
}


class SamplingError(ValueError):
    """Settings that cannot be used; `errors` has what is wrong, by name."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {said}" for name, said in errors.items()))
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    problems: int | None = 200  # drawn by chance, others in each round; None: all
    samples: int = 8  # of a problem
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 1024  # of a sample
    steps: str = LINES  # how a solution's text falls into steps
    answer: str = "auto"  # how it says its answer (`reading.py`)
    prompt: str = ""  # with {problem} in it; empty: two solved examples in the format of `steps`
    stop: tuple[str, ...] = ("\n\nProblem:",)  # what ends a sample, beside its answer

    def prompt_for(self, problem: str) -> str:
        return (self.prompt or default_prompt(self.steps)).replace(PLACE, problem)

    def as_dict(self) -> dict[str, Any]:
        """Every setting, as JSON."""
        return {**asdict(self), "stop": list(self.stop)}


def parse(given: object) -> Sampling:
    """Raises `SamplingError` with every setting that is not known or cannot be as given."""
    if not isinstance(given, Mapping):
        raise SamplingError({"": "must be an object"})
    known = {f.name for f in fields(Sampling)}
    wrong = {str(name): "is not a known setting" for name in given if name not in known}
    wrong |= {name: said for name, value in given.items() if name in known and (said := _RULES[name](value))}
    if wrong:
        raise SamplingError(wrong)
    values: dict[str, Any] = {name: tuple(value) if name == "stop" else value for name, value in given.items()}
    return Sampling(**values)


def default_prompt(steps: str) -> str:
    """Two solved problems, then the one to solve."""
    asked = (
        f"Solve each problem step by step. {_ASKED[steps]} End with the line # Answer and, below it, the answer alone."
    )
    solved = [
        f"Problem: {text}\nSolution:\n{joined(lines, steps)}\n\n# Answer\n\n{answer}" for text, lines, answer in _SOLVED
    ]
    return "\n\n".join([asked, *solved, f"Problem: {PLACE}\nSolution:\n"])


def joined(steps: tuple[str, ...], how: str) -> str:
    """Steps as a text that falls into them again."""
    if how == NUMBERED:
        return "\n".join(f"Step {number}: {step}" for number, step in enumerate(steps, start=1))
    return ("\n" if how == LINES else "\n\n").join(steps)


def _number(low: float, high: float, *, whole: bool, none: bool = False) -> Callable[[object], str]:
    kinds = (int,) if whole else (int, float)

    def check(value: object) -> str:
        if value is None and none:
            return ""
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            return f"must be a {'whole ' if whole else ''}number from {low:g} to {high:g}"
        return ""

    return check


def _one_of(*choices: str) -> Callable[[object], str]:
    return lambda value: "" if value in choices else f"must be one of {', '.join(choices)}"


def _prompt(value: object) -> str:
    if value == "":
        return ""
    if not isinstance(value, str) or PLACE not in value:
        return f"must be a text with {PLACE} in it"
    return (
        "" if len(value) <= LONGEST_PROMPT and "\0" not in value else f"has over {LONGEST_PROMPT:,} characters or a NUL"
    )


def _stop(value: object) -> str:
    listed = isinstance(value, list | tuple) and len(value) <= MOST_STOPS
    if listed and all(isinstance(text, str) and 0 < len(text) <= LONGEST_STOP for text in value):  # type: ignore[attr-defined]
        return ""
    return f"must be a list of at most {MOST_STOPS} texts"


_RULES: dict[str, Callable[[object], str]] = {
    "problems": _number(1, 10_000_000, whole=True, none=True),
    "samples": _number(1, MOST_SAMPLES, whole=True),
    "temperature": _number(0, 2, whole=False),
    "top_p": _number(0.01, 1, whole=False),
    "max_tokens": _number(1, MOST_TOKENS, whole=True),
    "steps": _one_of(*STEPS),
    "answer": _one_of(*ANSWERS),
    "prompt": _prompt,
    "stop": _stop,
}
