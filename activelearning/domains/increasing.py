"""Numbers that rise: a step is right when it is larger than the one before, the outcome when all steps are.

With no answer and nothing to compute, supervision of the process and of the outcome can be compared exactly: both are to find one and the
same thing, a number that is not larger. A problem is the list's own number and the first one on it; how often a solution falls back is the
problem's own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LENGTH = 8  # numbers after the first
HIGHEST = 99
FIRST = (15, 35)  # from, to
RISE, FALL = 7, 5  # at most; a fall may be by nothing
ERROR = (1.6, 3.2)  # Beta: the share of a problem's steps that do not rise

_PROBLEM = re.compile(r"list \d{6} from (\d\d)")
_STEP = re.compile(r"(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    text: str
    first: int
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    steps: tuple[str, ...]


def problems(n: int, seed: int) -> list[Problem]:
    """`n` problems with different texts; the first m of them are the same for every n >= m.

    Raises `ValueError` for n below 0 or over 100,000.
    """
    if not 0 <= n <= 100_000:
        raise ValueError(f"n is {n}; it must be from 0 to 100,000")
    rng = np.random.default_rng([seed, 6])
    found: dict[str, Problem] = {}
    while len(found) < n:
        problem = _problem(rng)
        found.setdefault(problem.text, problem)
    return list(found.values())


def solutions(problem: Problem, n: int, seed: int) -> list[Solution]:
    """`n` generated solutions; the same (problem, seed) gives the same ones, whatever else was generated."""
    rng = np.random.default_rng([seed, 7, *problem.text.encode()])
    return [_solution(problem, rng) for _ in range(n)]


def oracle(problem: Problem | str, solution: Solution | Sequence[str]) -> tuple[int, ...]:
    """Ratings up to and including the first step that is not larger than the number before it: +1 right, -1 wrong.

    Both are read from their text alone. Raises `ValueError` for a problem that is not of this domain.
    """
    found = _PROBLEM.fullmatch(problem if isinstance(problem, str) else problem.text)
    if found is None:
        raise ValueError("not a problem of the increasing domain")
    before = int(found.group(1))
    ratings: list[int] = []
    for step in solution.steps if isinstance(solution, Solution) else solution:
        number = _STEP.fullmatch(step)
        if number is None or int(step) <= before:
            return (*ratings, -1)
        ratings.append(1)
        before = int(step)
    return tuple(ratings)


def is_right(problem: Problem | str, solution: Solution | Sequence[str]) -> bool:
    """The outcome: so many numbers, all of them rising."""
    ratings = oracle(problem, solution)
    return len(ratings) == LENGTH and -1 not in ratings


def _problem(rng: np.random.Generator) -> Problem:
    first = int(rng.integers(FIRST[0], FIRST[1] + 1))
    return Problem(
        text=f"list {rng.integers(100_000, 1_000_000)} from {first:02d}", first=first, error=float(rng.beta(*ERROR))
    )


def _solution(problem: Problem, rng: np.random.Generator) -> Solution:
    said = problem.first
    steps: list[str] = []
    for _ in range(LENGTH):
        falls = rng.random() < problem.error
        said += -int(rng.integers(FALL + 1)) if falls else int(rng.integers(1, RISE + 1))
        said = min(max(said, 0), HIGHEST)
        steps.append(f"{said:02d}")
    return Solution(steps=tuple(steps))
