"""`manage.py evaluate_prmbench --data FILE… --model DIR`: are planted errors told from right steps?"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from activelearning.evaluation.prmbench import Counts, JudgedProcess, PrmBenchReport, report
from activelearning.management.measuring import add_scoring, percent, probability, read_all, step_probabilities
from activelearning.rewardmodel.reductions import NEUTRAL_RULES, step_scores
from annotation.formats import prmbench
from annotation.formats.prmbench import Pair


class Command(BaseCommand):
    help = "PRMBench: the PRMScore of a process reward model, in all and by class."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", required=True, nargs="+", metavar="FILE", help="as published")
        parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="a process reward model's folder")
        parser.add_argument("--threshold", type=probability, default=0.5, help="a step under it is wrong")
        parser.add_argument("--neutral", choices=NEUTRAL_RULES, default="good", help="(default good)")
        add_scoring(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        pairs = _distinct([pair for _, rows in read_all(options["data"], prmbench.read_pair) for _, pair in rows])
        originals = list({pair.identity or (pair.question, pair.original): pair for pair in reversed(pairs)}.values())
        solutions = [(pair.modified_question, pair.modified) for pair in pairs]
        solutions += [(pair.question, pair.original) for pair in originals]
        steps = step_probabilities(solutions, options["model"], options)
        good = [None if one is None else tuple(step_scores(one, neutral=options["neutral"])) for one in steps]
        found = report(
            _judged([(pair.classification, pair.errors) for pair in pairs], good[: len(pairs)]),
            _judged([("original", frozenset())] * len(originals), good[len(pairs) :]),
            threshold=options["threshold"],
        )
        said = _numbers(found) | {
            "solutions": len(pairs),
            "originals_read": len(originals),
            "without_score": sum(one is None for one in good),
            "threshold": options["threshold"],
            "neutral": options["neutral"],
        }
        self.stdout.write(json.dumps(said) if options["json"] else _table(found))


def _distinct(pairs: Sequence[Pair]) -> list[Pair]:
    """A line of one class and index counts once, however often it is given, as published."""
    found: dict[Any, Pair] = {}
    for number, pair in enumerate(pairs):
        found.setdefault((pair.classification, pair.identity) if pair.identity else number, pair)
    return list(found.values())


def _judged(
    known: Sequence[tuple[str, frozenset[int]]], good: Sequence[tuple[float, ...] | None]
) -> list[JudgedProcess]:
    return [
        JudgedProcess(classification=classification or "modified", good=scores, errors=errors)
        for (classification, errors), scores in zip(known, good, strict=True)
        if scores is not None
    ]


def _numbers(found: PrmBenchReport) -> dict[str, Any]:
    return {
        **found.total.as_dict(),
        "classes": {name: counts.as_dict() for name, counts in found.classes.items()},
        "originals": found.originals.as_dict(),
    }


def _table(found: PrmBenchReport) -> str:
    head = "PRMScore".rjust(9) + "F1".rjust(8) + "neg. F1".rjust(9) + "  class"
    rows = {**found.classes, "all": found.total}
    return "\n".join([head, *(_row(name, counts) for name, counts in rows.items())])


def _row(name: str, counts: Counts) -> str:
    return f"{percent(counts.prm_score):>9}{percent(counts.f1):>8}{percent(counts.negative_f1):>9}  {name}"
