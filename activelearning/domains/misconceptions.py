"""Methods that are sound or not, each to be learnt by itself: what choosing labels can gain where knowledge is many separate facts.

A problem names four topics, of which some come often and most seldom. A solution takes a line a topic: a method of it, a made-up word. A
topic has a sound method and a misconception, and nothing but the word tells which is which: a method is sound when its SHA-256 is even, a
pattern that no small model sees. So a label of one method says nothing of another. A world is a set of topics with their methods, drawn
from a seed; all problems of a world share it. The answer is off by an amount that belongs to each misconception, so that solutions with
the same ones agree.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

TOPICS = 300
KINDS = 1  # sound methods of a topic, and as many misconceptions
LENGTH = 4  # topics of a problem
SELDOM = 1.0  # Zipf: topic n comes n ** -SELDOM times as often as the first
WRONG = 0.5  # of the lines
MODULUS = 97

_SYLLABLES = tuple(f"{a}{b}" for a in "bdfgklmnprstvz" for b in "aeiou")
_METHOD, _TOPIC = 2, 3  # syllables of a word, so that no topic is a method
_PROBLEM = re.compile(r"(?:[a-z]{6} ){4}from (\d\d?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Topics by name from the most frequent on, the share of lines of each, its methods and how often each is taken."""

    topics: tuple[str, ...]
    shares: tuple[float, ...]
    methods: tuple[tuple[str, ...], ...]
    taken: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`topics` are places in the world's list."""

    text: str
    answer: str
    topics: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    steps: tuple[str, ...]
    answer: str


def is_sound(method: str) -> bool:
    return _number(method) % 2 == 0


@lru_cache(maxsize=16)
def world(seed: int) -> World:
    rng = np.random.default_rng([seed, 12])
    topics = _words(rng, TOPICS, _TOPIC, lambda word: True)
    sound = _words(rng, TOPICS * KINDS, _METHOD, is_sound)
    mistaken = _words(rng, TOPICS * KINDS, _METHOD, lambda word: not is_sound(word))
    often = np.arange(1, TOPICS + 1) ** -SELDOM
    parts = [slice(at * KINDS, (at + 1) * KINDS) for at in range(TOPICS)]
    return World(
        topics=tuple(topics),
        shares=tuple((often / often.sum()).tolist()),
        methods=tuple((*sound[part], *mistaken[part]) for part in parts),
        taken=tuple(
            (*(rng.dirichlet(np.ones(KINDS)) * (1 - WRONG)), *(rng.dirichlet(np.ones(KINDS)) * WRONG)) for _ in parts
        ),
    )


def problems(n: int, seed: int, world: World) -> list[Problem]:
    """`n` problems with different texts; the first m of them are the same for every n >= m.

    Raises `ValueError` for n below 0 or over 100,000.
    """
    if not 0 <= n <= 100_000:
        raise ValueError(f"n is {n}; it must be from 0 to 100,000")
    rng = np.random.default_rng([seed, 13])
    found: dict[str, Problem] = {}
    while len(found) < n:
        topics = rng.choice(TOPICS, size=LENGTH, replace=False, p=world.shares).tolist()
        answer = str(rng.integers(MODULUS))
        text = f"{' '.join(world.topics[topic] for topic in topics)} from {answer}"
        found.setdefault(text, Problem(text=text, answer=answer, topics=tuple(topics)))
    return list(found.values())


def solutions(problem: Problem, n: int, seed: int, world: World) -> list[Solution]:
    """`n` generated solutions; the same (problem, seed) gives the same ones, whatever else was generated."""
    rng = np.random.default_rng([seed, 14, *problem.text.encode()])
    return [_solution(problem, rng, world) for _ in range(n)]


def oracle(problem: Problem | str, solution: Solution | Sequence[str]) -> tuple[int, ...]:
    """Ratings up to and including the first misconception: +1 sound, -1 not. Words alone say it, so whose method it is does not count.

    Raises `ValueError` for a problem that is not of this domain.
    """
    if not _PROBLEM.fullmatch(problem if isinstance(problem, str) else problem.text):
        raise ValueError("not a problem of the misconceptions domain")
    ratings: list[int] = []
    for step in solution.steps if isinstance(solution, Solution) else solution:
        ratings.append(1 if is_sound(step) else -1)
        if ratings[-1] == -1:
            break
    return tuple(ratings)


def _solution(problem: Problem, rng: np.random.Generator, world: World) -> Solution:
    steps = tuple(str(rng.choice(world.methods[topic], p=world.taken[topic])) for topic in problem.topics)
    off = sum(1 + _number(step) // 2 % (MODULUS - 1) for step in steps if not is_sound(step))
    return Solution(steps=steps, answer=str((int(problem.answer) + off) % MODULUS))


def _number(word: str) -> int:
    return int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])


def _words(rng: np.random.Generator, n: int, syllables: int, fits: Callable[[str], bool]) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < n:
        word = "".join(rng.choice(_SYLLABLES, size=syllables).tolist())
        if fits(word):
            found.setdefault(word)
    return list(found)
