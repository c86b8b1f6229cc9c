"""Uniform: every candidate is as likely as any other, whatever its score and answer. The arm that all others are compared with."""

from activelearning.strategies.pool import Cap, Pick, Pool

NAME = "uniform"


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    ranked = pool.by_chance(pool.unlabelled(), seed=seed)
    return [Pick(index=i, strategy=NAME, reason="chosen by chance") for i in cap.take(ranked, budget)]
