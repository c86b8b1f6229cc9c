"""Of a scored pool the part that holds a strategy's whole answer, read along an index; the strategy itself then chooses from it.

Why so few are enough: a strategy takes candidates in one order as far as the caps leave room, and what others took before it can push it
at most as many places down that order as they took. So the first `budget` that fit under the caps by themselves hold its answer,
whatever else is chosen beside it. Ties are included: among equals chance decides, which no index knows. Memory follows the
budget, never the pool.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import F, Min, Q, QuerySet

from activelearning import votes
from activelearning.strategies import relabel, stratified
from activelearning.strategies.lines import says
from activelearning.strategies.pool import chance, lot_rank
from activelearning.strategies.uncertainty import UNSURE
from annotation.models import LOTS, Annotation, FinishReason, Project, Score, Solution, Split, Verdict, WorkState

LEAST_PAGE, MOST_PAGE = 200, 5_000  # rows in one query
MOST_EXCLUDED = 5_000  # problems that a query leaves out because they are full
FIRST_LOTS, MOST_LOTS = 16, 4_096
SMALL = 5_000  # a pool that is read at once where chance decides
SLACK = 10_000
WALK = 50  # a stratum with less than one in so many of the pool is read whole
DIVERSE, MOST_DIVERSE = (
    20,
    20_000,
)  # of the pool, drawn by chance, `diversity` sees so many times the budget, so many at most
VERDICTS = ("", Verdict.RIGHT, Verdict.WRONG, Verdict.UNDECIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A choice to be made: from what, how many at most, under which caps."""

    project: Project
    scorer: str
    budget: int
    per_problem: int | None
    merge: bool
    seed: int


class Found(NamedTuple):
    """A candidate on the way: the higher its value, the sooner it is taken."""

    value: float
    solution: int
    problem: int
    says: Hashable


@dataclass(slots=True)
class Room:
    """What the caps leave, as `strategies.pool.Cap` does on a whole pool."""

    per_problem: int | None
    taken: Counter[int] = field(default_factory=Counter)
    said: set[tuple[int, Hashable]] = field(default_factory=set)

    def take(self, ranked: Iterable[Found], count: int) -> list[Found]:
        found: list[Found] = []
        for one in ranked:
            if len(found) >= count:
                break
            full = self.per_problem is not None and self.taken[one.problem] >= self.per_problem
            if not full and (one.says is None or (one.problem, one.says) not in self.said):
                self.taken[one.problem] += 1
                self.said.add((one.problem, one.says))
                found.append(one)
        return found

    def copy(self) -> "Room":
        return Room(self.per_problem, self.taken.copy(), self.said.copy())

    def full(self) -> list[int]:
        """Problems of which no more may be taken; none where there are too many of them to tell the database."""
        if self.per_problem is None:
            return []
        found = [problem for problem, count in self.taken.items() if count >= self.per_problem]
        return found if len(found) <= MOST_EXCLUDED else []


def scored(wish: Wish) -> "QuerySet[Score]":
    """The scores that a choice may be made by: those of the indexes."""
    return Score.objects.filter(scorer=wish.scorer, problem__isnull=False, prm_score__isnull=False)


def eligible(wish: Wish, solutions: Sequence[int], *columns: str) -> dict[int, tuple[Any, ...]]:
    """Of these solutions those that are in the pool now, each with its problem, its steps where they matter, and `columns`."""
    wanted = ["pk", "problem_id", "steps" if wish.merge else "problem_id", *columns]
    found: dict[int, tuple[Any, ...]] = {}
    for start in range(0, len(solutions), MOST_PAGE):
        rows = Solution.objects.pool(wish.project).filter(pk__in=solutions[start : start + MOST_PAGE])
        for pk, problem, steps, *more in rows.values_list(*wanted):
            found[pk] = (problem, says(steps) if wish.merge else None, *more)
    return found


# --- along a number -------------------------------------------------------------------------------------------------


def best(wish: Wish, streams: Callable[[Room], Iterable[Iterator[Found]]]) -> set[int]:
    """The first `budget` that fit under the caps in the merged order of the streams."""
    room = Room(wish.per_problem)
    merged = heapq.merge(*streams(room), key=lambda one: -one.value)
    taken: set[int] = set()
    for _, equals in groupby(merged, key=lambda one: one.value):
        left = wish.budget - len(taken)
        taken.update(one.solution for one in room.take(_in_order(equals, wish, room, left), left))
        if len(taken) >= wish.budget:
            break
    return taken


def _in_order(equals: Iterator[Found], wish: Wish, room: Room, left: int) -> list[Found]:
    """Equals by chance. Of very many only those are kept that would be taken of what was seen: further ones cannot bring others back."""

    def key(one: Found) -> tuple[bytes, str]:
        return chance(wish.seed, str(one.solution)), str(one.solution)

    kept: list[Found] = []
    for one in equals:
        kept.append(one)
        if len(kept) >= 2 * left + SLACK:
            kept = room.copy().take(sorted(kept, key=key), left)
    return sorted(kept, key=key) if len(kept) > 1 else kept


