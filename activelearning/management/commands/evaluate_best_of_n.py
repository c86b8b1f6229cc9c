"""`manage.py evaluate_best_of_n --samples FILE …`: how often each rule's pick among N sampled solutions is right."""

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activelearning.evaluation.best_of_n import TRIALS, Samples, ns_for
from activelearning.evaluation.sample_lines import SampledProblem, by_problem, read
from activelearning.evaluation.sampling_report import RULES, Measured, differences, measure, shown, strata
from activelearning.evaluation.strata import BY
from activelearning.management.measuring import add_figure, draw, natural, positive, read_all
from activelearning.rewardmodel.reductions import NEUTRAL_RULES, REDUCTIONS
from annotation.grading import Grader

Problems = list[SampledProblem]


class Command(BaseCommand):
    help = "Best-of-N of scored samples: reward models, majority and weighted votes, pass@N."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--samples", required=True, metavar="FILE", help="scored sample lines, - is stdin")
        parser.add_argument("--against", metavar="FILE", help="the same problems scored by another model: differences")
        parser.add_argument("--trials", type=positive, default=TRIALS, help="draws for votes (the rest is exact)")
        parser.add_argument("--seed", type=natural, default=0)
        parser.add_argument("--by", choices=BY, action="append", default=[], help="also by parts; may be given again")
        parser.add_argument("--reduction", choices=REDUCTIONS, help="make prm_score anew, from rating_probs")
        parser.add_argument("--neutral", choices=NEUTRAL_RULES, default="good", help="in --reduction (default good)")
        add_figure(parser, "accuracy along N")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        paths = [options["samples"], *filter(None, [options["against"]])]
        reading = partial(read, reduction=options["reduction"], neutral=options["neutral"])
        files = [by_problem(line for _, line in rows) for _, rows in read_all(paths, reading)]
        if options["against"]:
            files[1] = _in_order_of(files[0], files[1])
        ns = ns_for(min(max(len(problem.lines) for problem in problems) for problems in files))
        with Grader() as grader:
            samples = [self._samples(problems, grader) for problems in files]
        measured = [
            measure(problems, of_them, ns=ns, trials=options["trials"], seed=options["seed"])
            for problems, of_them in zip(files, samples, strict=True)
        ]
        draw(lambda: _figure(measured[0]), options["figure"])
        report = _report(files, measured, options)
        self.stdout.write(json.dumps(report) if options["json"] else _table(report))

    def _samples(self, problems: Problems, grader: Grader) -> list[Samples]:
        """Answers grouped by the grader, which takes a while where many of them need algebra."""
        found = []
        for done, problem in enumerate(problems, start=1):
            found.append(problem.samples(same=grader.same))
            if sys.stderr.isatty():
                print(f"\rgroup answers: problem {done} of {len(problems)}", end="", file=sys.stderr)
        if sys.stderr.isatty():
            print(file=sys.stderr)
        return found


def _figure(measured: Measured) -> Any:
    from activelearning.evaluation import figures  # matplotlib takes a second to import

    return figures.best_of_n(measured.ns, shown(measured.curves()))


def _in_order_of(ours: Problems, theirs: Problems) -> Problems:
    by_text = {problem.text: problem for problem in theirs}
    if set(by_text) != {problem.text for problem in ours}:
        raise CommandError("--against holds other problems than --samples; nothing was measured.")
    return [by_text[problem.text] for problem in ours]


def _report(files: Sequence[Problems], measured: Sequence[Measured], options: Mapping[str, Any]) -> dict[str, Any]:
    ours = files[0]
    report: dict[str, Any] = {"n": list(measured[0].ns), **measured[0].as_dict()}
    lines = [line for problem in ours for line in problem.lines]
    report |= {"problems": len(ours), "samples": len(lines), "without_answer": sum(not line.answer for line in lines)}
    report |= {"trials": options["trials"], "seed": options["seed"]}
    if options["reduction"]:
        report |= {"reduction": options["reduction"], "neutral": options["neutral"]}
    if options["against"]:
        report |= {"against": measured[1].as_dict(), "difference": differences(measured[0], measured[1])}
    if options["by"]:
        report["by"] = {by: _parts(strata(ours, by), measured) for by in dict.fromkeys(options["by"])}
    return report


def _parts(places: Mapping[str, list[int]], measured: Sequence[Measured]) -> dict[str, Any]:
    found = {}
    for name, problems in places.items():
        part: dict[str, Any] = {"problems": len(problems), **measured[0].as_dict(problems)}
        if len(measured) > 1:
            part |= {
                "against": measured[1].as_dict(problems),
                "difference": differences(measured[0], measured[1], problems),
            }
        found[name] = part
    return found


def _table(report: Mapping[str, Any]) -> str:
    head = f"{report['problems']} problems, {report['samples']} samples, {report['without_answer']} without an answer"
    rows = ["".join(["N".rjust(6), *(rule.rjust(14) for rule in RULES)])]
    for at, n in enumerate(report["n"]):
        cells = [_cell(report[rule], at) for rule in RULES]
        rows.append("".join([str(n).rjust(6), *(cell.rjust(14) for cell in cells)]))
    return "\n".join([head, *rows])


def _cell(curve: Mapping[str, Sequence[float]] | None, at: int) -> str:
    return "-" if curve is None else f"{curve['mean'][at]:.1%} ±{curve['std'][at]:.1%}"
