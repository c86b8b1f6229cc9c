"""GSM8K's two files: problems (`question`, `answer`), and problems with a few graded model solutions each, one object a generator.

Steps of a model solution are its lines, text as it stands with the `<<…>>` calculator notes; its answer follows `A:` on the last such line.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import ProblemRow, SolutionRow

_MOST_GENERATORS = 100


def read(record: Mapping[str, Any]) -> Iterator[ProblemRow | SolutionRow]:
    """One problem, or one solution for each generator. Keys that hold no solution are passed over, as published files may grow."""
    text = fields.text(fields.required(record, "question"), "question", empty=False)
    if "ground_truth" not in record:
        answer, solution = _reference(record, "answer", "#### ")
        yield ProblemRow(text=text, answer=answer, solution=solution)
        return
    answer, solution = _reference(record, "ground_truth", "A: ")
    problem = ProblemRow(text=text, answer=answer, solution=solution)
    generators = [key for key, value in record.items() if isinstance(value, dict)]
    if not generators:
        raise Unreadable("question", "has no model solutions beside it")
    if len(generators) > _MOST_GENERATORS:
        raise Unreadable("question", f"has more than {_MOST_GENERATORS} model solutions")
    for generator in generators:
        yield _solution(problem, generator, record[generator])


def _solution(problem: ProblemRow, generator: str, given: dict[str, Any]) -> SolutionRow:
    path = generator[:60]
    text = fields.text(fields.required(given, "solution", path + "."), f"{path}.solution", empty=False)
    return SolutionRow(
        problem=problem,
        steps=fields.step_texts(text.split("\n"), f"{path}.solution"),
        answer=_after_last(text, "A:"),
        generator=fields.name(generator, path),
        published_correct=fields.truth(fields.required(given, "is_correct", path + "."), f"{path}.is_correct"),
    )


def _reference(record: Mapping[str, Any], key: str, mark: str) -> tuple[str, str]:
    """The final answer and the whole reference solution."""
    text = fields.text(fields.required(record, key), key)
    answer = _after_last(text, mark)
    if answer is None:
        raise Unreadable(key, f"has no line that starts with {mark!r}")
    return answer, text


def _after_last(text: str, mark: str) -> str | None:
    """What follows the mark on the last line that starts with it, blanks around it left out."""
    for line in reversed(text.split("\n")):
        if line.startswith(mark):
            return line[len(mark) :].strip()
    return None
