"""What is offered at a turn: the ready-made next steps of the problem's trees, else what a live supplier makes, else nothing.

A tree is followed by what a step says, not by its spelling, so an alternative that was merged away, or a step that a labeller wrote
just so, leads on as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from annotation import step_supply
from annotation.models import Handout, JobState, StepTree, Turn, TurnState
from annotation.near_identical import key, merged

Nodes = list[dict[str, Any]]


def open_conversations(handouts: Iterable[Handout]) -> None:
    """The first turn of each of these new handouts of problems. Call it in the transaction that hands them out."""
    fresh = [handout for handout in handouts if handout.work_item.solution_id is None]
    if not fresh:
        return
    roots = _roots({handout.work_item.problem_id for handout in fresh})
    Turn.objects.bulk_create(_turn(handout, 0, [], roots[handout.work_item.problem_id]) for handout in fresh)


def next_turn(*, handout: Handout, number: int, steps: Sequence[str]) -> Turn:
    """The turn behind these steps, stored: open, or being made by the supplier. Call it in a transaction."""
    problem = handout.work_item.problem_id
    turn = _turn(handout, number, steps, _roots({problem})[problem])
    turn.save(force_insert=True)
    return turn


def has_ready_made(*, handout: Handout, steps: Sequence[str]) -> bool:
    """Whether the problem's trees have something behind these steps, so that no supplier is needed."""
    problem = handout.work_item.problem_id
    return bool(_followed(_roots({problem})[problem], steps))


def _roots(problems: set[int]) -> dict[int, Nodes]:
    """The first nodes of each problem's trees, in the order in which the trees came."""
    roots: dict[int, Nodes] = defaultdict(list)
    trees = StepTree.objects.landed().filter(problem__in=problems).order_by("pk")
    for problem, tree in trees.values_list("problem_id", "tree"):
        roots[problem] += tree
    return roots


def _followed(nodes: Nodes, steps: Sequence[str]) -> list[str]:
    """The texts that follow these steps, those that say the same merged."""
    for step in steps:
        said = key(step)
        nodes = [child for node in nodes if key(node["text"]) == said for child in node["next"]]
    return merged(node["text"] for node in nodes)


def _turn(handout: Handout, number: int, steps: Sequence[str], roots: Nodes) -> Turn:
    turn = Turn(handout=handout, number=number, state=TurnState.OPEN, alternatives=_followed(roots, steps))
    if not turn.alternatives:
        turn.supply = step_supply.ask(handout=handout, steps=steps)
        if turn.supply is not None:
            turn.alternatives = turn.supply.alternatives or []
            turn.state = TurnState.OPEN if turn.supply.state == JobState.DONE else TurnState.MAKING
    turn.order = step_supply.drawn(len(turn.alternatives))
    return turn
