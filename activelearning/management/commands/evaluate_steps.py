"""`manage.py evaluate_steps --data FILE… --model DIR [--against DIR]`: a process reward model on labelled solutions, step by step."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activelearning.evaluation import sample_lines
from activelearning.evaluation.bootstrap import RESAMPLES
from activelearning.evaluation.model_report import JudgedSolution, Settings, calibrated, part_of
from activelearning.evaluation.sampling_report import part_by_problem
from activelearning.evaluation.strata import BY, parts
from activelearning.hold_out import Labelled, followed, no_verdict
from activelearning.management.measuring import (
    add_figure,
    add_scoring,
    draw,
    natural,
    percent,
    probability,
    read_all,
    step_probabilities,
)
from activelearning.measures import rated_part
from annotation.formats import prm800k, prmbench, processbench
from annotation.formats.fields import Unreadable
from annotation.formats.rows import AnnotationRow
from annotation.formats.strict_json import WHOLE

MARKS = {"-1": "Bad", "0": "Neutral", "1": "Good"}


class Command(BaseCommand):
    help = "Step AUC, first-error accuracy, F1, calibration and confusion of a process reward model, with intervals."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--data", required=True, nargs="+", metavar="FILE", help="PRM800K lines, ProcessBench or PRMBench"
        )
        parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="a process reward model's folder")
        parser.add_argument("--against", type=Path, metavar="DIR", help="another one: differences, with intervals")
        parser.add_argument(
            "--samples", metavar="FILE", help="sample lines: subject, level and pass rate of the problems, for parts"
        )
        parser.add_argument("--threshold", type=probability, default=0.5, help="a step under it is wrong")
        parser.add_argument("--resamples", type=natural, default=RESAMPLES, help="of the bootstrap; 0: no intervals")
        parser.add_argument("--seed", type=natural, default=0)
        add_figure(parser, "the reliability curve")
        add_scoring(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        rows, left_out = _labelled(options["data"])
        by = _parts(rows, options["samples"])
        models = [options["model"], *filter(None, [options["against"]])]
        scores = [_scores(rows, model, options) for model in models]
        kept = [place for place in range(len(rows)) if all(steps[place] is not None for steps in scores)]
        if not kept:
            raise CommandError("No solution could be scored: all are longer than the model can read.")
        judged = [_judged([rows[place] for place in kept], [steps[place] for place in kept]) for steps in scores]
        settings = Settings(threshold=options["threshold"], resamples=options["resamples"], seed=options["seed"])
        report = part_of(judged, range(len(kept)), settings)
        report |= {"neutral": "good", "left_out": left_out, "without_score": len(rows) - len(kept)}
        if by:
            report["by"] = {
                name: {
                    key: part_of(judged, places, settings)
                    for key, places in parts([keys[place] for place in kept]).items()
                }
                for name, keys in by.items()
            }
        draw(lambda: _figure(models, judged), options["figure"])
        self.stdout.write(json.dumps(report) if options["json"] else _words(report))


def _labelled(paths: Sequence[str]) -> tuple[list[Labelled], dict[str, int]]:
    """What can be measured on, and why how many cannot."""
    rows: list[Labelled] = []
    left_out: Counter[str] = Counter()
    for _, records in read_all(paths, _annotations):
        for annotation in (one for _, found in records for one in found):
            row = followed(annotation)
            reason = no_verdict(annotation, row)
            if reason:
                left_out[reason] += 1
            else:
                rows.append(row)
    if not rows:
        raise CommandError(f"No line is a verdict on a solution's steps: {dict(left_out)}")
    return rows, dict(sorted(left_out.items()))


def _annotations(record: Mapping[str, Any]) -> list[AnnotationRow]:
    if "labeler" in record:
        return [prm800k.read(record)]
    if "original_process" in record:
        return list(prmbench.read_annotations(record))
    if {"problem", "steps", "label"} <= record.keys():
        return [processbench.read_annotation(record)]
    raise Unreadable(WHOLE, "is no PRM800K, ProcessBench or PRMBench record")


def _parts(rows: Sequence[Labelled], samples: str | None) -> dict[str, list[str]]:
    """For each way to part, the part of every row; "" where the samples do not say."""
    if samples is None:
        return {}
    lines = read_all([samples], sample_lines.read)[0][1]
    problems = sample_lines.by_problem(line for _, line in lines)
    found = {}
    for by in BY:
        part = part_by_problem(problems, by)
        found[by] = [part.get(row.problem, "") for row in rows]
    return found


def _scores(rows: Sequence[Labelled], model: Path, options: Mapping[str, Any]) -> list[Any]:
    return step_probabilities([(row.problem, rated_part(row)) for row in rows], model, options)


def _judged(rows: Sequence[Labelled], scores: Sequence[Any]) -> list[JudgedSolution]:
    return [
        JudgedSolution(problem=row.problem, steps=steps, ratings=row.ratings)
        for row, steps in zip(rows, scores, strict=True)
    ]


def _figure(models: Sequence[Path], judged: Sequence[Sequence[JudgedSolution]]) -> Any:
    from activelearning.evaluation import figures  # matplotlib takes a second to import

    names = [model.resolve().name for model in models]
    names = names if len(set(names)) == len(names) else [str(model) for model in models]
    return figures.reliability({name: calibrated(rows) for name, rows in zip(names, judged, strict=True)})


# --- in words --------------------------------------------------------------------------------------------------------


def _words(report: Mapping[str, Any]) -> str:
    lines = [
        f"{report['solutions']} solutions of {report['problems']} problems, {report['with_error']} with an error; "
        f"left out: {sum(report['left_out'].values())}, without a score: {report['without_score']}",
        *_figures(report),
        f"{'calibration error':<22}{percent(report['calibration']['error'])}",
        "labelled as … called by the model: " + ", ".join(MARKS.values()),
    ]
    lines += [
        f"{MARKS[rating]:>9}" + "".join(f"{report['confusion'][rating][said]:>9}" for said in MARKS) for rating in MARKS
    ]
    for by, found in report.get("by", {}).items():
        for key, part in found.items():
            lines += [f"{by} {key}: {part['solutions']} solutions", *(f"  {line}" for line in _figures(part))]
    return "\n".join(lines)


def _figures(report: Mapping[str, Any]) -> list[str]:
    shown = (
        ("step AUC", "step_auc", "step_auc_interval"),
        ("first-error accuracy", "first_error_accuracy", "first_error_interval"),
        ("F1", "f1", "f1_interval"),
    )
    lines = []
    for title, key, between in shown:
        line = f"{title:<22}{percent(report[key])}{_between(report[between])}"
        if "difference" in report:
            less = report["difference"][key]
            line += f"   against {percent(report['against'][key])}, difference {_points(less)}"
        lines.append(line)
    return lines


def _points(less: Mapping[str, Any]) -> str:
    """`+1.3 points (-4.2 to +6.9)`."""
    if less["difference"] is None:
        return "-"
    found = less["interval"]
    between = "" if found is None else f" ({100 * found['low']:+.1f} to {100 * found['high']:+.1f})"
    return f"{100 * less['difference']:+.1f} points{between}"


def _between(found: Mapping[str, float] | None) -> str:
    return "" if found is None else f" ({found['low']:.1%} to {found['high']:.1%})"
