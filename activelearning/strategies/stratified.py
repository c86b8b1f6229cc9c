"""Stratified: the same number from each stratum (subject and level), by chance inside it, so that rare kinds of problems are not left out.

Equal allocation (Cochran, Sampling Techniques, chapter 5): what is learnt of each stratum is then about as sure. A stratum that is used
up leaves its part to the others.
"""

from activelearning.strategies.pool import Cap, Pick, Pool, chance, needed

NAME = "stratified"


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    """In turn one of each stratum; numbers differ by one at most, but for strata that have no more that may be chosen."""
    strata = needed(pool.strata, "strata")
    waiting: dict[str, list[int]] = {}
    for index in pool.by_chance(pool.unlabelled(), seed=seed):
        waiting.setdefault(strata[index], []).append(index)
    # By chance too, so that the odd ones out of the last turn are not always those of the same strata.
    turns = {name: iter(waiting[name]) for name in sorted(waiting, key=lambda name: (chance(seed, name), name))}
    picks: list[Pick] = []
    while turns and len(picks) < budget:
        for name in list(turns):
            if len(picks) == budget:
                break
            if taken := cap.take(turns[name], 1):
                picks.append(Pick(index=taken[0], strategy=NAME, reason=f"by chance among {name or NO_STRATUM}"))
            else:
                del turns[name]
    return picks


NO_STRATUM = "those without subject and level"


def stratum(subject: str, level: str) -> str:
    """The stratum's name: as much of subject and level as is known."""
    return ", ".join(part for part in (subject, level) if part)
