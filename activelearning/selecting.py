"""The last two stages of a round: what to label next is chosen and written down with its reasons, and queued as one batch."""

from collections import Counter
from typing import Any

from django.db.models import Max, Q

from activelearning import choice, embedding, known, outcome
from activelearning.attempt import Attempt
from activelearning.evaluating import model_of
from activelearning.models import Round, Selected
from activelearning.round_config import RoundConfig
from activelearning.strategies import diversity, relabel
from activelearning.strategies.choose import counts_of
from annotation import queue as work_queue
from annotation.errors import Conflict
from annotation.models import Batch, Solution, WorkItem, WorkState
from annotation.queue import QueueEntry


def select(attempt: Attempt) -> dict[str, Any]:
    """The solutions to label next, each with its rank, score, strategy and reason. Undecided ones never count as wrong."""
    attempt.check()
    if attempt.round.batch is not None:  # what was queued was chosen from another pool than today's
        return _selected(list(Selected.objects.filter(round=attempt.round).order_by("rank")))
    model = model_of(attempt)
    chosen = choice.choose(
        project=attempt.project, scorer=model.name, config=attempt.config, embed=embedding.by(attempt, model)
    )
    if not chosen:
        raise Conflict(
            "nothing_to_choose", "No solution of the pool fits the strategy. Choose another, or import more."
        )
    controls = known.chosen(
        project=attempt.project,
        count=attempt.config.quality_control,
        seed=attempt.config.seed,
        besides={one.solution for one in chosen},
    )
    rows = [
        Selected(round=attempt.round, solution_id=c.solution, rank=rank, score=c.score, strategy=c.strategy, reason=c.reason)
        for rank, c in enumerate([*chosen, *controls], start=1)
    ]  # fmt: skip
    with attempt.fenced():
        Selected.objects.filter(round=attempt.round).delete()
        Selected.objects.bulk_create(rows, batch_size=1000)
    return _selected(rows)


def on_device(round_: Round) -> bool:
    """Whether the choice asks the model something: then it belongs to a trainer."""
    config = RoundConfig(**round_.config)
    counts = counts_of(config.strategy, budget=config.budget, uniform_share=config.uniform_share)
    return counts.get(diversity.NAME, 0) > 0


def _selected(rows: list[Selected]) -> dict[str, Any]:
    strategies = [row.strategy for row in rows]
    return {"summary": choice.in_words(strategies), "chosen": len(rows), "shares": dict(Counter(strategies))}


def queue(attempt: Attempt) -> dict[str, Any]:
    """The choices become the next generation's batch, served before what older batches left over. One batch a round."""
    if attempt.round.batch is not None:
        return _queued(attempt.round.batch)
    found = outcome.with_chosen(attempt.round)
    with attempt.fenced():
        batch = _enqueue(attempt)
        Round.objects.filter(pk=attempt.round.pk).update(batch=batch, outcome=found)
        result = _queued(batch)
        attempt.finish(result)  # in the same transaction: a cancelled round has queued nothing, a queued one is done
    return result


def _enqueue(attempt: Attempt) -> Batch:
    chosen = list(still_wanted(attempt.round).order_by("rank"))
    if not chosen:
        raise Conflict("nothing_left", "Every chosen solution has been queued otherwise meanwhile.")
    first = _highest_priority(attempt) + 1
    mixed_in = known.spread(
        [row for row in chosen if row.strategy != known.NAME], [row for row in chosen if row.strategy == known.NAME]
    )
    entries = [
        QueueEntry(
            solution_id=row.solution_id,
            priority=first + 1 - index / len(chosen),
            verifier_score=row.score,
            is_quality_control=row.strategy == known.NAME,
        )
        for index, row in enumerate(mixed_in)
    ]
    return work_queue.enqueue(
        project=attempt.project,
        entries=entries,
        name=f"Round {attempt.round.number}",
        generation=_next_generation(attempt),
        labels_each=attempt.config.labels_each,
        actor=attempt.round.created_by,
    )


def still_wanted(round_: Round) -> Any:
    """What the round chose and nobody has dropped or queued otherwise since."""
    again = Q(strategy__in=[relabel.NAME, known.NAME], solution__in=Solution.objects.to_label(round_.project))
    rows = Selected.objects.filter(round=round_, dropped_at__isnull=True)
    return rows.filter(again | Q(solution__in=Solution.objects.pool(round_.project)))


def _highest_priority(attempt: Attempt) -> float:
    """Of the items that still wait; a whole number, so that a batch's own ranking fits between two of them."""
    waiting = WorkItem.objects.filter(project=attempt.project, state=WorkState.OPEN)
    return float(int(waiting.aggregate(most=Max("priority"))["most"] or 0))


def _next_generation(attempt: Attempt) -> int:
    last = Batch.objects.filter(project=attempt.project).aggregate(last=Max("generation"))["last"]
    return 0 if last is None else last + 1


def _queued(batch: Batch) -> dict[str, Any]:
    items = batch.work_items.count()
    return {
        "summary": f"{items:,} items queued as “{batch.name}”, generation {batch.generation}.",
        "batch": batch.pk,
        "items": items,
        "generation": batch.generation,
    }
