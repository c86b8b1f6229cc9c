"""The figures of a round that stand in rows: what was labelled, what became of the items chosen before, how varied the chosen ones are."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Avg, Count, Exists, F, OuterRef, Q

from activelearning import verdict
from activelearning.evaluation.shares import wilson
from activelearning.models import Round, Selected
from annotation import snapshots
from annotation.models import Annotation, FinishReason, Solution, StepRating
from annotation.near_identical import key

ROUNDS_BACK = 5
TEXTS = 2000  # of the chosen ones, best first, are compared with each other
UNIFORM = "uniform"
OWN_STEP = 0  # the completion that is the solution's own step


# --- labels ---------------------------------------------------------------------------------------------------------


def of_labels(round_: Round) -> dict[str, Any]:
    """Shares among what the round learnt from and measured on, the graders' partings, and the items of the rounds before."""
    frozen = round_.stages.get(name="freeze").result
    return {
        "labels": {
            "solutions": frozen.get("train", 0) + frozen.get("held_out", 0),
            "right": frozen.get("right", 0),
            "ratings": frozen.get("ratings", {}),
        },
        "graders": graders(round_),
        "chosen": [chosen for row in _rounds_before(round_) if (chosen := labelled_of(row, until=round_)) is not None],
    }


def graders(round_: Round) -> dict[str, int]:
    """Of the answers that both graders could judge: how many, and on how many they part."""
    rows = Solution.objects.landed().filter(
        project=round_.project_id, verdict_strict__isnull=False, verdict_symbolic__isnull=False
    )
    parted = rows.exclude(verdict_strict=F("verdict_symbolic")).count()
    return {"graded": rows.count(), "parted": parted}


def _rounds_before(round_: Round) -> Sequence[Round]:
    """Those whose choices were queued, the latest first."""
    rows = Round.objects.filter(project=round_.project_id, number__lt=round_.number, batch__isnull=False)
    return list(rows.order_by("-number")[:ROUNDS_BACK])


def labelled_of(chosen_by: Round, *, until: Round) -> dict[str, Any] | None:
    """What labellers found, up to the snapshot of `until`, in the items that a round chose, beside the scores they were chosen by."""
    wrong = StepRating.objects.filter(annotation=OuterRef("pk"), completion=OWN_STEP, rating=-1)
    rows = Annotation.objects.live().filter(
        work_item__batch=chosen_by.batch_id, finish_reason__in=[FinishReason.SOLUTION, FinishReason.FOUND_ERROR]
    )
    if until.snapshot is not None:
        rows = rows.filter(pk__lte=snapshots.last_annotation(until.snapshot))
    chosen = Selected.objects.filter(round=chosen_by, solution=OuterRef("solution"))
    judged = rows.annotate(is_wrong=Exists(wrong), by_chance=Exists(chosen.filter(strategy=UNIFORM)))
    if not rows.exists():
        return None
    return {
        "round": chosen_by.number,
        "by_strategy": _shares(judged.filter(by_chance=False)),
        "by_chance": _shares(judged.filter(by_chance=True)),
    }


def _shares(rows: Any) -> dict[str, Any]:
    """`mean_score` is what the choosing model gave the labelled items, by its own product of step chances."""
    counted = rows.filter(work_item__verifier_score__isnull=False).aggregate(
        labelled=Count("pk"), right=Count("pk", filter=Q(is_wrong=False)), mean=Avg("work_item__verifier_score")
    )
    labelled, right = counted["labelled"], counted["right"]
    low, high = wilson(right, labelled) if labelled else (None, None)
    return {
        "labelled": labelled,
        "right": right,
        "mean_score": counted["mean"],
        "right_interval": {"low": low, "high": high} if labelled else None,
    }


# --- diversity ------------------------------------------------------------------------------------------------------


def of_chosen(round_: Round) -> dict[str, Any]:
    """How varied what the round chose is, beside the rounds before it."""
    rows = Selected.objects.filter(round=round_)
    counted = rows.aggregate(chosen=Count("pk"), problems=Count("solution__problem", distinct=True))
    answers = rows.values("solution__problem", "solution__answer").distinct().count()
    texts = rows.order_by("rank").values_list("solution__problem", "solution__steps")[:TEXTS]
    said = [(problem, key("\n\n".join(steps))) for problem, steps in texts]
    earlier = [row.outcome.get("diversity") for row in _rounds_before(round_)]
    return {
        **counted,
        "answers": answers,
        "texts": len(said),
        "near_identical": len(said) - len(set(said)),
        "earlier": [{name: row[name] for name in ("chosen", "problems", "answers")} for row in earlier if row],
    }


def with_chosen(round_: Round) -> dict[str, Any]:
    """The round's outcome with what it chose, and the findings of both."""
    figures = {**round_.outcome, "diversity": of_chosen(round_)}
    return {**figures, "findings": verdict.findings(figures)}
