"""Vote disagreement: problems on which the highest score and the majority vote name different answers (committees that disagree: Seung and
others, COLT 1992; the two voters are those of self-consistency, arXiv 2203.11171, and best-of-N, arXiv 2305.20050).

Of each such problem come the solution with the highest score and, beside it, the best scored one of the answer that won the vote: one of
the two is wrong, and a label on each says which.
"""

from collections import Counter
from dataclasses import dataclass

from activelearning.strategies.pool import Cap, Pick, Pool, chance, needed

NAME = "vote_disagreement"


@dataclass(frozen=True, slots=True)
class Dispute:
    """Of one problem: the winner by score, the winner by vote, and how much higher the first one's score is."""

    by_score: int
    by_vote: int
    gap: float
    votes: int


def dispute(pool: Pool, members: list[int], *, seed: int) -> Dispute | None:
    """Of the solutions of one problem; None where both name the same answer, or the vote names none.

    Tied votes name none: two answers with the most votes each are no majority to part from. Nor does the score part from the vote where
    the vote's answer has the highest score, too. Other tied scores are broken by chance.
    """
    answers = needed(pool.answers, "answers")
    votes = Counter(answer for i in members if (answer := answers[i]) is not None)
    first, *rest = [*votes.most_common(2), (None, 0)]
    if first[0] is None or first[1] == rest[0][1]:
        return None
    ranked = [i for i in pool.by_score(members, seed=seed) if answers[i] is not None]
    theirs = next((i for i in ranked if answers[i] == first[0]), None)
    if theirs is None or not (gap := float(pool.scores[ranked[0]] - pool.scores[theirs])) > 0:
        return None
    return Dispute(by_score=ranked[0], by_vote=theirs, gap=gap, votes=first[1])


def choose(pool: Pool, cap: Cap, budget: int, *, seed: int) -> list[Pick]:
    """The problems with the widest gap first, two solutions of each as far as the cap allows."""
    members: dict[str, list[int]] = {}
    for index, problem in enumerate(pool.problems):
        members.setdefault(problem, []).append(index)
    found = [(problem, dispute(pool, those, seed=seed)) for problem, those in members.items()]
    disputes = [(problem, one) for problem, one in found if one is not None]
    disputes.sort(key=lambda pair: (-pair[1].gap, chance(seed, pair[0]), pair[0]))
    reasons = {}
    for _, one in disputes:
        reasons[one.by_score] = f"highest score of its problem, {pool.scores[one.by_score]:.4f}, against the vote"
        reasons[one.by_vote] = f"its answer has {one.votes} votes, yet score {pool.scores[one.by_vote]:.4f}"
    return [Pick(index=i, strategy=NAME, reason=reasons[i]) for i in cap.take(reasons, budget)]
