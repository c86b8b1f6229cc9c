"""Small sums in words, with slips and traps, and an oracle that rates every step: data to learn a plain rule from, and to try the loop on.

A problem is a start value and two to four changes by 1 to 3. A generated solution takes one line a change. Slips are off by one. A trap is
one line of a problem where solutions tend to the same wrong value (a misconception), with a probability of the problem's own from
Beta(1.6, 2.2): wrong answers cluster, so votes go wrong. After an error a line is now and then right again by luck. Some lines say nothing
new (rated 0). Shares as in the offline simulation that the project started from: about half of the answers are right.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import numpy as np

from annotation.formats.prm800k import write_record

SLIP = 0.10  # a line
LUCKY = 0.05  # a line, once the value is wrong
FILLER = 0.10  # before a line
TRAP = (1.6, 2.2)  # Beta: the share of a problem's solutions that fall into its trap
LOWEST, HIGHEST = 1, 12  # every right value lies here
ORACLE = UUID("5f0f1b52-8d5a-5a53-9f8e-0a1d7b2c6e11")  # the labeller's id in written lines

_PEOPLE = ("Mia", "Noor", "Tomás", "Ines", "Kofi", "Lena", "Ravi", "Yuki", "Sam", "Zoë")
_THINGS = ("marbles", "stamps", "shells", "pencils", "cards", "plums", "buttons", "coins")
_MORE = ("finds ${k}$ more", "is given ${k}$", "buys ${k}$")
_LESS = ("gives away ${k}$", "loses ${k}$", "sells ${k}$")
FILLERS = ("Let us look at the next change.", "We go on step by step.", "So far so good.", "Now we take what is left.")
LINE = re.compile(r"\$(-?\d+) ([+-]) (\d+) = (-?\d+)\$")
PERSON_AND_THING = re.compile(r"\A(\S+) has \$\d+\$ (\w+)\. ")
PHRASE = re.compile(r"\. Then \S+ (.+?)(?=\. )")
_START = re.compile(r"has \$(\d+)\$")
_CHANGE = re.compile(r"(finds|is given|buys|gives away|loses|sells) \$(\d)\$")
_ANSWER = re.compile(r"# Answer\n\n(-?\d+)\Z")
_GAINS = ("finds", "is given", "buys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """At change `step` (0-based) the share `probability` of solutions gets a result that is `offset` too high."""

    step: int
    offset: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    text: str
    answer: str
    person: str
    thing: str
    start: int
    changes: tuple[int, ...]  # +3 or -2
    phrases: tuple[str, ...]
    trap: Trap


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    steps: tuple[str, ...]
    answer: str


def problems(n: int, seed: int) -> list[Problem]:
    """`n` problems with different texts; the first m of them are the same for every n >= m.

    Raises `ValueError` where n is negative or more than a seed gives.
    """
    if not 0 <= n <= 100_000:
        raise ValueError(f"n is {n}; it must be from 0 to 100,000")
    rng = np.random.default_rng([seed, 1])
    found: dict[str, Problem] = {}
    while len(found) < n:
        problem = _problem(rng)
        found.setdefault(problem.text, problem)
    return list(found.values())


def solutions(problem: Problem, n: int, seed: int) -> list[Solution]:
    """`n` generated solutions; the same (problem, seed) gives the same ones, whatever else was generated."""
    rng = np.random.default_rng([seed, 2, *problem.text.encode()])
    return [_solution(problem, rng) for _ in range(n)]


def oracle(problem: Problem | str, solution: Solution | Sequence[str]) -> tuple[int, ...]:
    """Ratings of the steps up to and including the first wrong one: +1 right, 0 says nothing new, -1 wrong.

    Both are read from their text alone, so stored rows can be rated. Raises `ValueError` for a problem that is not of this domain.
    """
    values = right_values(problem if isinstance(problem, str) else problem.text)
    steps = solution.steps if isinstance(solution, Solution) else solution
    ratings: list[int] = []
    done = 0
    for step in steps:
        rating, done = _rating(step, values, done)
        ratings.append(rating)
        if rating == -1:
            break
    return tuple(ratings)


def labelled_lines(pairs: Sequence[tuple[Problem, Solution]]) -> Iterator[str]:
    """PRM800K lines (phase 2, without newline) of these solutions as the oracle rates them."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for number, (problem, solution) in enumerate(pairs):
        ratings = oracle(problem, solution)
        wrong = ratings[-1] == -1
        steps = [
            {
                "completions": [{"text": text, "rating": rating, "flagged": False}],
                "human_completion": None,
                "chosen_completion": None if rating == -1 else 0,
            }
            for text, rating in zip(solution.steps, ratings, strict=False)
        ]
        yield write_record(
            labeller=str(ORACLE),
            submitted_at=began + timedelta(seconds=number),
            generation=0,
            is_quality_control=False,
            is_initial_screening=False,
            question={
                "problem": problem.text,
                "ground_truth_solution": None,
                "ground_truth_answer": problem.answer,
                "pre_generated_steps": list(solution.steps),
                "pre_generated_answer": solution.answer,
                "pre_generated_verifier_score": None,
            },
            label={"steps": steps, "total_time": 0, "finish_reason": "found_error" if wrong else "solution"},
        )


