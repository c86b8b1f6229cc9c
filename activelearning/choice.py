"""Which of the scored pool a round chooses: database rows to the strategies' arrays, and their picks back to rows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from activelearning.round_config import RoundConfig
from activelearning.strategies.choose import select
from activelearning.strategies.pool import Pool
from annotation.models import Verdict

WORDS = {"convincing_wrong": "convincing wrong", "mixed": "by the 80/20 mix", "uniform": "by chance"}


@dataclass(frozen=True, slots=True)
class Chosen:
    solution: int
    score: float
    strategy: str
    reason: str


def choose(candidates: Iterable[tuple[int, int, str, float]], *, config: RoundConfig) -> list[Chosen]:
    """The picks in rank order from (solution, problem, verdict, score); only a verdict of wrong is wrong.

    The same candidates and seed give the same choice. Where the strategy finds too few, fewer are chosen.
    """
    rows = list(candidates)
    pool = Pool(
        ids=[str(solution) for solution, _, _, _ in rows],
        problems=[str(problem) for _, problem, _, _ in rows],
        scores=np.array([score for _, _, _, score in rows], dtype=np.float64),
        is_wrong=np.array([verdict == Verdict.WRONG for _, _, verdict, _ in rows], dtype=np.bool_),
    )
    picks = select(
        pool,
        strategy=config.strategy,
        budget=config.budget,
        per_problem=config.per_problem,
        uniform_share=config.uniform_share,
        seed=config.seed,
    )
    return [Chosen(rows[p.index][0], rows[p.index][3], p.strategy, p.reason) for p in picks]


def in_words(strategies: Sequence[str]) -> str:
    """One sentence for the round's page about who chose how many."""
    parts = ", ".join(f"{count:,} {WORDS.get(name, name)}" for name, count in Counter(strategies).items())
    return f"{len(strategies):,} chosen: {parts}."