def by_score(
    wish: Wish, room: Room, verdict: str, value: Callable[[float], float], *, rising: bool = False, **bounds: float
) -> Iterator[Found]:
    """Solutions of this verdict along their score, within bounds."""
    rows = scored(wish).filter(verdict=verdict, **bounds)
    for solution, score, (problem, said, verdict_now) in _walk(wish, room, rows, "prm_score", rising=rising):
        if verdict_now == verdict:  # the solution's own word, should its copy ever lag behind
            yield Found(value(score), solution, problem, said)


def by_doubt(wish: Wish, room: Room) -> Iterator[Found]:
    rows = Score.objects.filter(scorer=wish.scorer, problem__isnull=False, doubt__isnull=False)
    for solution, doubt, (problem, said, _) in _walk(wish, room, rows, "doubt", rising=False):
        yield Found(doubt, solution, problem, said)


def _walk(
    wish: Wish, room: Room, rows: "QuerySet[Score]", column: str, *, rising: bool
) -> Iterator[tuple[int, float, tuple[Any, ...]]]:
    """Page by page along the index, the pool's alone: each query starts where the one before it ended, and leaves out full problems."""
    order = (column, "-solution") if rising else (f"-{column}", "solution")
    beyond, same = ("gte", "gte") if rising else ("lte", "lte")
    last: tuple[int, float] | None = None
    size = max(LEAST_PAGE, min(wish.budget, MOST_PAGE))
    while True:
        page_rows = rows
        if last is not None:
            page_rows = rows.filter(**{f"{column}__{beyond}": last[1]}).exclude(
                **{column: last[1], f"solution__{same}": last[0]}
            )
            page_rows = page_rows.exclude(problem__in=full) if (full := room.full()) else page_rows
        page = list(page_rows.order_by(*order).values_list("solution", column)[:size])
        there = eligible(wish, [solution for solution, _ in page], "verdict")
        yield from ((solution, value, there[solution]) for solution, value in page if solution in there)
        if len(page) < size:
            return
        last, size = page[-1], min(2 * size, MOST_PAGE)


def convincing_wrong(wish: Wish) -> set[int]:
    return best(wish, lambda room: [by_score(wish, room, Verdict.WRONG, float)])


def mixed(wish: Wish) -> set[int]:
    """Both its parts: the wrong ones, and all by score."""
    return convincing_wrong(wish) | best(wish, lambda room: [by_score(wish, room, one, float) for one in VERDICTS])


def uncertainty(wish: Wish) -> set[int]:
    """From a half upwards and downwards."""

    def value(score: float) -> float:
        return -abs(score - UNSURE)

    return best(
        wish,
        lambda room: [
            *(by_score(wish, room, one, value, rising=True, prm_score__gte=UNSURE) for one in VERDICTS),
            *(by_score(wish, room, one, value, prm_score__lt=UNSURE) for one in VERDICTS),
        ],
    )


def ensemble(wish: Wish) -> set[int]:
    return best(wish, lambda room: [by_doubt(wish, room)])


def grader_disagreement(wish: Wish) -> set[int]:
    """Wrong ones from the top, right ones from the bottom."""
    return best(
        wish,
        lambda room: [
            by_score(wish, room, Verdict.WRONG, float),
            by_score(wish, room, Verdict.RIGHT, lambda score: 1.0 - score, rising=True),
        ],
    )


# --- by chance ------------------------------------------------------------------------------------------------------


def in_lots(wish: Wish, lots: Sequence[int]) -> "QuerySet[Score]":
    return scored(wish).alias(lot=F("solution") % LOTS).filter(lot__in=lots)


def by_chance(wish: Wish, seed: int, *columns: str) -> Iterator[tuple[Found, tuple[Any, ...]]]:
    """The pool's scored solutions in the order of chance under this seed, each with `columns`: lot by lot, a small pool at once."""
    ranks = [lot_rank(seed, lot) for lot in range(LOTS)]
    few = list(scored(wish).values_list("solution", flat=True)[: SMALL + 1])
    for some in [few] if len(few) <= SMALL else _by_lots(wish, sorted(range(LOTS), key=lambda lot: ranks[lot])):
        there = eligible(wish, some, *columns)
        for solution in sorted(there, key=lambda pk: (ranks[pk % LOTS], chance(seed, str(pk)), str(pk))):
            problem, said, *more = there[solution]
            yield Found(0.0, solution, problem, said), tuple(more)


def _by_lots(wish: Wish, lots: Sequence[int]) -> Iterator[list[int]]:
    """The solutions of some lots at a time, of more where few lie in one."""
    at, size = 0, FIRST_LOTS
    while at < len(lots):
        found = list(in_lots(wish, lots[at : at + size]).values_list("solution", flat=True))
        yield found
        at += size
        size = min(2 * size, MOST_LOTS) if len(found) < MOST_PAGE else size


