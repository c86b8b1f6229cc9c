"""Sums on a dial of eight digits, harder than `arithmetic` and in few tokens: what the simulations are run on.

A problem is a start and three to five moves, each of which adds a fixed number modulo 8. A generated solution takes one line a move, the
move's name and the digit that the dial shows then; the last digit is the answer. Slips are off by one, in some problems often. A trap is
one line of a problem where solutions tend to the same wrong digit (a misconception), with a probability of the problem's own that is mostly
high: wrong answers agree with each other, votes go wrong, and some problems are solved by one solution in hundreds. After an error a line
is now and then right again by luck. Some lines say nothing new (rated 0).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DIGITS = 8
MOVES = {"step": 1, "back": 7, "skip": 2, "drop": 6}
FILLERS = ("well", "now")
SHORTEST, LONGEST = 3, 5  # moves
SLIP = (1.0, 24.0)  # Beta: a line of the problem, off by one
TRAP = (1.4, 0.4)  # Beta: the share of a problem's solutions that fall into its trap
LUCKY = 0.03  # a line, once the digit is wrong
FILLER = 0.10  # before a line
# Of documents: the moves whose lines are now and then written wrongly and taken back, and how often.
TAKEN_BACK = ("step", "back")
SAID_WRONG = 0.35
NO = "no"

_PROBLEM = re.compile(r"((?:[a-z]+ )+)from (\d)")
_LINE = re.compile(r"([a-z]+) (\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """At move `step` (0-based) the share `probability` of solutions gets a digit that is `offset` too high."""

    step: int
    offset: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    text: str
    answer: str
    start: int
    moves: tuple[str, ...]
    trap: Trap
    slip: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    steps: tuple[str, ...]
    answer: str


def problems(n: int, seed: int) -> list[Problem]:
    """`n` problems with different texts; the first m of them are the same for every n >= m.

    Raises `ValueError` for n below 0 or over 100,000.
    """
    if not 0 <= n <= 100_000:
        raise ValueError(f"n is {n}; it must be from 0 to 100,000")
    rng = np.random.default_rng([seed, 4])
    found: dict[str, Problem] = {}
    while len(found) < n:
        problem = _problem(rng)
        found.setdefault(problem.text, problem)
    return list(found.values())


def solutions(problem: Problem, n: int, seed: int) -> list[Solution]:
    """`n` generated solutions; the same (problem, seed) gives the same ones, whatever else was generated."""
    rng = np.random.default_rng([seed, 5, *problem.text.encode()])
    return [_solution(problem, rng) for _ in range(n)]


def documents(n: int, seed: int) -> list[tuple[str, list[str]]]:
    """`n` problems, each with a right solution in which lines of some moves are first written wrongly and followed by "no": text to learn
    a language from. Of the other moves nobody ever says what is wrong."""
    rng = np.random.default_rng([seed, 9])
    return [(problem.text, _document(problem, rng)) for problem in (_problem(rng) for _ in range(n))]


def oracle(problem: Problem | str, solution: Solution | Sequence[str]) -> tuple[int, ...]:
    """Ratings of the steps up to and including the first wrong one: +1 right, 0 says nothing new, -1 wrong.

    Both are read from their text alone. Raises `ValueError` for a problem that is not of this domain.
    """
    start, moves = read(problem if isinstance(problem, str) else problem.text)
    steps = solution.steps if isinstance(solution, Solution) else solution
    ratings: list[int] = []
    right, done = start, 0
    for step in steps:
        line = _LINE.fullmatch(step)
        if line is None:
            ratings.append(0 if step in FILLERS else -1)
        elif done < len(moves) and line.group(1) == moves[done]:
            right, done = (right + MOVES[moves[done]]) % DIGITS, done + 1
            ratings.append(1 if int(line.group(2)) == right else -1)
        else:
            ratings.append(-1)
        if ratings[-1] == -1:
            break
    return tuple(ratings)


def read(text: str) -> tuple[int, list[str]]:
    """The start and the moves of a problem's text. Raises `ValueError` where it is not of this domain."""
    found = _PROBLEM.fullmatch(text)
    moves = found.group(1).split() if found else []
    if found is None or not all(move in MOVES for move in moves):
        raise ValueError("not a problem of the chains domain")
    return int(found.group(2)), moves


def _problem(rng: np.random.Generator) -> Problem:
    start = int(rng.integers(DIGITS))
    moves = tuple(str(move) for move in rng.choice(list(MOVES), size=int(rng.integers(SHORTEST, LONGEST + 1))))
    trap = Trap(
        step=int(rng.integers(len(moves))),
        offset=int(rng.choice((-2, -1, 1, 2))),
        probability=float(rng.beta(*TRAP)),
    )
    return Problem(
        text=f"{' '.join(moves)} from {start}",
        answer=str((start + sum(MOVES[move] for move in moves)) % DIGITS),
        start=start,
        moves=moves,
        trap=trap,
        slip=float(rng.beta(*SLIP)),
    )


def _solution(problem: Problem, rng: np.random.Generator) -> Solution:
    trapped = rng.random() < problem.trap.probability
    said = right = problem.start
    steps: list[str] = []
    for number, move in enumerate(problem.moves):
        was_right = said == right
        right = (right + MOVES[move]) % DIGITS
        said += MOVES[move]
        if not was_right and rng.random() < LUCKY:
            said = right
        elif trapped and number == problem.trap.step:
            said += problem.trap.offset
        elif rng.random() < problem.slip:
            said += int(rng.choice((-1, 1)))
        said %= DIGITS
        if rng.random() < FILLER:
            steps.append(str(rng.choice(FILLERS)))
        steps.append(f"{move} {said}")
    return Solution(steps=tuple(steps), answer=str(said))


def _document(problem: Problem, rng: np.random.Generator) -> list[str]:
    right = problem.start
    lines: list[str] = []
    for move in problem.moves:
        right = (right + MOVES[move]) % DIGITS
        if rng.random() < FILLER:
            lines.append(str(rng.choice(FILLERS)))
        if move in TAKEN_BACK and rng.random() < SAID_WRONG:
            lines += [f"{move} {(right + int(rng.choice((-2, -1, 1, 2)))) % DIGITS}", NO]
        lines.append(f"{move} {right}")
    return lines