def pool_line(problem: Problem, solution: Solution) -> str:
    """One line of the `solutions` format (also what scoring takes), without newline."""
    record = {
        "problem": problem.text,
        "steps": list(solution.steps),
        "answer": solution.answer,
        "ground_truth_answer": problem.answer,
        "generator": "arithmetic",
    }
    return json.dumps(record, ensure_ascii=False)


def read(text: str) -> Problem:
    """The problem that a text states, its trap drawn from the text alone: where it stood at first is in no text.

    Raises `ValueError` for a problem that is not of this domain.
    """
    values, subject, phrases = right_values(text), PERSON_AND_THING.match(text), PHRASE.findall(text)
    if subject is None or len(phrases) != len(values) - 1:
        raise ValueError("not a problem of the arithmetic domain")
    changes = tuple(after - before for before, after in pairwise(values))
    return Problem(
        text=text,
        answer=str(values[-1]),
        person=subject[1],
        thing=subject[2],
        start=values[0],
        changes=changes,
        phrases=tuple(phrases),
        trap=_trap(len(changes), np.random.default_rng([6, *text.encode()])),
    )


def _trap(changes: int, rng: np.random.Generator) -> Trap:
    return Trap(
        step=int(rng.integers(changes)),
        offset=int(rng.choice((-2, -1, 1, 2))),
        probability=float(rng.beta(*TRAP)),
    )


def _problem(rng: np.random.Generator) -> Problem:
    person, thing = str(rng.choice(_PEOPLE)), str(rng.choice(_THINGS))
    start = value = int(rng.integers(LOWEST + 1, HIGHEST))
    changes: list[int] = []
    phrases: list[str] = []
    for _ in range(int(rng.integers(2, 5))):
        size, sign = int(rng.integers(1, 4)), int(rng.choice((-1, 1)))
        change = size * sign if LOWEST <= value + size * sign <= HIGHEST else -size * sign
        value += change
        changes.append(change)
        phrases.append(str(rng.choice(_MORE if change > 0 else _LESS)).replace("{k}", str(size)))
    then = ". Then ".join([f"{person} has ${start}$ {thing}", *(f"{person} {phrase}" for phrase in phrases)])
    trap = _trap(len(changes), rng)
    return Problem(
        text=f"{then}. How many {thing} does {person} have now?",
        answer=str(value),
        person=person,
        thing=thing,
        start=start,
        changes=tuple(changes),
        phrases=tuple(phrases),
        trap=trap,
    )


def _solution(problem: Problem, rng: np.random.Generator) -> Solution:
    trapped = rng.random() < problem.trap.probability
    said = right = problem.start
    steps: list[str] = []
    for number, change in enumerate(problem.changes):
        before, right = said, right + change
        said = before + change
        if before != right - change and rng.random() < LUCKY:
            said = right
        elif trapped and number == problem.trap.step:
            said += problem.trap.offset
        elif rng.random() < SLIP:
            said += int(rng.choice((-1, 1)))
        if rng.random() < FILLER:
            steps.append(str(rng.choice(FILLERS)))
        sign = "+" if change > 0 else "-"
        steps.append(f"{problem.person} {problem.phrases[number]}: ${before} {sign} {abs(change)} = {said}$.")
    steps.append(f"So {problem.person} has ${said}$ {problem.thing}.\n\n# Answer\n\n{said}")
    return Solution(steps=tuple(steps), answer=str(said))


def right_values(text: str) -> list[int]:
    """The start value and the value after each change. Raises `ValueError` for a problem that is not of this domain."""
    start = _START.search(text)
    changes = _CHANGE.findall(text)
    if start is None or not changes:
        raise ValueError("not a problem of the arithmetic domain")
    values = [int(start.group(1))]
    for verb, size in changes:
        values.append(values[-1] + (int(size) if verb in _GAINS else -int(size)))
    return values


def _rating(step: str, values: list[int], done: int) -> tuple[int, int]:
    """The rating of a step after `done` right changes, and how many are done after it."""
    answer = _ANSWER.search(step)
    if answer is not None:
        return (1 if done == len(values) - 1 and int(answer.group(1)) == values[-1] else -1), done
    line = LINE.search(step)
    if line is None:
        return 0, done
    before, sign, size, after = int(line.group(1)), line.group(2), int(line.group(3)), int(line.group(4))
    if done + 1 >= len(values):
        return -1, done
    wanted = values[done + 1] - values[done]
    right = before == values[done] and (size if sign == "+" else -size) == wanted and after == values[done + 1]
    return (1, done + 1) if right else (-1, done)
