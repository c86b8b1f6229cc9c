"""`manage.py evaluate_processbench --data FILE… (--model DIR | --predictions FILE)`: is the first wrong step found?"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from activelearning.evaluation.processbench import NO_ERROR, ProcessBenchReport, average_f1, predicted, report
from activelearning.management.measuring import (
    add_scoring,
    names_of,
    percent,
    probability,
    read_all,
    refuse,
    step_probabilities,
)
from activelearning.rewardmodel.reductions import NEUTRAL_RULES, step_scores
from annotation.formats import fields, processbench
from annotation.formats.rows import MOST_STEPS, SolutionRow

Rows = list[tuple[int, SolutionRow]]


class Command(BaseCommand):
    help = "ProcessBench: first-error accuracy, accuracy on right solutions, F1, of a model or of given predictions."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", required=True, nargs="+", metavar="FILE", help="as published, a subset a file")
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--model", type=Path, metavar="DIR", help="a process reward model's folder")
        source.add_argument("--predictions", metavar="FILE", help="JSON lines {id, prediction}, 0-based, -1 for none")
        parser.add_argument("--threshold", type=probability, default=0.5, help="a step under it is wrong")
        parser.add_argument("--neutral", choices=NEUTRAL_RULES, default="good", help="(default good)")
        add_scoring(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        files = read_all(options["data"], processbench.read)
        names = names_of(options["data"])
        said = _of_model(files, options) if options["model"] else _given(files, names, options["predictions"])
        reports = {
            name: report(labels=[_label(row) for _, row in rows], predictions=predictions)
            for name, (_, rows), predictions in zip(names, files, said, strict=True)
        }
        found: dict[str, Any] = {
            "files": {
                name: reports[name].as_dict() | {"without_prediction": sum(one is None for one in predictions)}
                for name, predictions in zip(names, said, strict=True)
            },
            "average_f1": average_f1(reports),
        }
        if options["model"]:
            found |= {"threshold": options["threshold"], "neutral": options["neutral"]}
        self.stdout.write(json.dumps(found) if options["json"] else _table(reports, found["average_f1"]))


def _label(row: SolutionRow) -> int:
    return row.gold_first_errors[0] if row.gold_first_errors else NO_ERROR


def _of_model(files: Sequence[tuple[str, Rows]], options: Mapping[str, Any]) -> list[list[int | None]]:
    """None for a solution that is longer than the model can read: it found nothing there, right or wrong."""
    solutions = [(row.problem.text, row.steps) for _, rows in files for _, row in rows]
    scores = iter(step_probabilities(solutions, options["model"], options))
    return [[_first_wrong(next(scores), options["neutral"], options["threshold"]) for _ in rows] for _, rows in files]


def _first_wrong(steps: Any, neutral: str, threshold: float) -> int | None:
    return None if steps is None else predicted(step_scores(steps, neutral=neutral), threshold=threshold)


def _given(files: Sequence[tuple[str, Rows]], names: Sequence[str], path: str) -> list[list[int | None]]:
    """Every solution must have a prediction, be it null; predictions of other files are passed over."""
    by_id: dict[str, int | None] = {}
    refused = []
    for line, (identity, prediction) in read_all([path], _prediction)[0][1]:
        if identity in by_id:
            refused.append(f"{Path(path).name}:{line}: id: {identity} has two predictions")
        by_id[identity] = prediction
    for name, (_, rows) in zip(names, files, strict=True):
        for line, row in rows:
            if row.external_id not in by_id:
                refused.append(f"{name}:{line}: id: {row.external_id or 'it'} has no prediction")
    refuse(refused)
    return [[by_id[row.external_id] for _, row in rows] for _, rows in files]


def _prediction(record: Mapping[str, Any]) -> tuple[str, int | None]:
    """Null is a critic that named nothing that can be read: wrong, as published."""
    identity = fields.name(fields.required(record, "id"), "id")
    value = fields.required(record, "prediction")
    return identity, None if value is None else fields.whole(value, "prediction", low=NO_ERROR, high=MOST_STEPS)


def _table(reports: Mapping[str, ProcessBenchReport], average: float | None) -> str:
    head = "error".rjust(8) + "correct".rjust(9) + "F1".rjust(8) + "  file"
    rows = [
        f"{percent(one.error_accuracy):>8}{percent(one.correct_accuracy):>9}{percent(one.f1):>8}  {name}"
        for name, one in reports.items()
    ]
    return "\n".join([head, *rows, f"Average F1: {percent(average)}"])
