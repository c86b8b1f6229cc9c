"""Which answers are the same answer: groups for votes, by the answer grader and not by their strings."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt


def answer_groups(answers: Sequence[str | None], *, same: Callable[[str, str], bool]) -> npt.NDArray[np.int64]:
    """A number from 0 for each answer, in the order of first sight; -1 for none (null, or nothing but space).

    `same(one, other)` is asked of each new spelling and the first spelling of each group so far, so its answers need not be transitive.
    """
    numbers: dict[str, int] = {}
    firsts: list[str] = []
    found = np.full(len(answers), -1, dtype=np.int64)
    for index, answer in enumerate(answers):
        if answer is None or not answer.strip():
            continue
        spelling = answer.strip()
        if spelling not in numbers:
            numbers[spelling] = next((n for n, first in enumerate(firsts) if same(spelling, first)), len(firsts))
            if numbers[spelling] == len(firsts):
                firsts.append(spelling)
        found[index] = numbers[spelling]
    return found