def uniform(wish: Wish, *, seed: int, count: int) -> set[int]:
    drawn = (found for found, _ in by_chance(wish, seed))
    return {one.solution for one in Room(wish.per_problem).take(drawn, count)}


def diversity(wish: Wish) -> set[int]:
    """Not the pool's full answer: a sample of it by chance, which the strategy then goes through."""
    return uniform(wish, seed=wish.seed, count=min(DIVERSE * wish.budget, MOST_DIVERSE))


def strata(wish: Wish, *, least: int) -> tuple[set[int], set[str]]:
    """The first `least` of each stratum by chance, and which strata may have more than these.

    Strata that are rare in the pool are read whole instead: looking for them by chance would go through all of it.
    """
    missing = {stratified.stratum(*pair): least for pair in _pairs(wish)}
    room, taken = Room(wish.per_problem), set[int]()
    drawn = by_chance(wish, wish.seed, "problem__subject", "problem__level")
    for walked, (one, pair) in enumerate(drawn, start=1):
        name = stratified.stratum(*pair)
        if missing.get(name, 0) and room.take([one], 1):
            missing[name] -= 1
            taken.add(one.solution)
        if not any(missing.values()) or walked >= WALK * wish.budget + SLACK:
            break
    rare = {name for name, count in missing.items() if count}
    for subject, level in _pairs(wish):
        if stratified.stratum(subject, level) in rare:
            whole = Solution.objects.pool(wish.project).filter(problem__subject=subject, problem__level=level)
            theirs = whole.filter(scores__scorer=wish.scorer, scores__prm_score__isnull=False)
            taken.update(theirs.values_list("pk", flat=True))
    return taken, missing.keys() - rare


def _pairs(wish: Wish) -> set[tuple[str, str]]:
    problems = wish.project.problems.filter(split=Split.LABEL)
    return set(problems.values_list("subject", "level").distinct())


# --- by votes -------------------------------------------------------------------------------------------------------


def vote_disagreement(wish: Wish) -> set[int]:
    """Every solution of the `budget` problems that are disputed most: along what was kept of them, and looked at anew where the pool has
    changed since."""
    changed = votes.changed(project=wish.project, scorer=wish.scorer)
    anew = (
        (gap, problem)
        for problem, members in _members(wish, changed)
        if (gap := votes.gap_of(problem, members)) is not None
    )
    widest = _widest(wish, anew)
    left_out = set(changed)
    for page in _disputes(wish):
        widest = _widest(wish, [*widest, *((gap, problem) for gap, problem in page if problem not in left_out)])
        if len(widest) == wish.budget and page[-1][0] < widest[-1][0]:
            break
    return {pk for _, members in _members(wish, [problem for _, problem in widest]) for pk, _, _ in members}


def _widest(wish: Wish, disputes: Iterable[tuple[float, int]]) -> list[tuple[float, int]]:
    """The first `budget` in the strategy's order: the widest gap first, equals by chance."""

    def key(dispute: tuple[float, int]) -> tuple[float, bytes, str]:
        gap, problem = dispute
        return -gap, chance(wish.seed, str(problem)), str(problem)

    return heapq.nsmallest(wish.budget, disputes, key=key)


def _disputes(wish: Wish) -> Iterator[list[tuple[float, int]]]:
    """(gap, problem), page by page along the index."""
    rows = votes.kept(project=wish.project, scorer=wish.scorer).values_list("gap", "problem")
    size = max(LEAST_PAGE, min(wish.budget, MOST_PAGE))
    page = list(rows[:size])
    while page:
        yield page
        gap, problem = page[-1]
        page = list(rows.filter(gap__lte=gap).exclude(gap=gap, problem__lte=problem)[:size])


def _members(wish: Wish, problems: Sequence[int]) -> Iterator[tuple[int, votes.Members]]:
    for start in range(0, len(problems), LEAST_PAGE):
        some = problems[start : start + LEAST_PAGE]
        yield from votes.by_problem(project=wish.project, scorer=wish.scorer, problems=some)


# --- what was labelled ----------------------------------------------------------------------------------------------


def first_errors(project: Project) -> Iterator[tuple[int, list[int | None]]]:
    """Of each labelled solution that nobody is asked about now, what its labellers called the first wrong step (None: no step)."""
    wrong = Min("ratings__step", filter=Q(ratings__rating=-1, ratings__completion=0))
    labels = Annotation.objects.live().filter(
        project=project,
        finish_reason__in=[FinishReason.SOLUTION, FinishReason.FOUND_ERROR],
        solution__in=Solution.objects.to_label(project).exclude(work_items__state=WorkState.OPEN),
    )
    listed = labels.annotate(first=wrong).order_by("solution_id").values_list("solution_id", "first")
    for solution, theirs in groupby(listed, key=lambda row: row[0]):
        yield int(solution or 0), [first for _, first in theirs]


def disputed(project: Project) -> dict[int, float]:
    """How far labellers part on each solution on which they do."""
    return {solution: share for solution, found in first_errors(project) if (share := relabel.dispute(found)) > 0}
