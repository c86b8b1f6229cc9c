"""Which of the scored pool a round chooses: a uniform share of the whole pool, and beside it what its strategy puts first."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from activelearning.round_config import RoundConfig
from annotation.models import Verdict

UNIFORM = "uniform"
WRONG_SHARE = 0.8  # of the mix


class Candidate(NamedTuple):
    """A scored solution of the pool; `score` is the product over its steps of P(+1) + P(0)."""

    solution: int
    problem: int
    verdict: str
    score: float


@dataclass(frozen=True, slots=True)
class Chosen:
    solution: int
    score: float
    strategy: str
    reason: str


def choose(candidates: Iterable[tuple[int, int, str, float]], *, config: RoundConfig) -> list[Chosen]:
    """The choice in rank order: the strategy's, best first, then the uniform share, drawn before from the whole pool.

    The same candidates and seed give the same choice. Where the strategy finds too few, fewer are chosen. The cap of one problem binds
    the strategy alone: a sample with a cap would no longer be uniform.
    """
    pool = [Candidate(*candidate) for candidate in candidates]
    generator = random.Random(config.seed)  # noqa: S311 (a reproducible sample, no secret)
    share = 1.0 if config.strategy == UNIFORM else config.uniform_share
    by_chance = generator.sample(pool, min(round(config.budget * share), len(pool)))
    drawn = {candidate.solution for candidate in by_chance}
    rest = [candidate for candidate in pool if candidate.solution not in drawn]
    picked = _STRATEGIES[config.strategy](rest, config.budget - len(by_chance), config.per_problem)
    uniform = [
        Chosen(c.solution, c.score, UNIFORM, f"by chance, {len(by_chance)} of {len(pool):,} in the pool")
        for c in by_chance
    ]
    return [*picked, *uniform]


def _convincing_wrong(pool: Sequence[Candidate], budget: int, per_problem: int | None) -> list[Chosen]:
    wrong = [candidate for candidate in pool if candidate.verdict == Verdict.WRONG]
    return [
        Chosen(c.solution, c.score, "convincing_wrong", f"scored {c.score:.3f}, yet its answer is graded wrong")
        for c in _best(wrong, budget, per_problem)
    ]


def _mixed(pool: Sequence[Candidate], budget: int, per_problem: int | None) -> list[Chosen]:
    first = _convincing_wrong(pool, round(budget * WRONG_SHARE), per_problem)
    taken = {chosen.solution for chosen in first}
    used = Counter(candidate.problem for candidate in pool if candidate.solution in taken)
    rest = [candidate for candidate in pool if candidate.solution not in taken]
    return [
        *first,
        *(
            Chosen(c.solution, c.score, "mixed", f"scored {c.score:.3f}, among the best of what remained")
            for c in _best(rest, budget - len(first), per_problem, used)
        ),
    ]


def _nothing(pool: Sequence[Candidate], budget: int, per_problem: int | None) -> list[Chosen]:
    return []


_STRATEGIES: dict[str, Callable[[Sequence[Candidate], int, int | None], list[Chosen]]] = {
    "convincing_wrong": _convincing_wrong,
    "mixed": _mixed,
    UNIFORM: _nothing,
}


def _best(
    pool: Iterable[Candidate], budget: int, per_problem: int | None, used: Counter[int] | None = None
) -> Iterator[Candidate]:
    """The best scored first, ties by key, at most `per_problem` of a problem (`used` count already)."""
    taken = Counter(used)
    left = budget
    for candidate in sorted(pool, key=lambda c: (-c.score, c.solution)):
        if left <= 0:
            return
        if per_problem is None or taken[candidate.problem] < per_problem:
            taken[candidate.problem] += 1
            left -= 1
            yield candidate


def in_words(strategies: Sequence[str]) -> str:
    """One sentence for the round's page about who chose how many."""
    words = {"convincing_wrong": "convincing wrong", "mixed": "best of the rest", UNIFORM: "by chance"}
    parts = ", ".join(f"{count:,} {words[strategy]}" for strategy, count in Counter(strategies).items())
    return f"{len(strategies):,} chosen: {parts}."
