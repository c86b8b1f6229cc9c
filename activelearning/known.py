"""Solutions whose first wrong step is known already: mixed unmarked into a batch, they say how well it is labelled.

Known is what came with gold labels, and what two labellers or more judged alike. Whoever labelled one is never handed it again.
"""

from collections.abc import Iterator, Sequence, Set
from typing import TypeVar

from activelearning.choice import Chosen
from activelearning.shortlist import first_errors
from activelearning.strategies.pool import chance
from annotation.models import Project, Solution, WorkState

NAME = "quality_control"
GOLD, AGREED = "known: it came with gold labels", "known: its labellers agree"
AGREEING = 2  # labellers
_SALT = 2_000_003
Entry = TypeVar("Entry")


def chosen(*, project: Project, count: int, seed: int, besides: Set[int]) -> list[Chosen]:
    """`count` of them by chance, or as many as there are, gold ones first. Never an evaluation problem's, nor what waits in the queue."""
    if not count:
        return []
    found: list[Chosen] = []
    for reason, solutions in ((GOLD, _gold(project)), (AGREED, _agreed(project))):
        fresh = set(solutions) - besides - {one.solution for one in found}
        ranked = sorted(fresh, key=lambda pk: (chance(seed + _SALT, str(pk)), pk))
        found += [Chosen(pk, None, NAME, reason) for pk in ranked[: count - len(found)]]
    return found


def _gold(project: Project) -> Iterator[int]:
    rows = Solution.objects.to_label(project) | Solution.objects.pool(project)
    known = rows.filter(gold_first_errors__isnull=False).exclude(work_items__state=WorkState.OPEN)
    return known.values_list("pk", flat=True).iterator()


def _agreed(project: Project) -> Iterator[int]:
    for solution, found in first_errors(project):
        if len(found) >= AGREEING and len(set(found)) == 1:
            yield solution


def spread(entries: Sequence[Entry], among: Sequence[Entry]) -> list[Entry]:
    """Both in their own order, the second evenly among the first, the way one deck is dealt into another."""
    places = [((index + 0.5) / len(entries), 0, entry) for index, entry in enumerate(entries)]
    places += [((index + 0.5) / len(among), 1, entry) for index, entry in enumerate(among)]
    return [entry for *_, entry in sorted(places, key=lambda place: place[:2])]
