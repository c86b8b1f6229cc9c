"""Where a model's highest score and the majority vote of the pool part, kept for each problem as its scores come in.

No index on scores can say who wins a vote; one on these rows gives a choice the widest gaps without reading the pool.
"""

from collections.abc import Collection, Iterator
from itertools import groupby

import numpy as np
from django.db.models import QuerySet

from activelearning.models import VoteDispute
from activelearning.strategies import vote_disagreement
from activelearning.strategies.lines import answer_key
from activelearning.strategies.pool import Pool
from annotation.models import Project, Purpose, Score, Solution, Split

Members = list[tuple[int, float, str | None]]  # (solution, score, answer)


def keep(*, project: Project, scorer: str, problems: Collection[int]) -> None:
    """What the scores of these problems say now, in place of what was kept; in the transaction that stores the scores."""
    rows = [
        VoteDispute(scorer=scorer, problem_id=problem, gap=gap)
        for problem, members in by_problem(project=project, scorer=scorer, problems=problems)
        if (gap := gap_of(problem, members)) is not None
    ]
    VoteDispute.objects.filter(scorer=scorer, problem__in=problems).delete()
    VoteDispute.objects.bulk_create(rows)


def by_problem(*, project: Project, scorer: str, problems: Collection[int]) -> Iterator[tuple[int, Members]]:
    """Each of these problems that has scored solutions in the pool, with them."""
    rows = Solution.objects.pool(project).filter(
        problem__in=problems, scores__scorer=scorer, scores__prm_score__isnull=False, scores__problem__isnull=False
    )
    listed = rows.order_by("problem_id").values_list("problem_id", "pk", "scores__prm_score", "answer")
    for problem, members in groupby(listed, key=lambda row: row[0]):
        yield problem, [(pk, score, answer) for _, pk, score, answer in members if score is not None]


def gap_of(problem: int, members: Members) -> float | None:
    """How far score and vote part; None where they do not."""
    pool = Pool(
        ids=[str(solution) for solution, _, _ in members],
        problems=[str(problem)] * len(members),
        scores=np.array([score for _, score, _ in members], dtype=np.float64),
        is_wrong=np.zeros(len(members), dtype=np.bool_),
        answers=[answer_key(answer) for _, _, answer in members],
    )
    found = vote_disagreement.dispute(pool, list(range(len(members))), seed=0)  # chance decides nothing of the gap
    return None if found is None else found.gap


def changed(*, project: Project, scorer: str) -> list[int]:
    """Problems of which a scored solution has left the pool since: what was kept of them may not be so any more."""
    gone = Score.objects.filter(
        scorer=scorer, problem__isnull=False, solution__project=project, solution__purpose=Purpose.LABEL
    )
    return sorted(set(gone.values_list("problem", flat=True)))


def kept(*, project: Project, scorer: str) -> "QuerySet[VoteDispute]":
    """Of the project's problems to label; (gap, problem) along an index, the widest gap first."""
    return VoteDispute.objects.filter(scorer=scorer, problem__project=project, problem__split=Split.LABEL).order_by(
        "-gap", "problem"
    )
