"""What a file of scored samples says of every rule that picks among N, as numbers for a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from activelearning.evaluation import best_of_n
from activelearning.evaluation.best_of_n import Curve, Outcome, Samples
from activelearning.evaluation.compare import compare_best_of_n
from activelearning.evaluation.sample_lines import SampledProblem, scored_by
from activelearning.evaluation.strata import parts, quintiles

RULES = ("prm", "orm", "majority", "weighted_prm", "pass_at_n")


@dataclass(frozen=True, slots=True)
class Measured:
    """`outcomes`: of each of `RULES`, None where its score is in no line. `ns`: the N along which."""

    ns: tuple[int, ...]
    outcomes: dict[str, Outcome | None]

    def curves(self, problems: Sequence[int] | None = None) -> dict[str, Curve | None]:
        return {rule: None if outcome is None else outcome.curve(problems) for rule, outcome in self.outcomes.items()}

    def as_dict(self, problems: Sequence[int] | None = None) -> dict[str, Any]:
        return {rule: None if curve is None else curve.as_dict() for rule, curve in self.curves(problems).items()}


def measure(
    problems: Sequence[SampledProblem], samples: Sequence[Samples], *, ns: Sequence[int], trials: int, seed: int
) -> Measured:
    """`samples` are those of `problems`, in their order. Votes of a file and of another of the same samples use the same draws."""
    prm, orm = scored_by(problems, "prm"), scored_by(problems, "orm")
    return Measured(
        tuple(ns),
        {
            "prm": best_of_n.best_of_n(samples, scorer="prm", ns=ns) if prm else None,
            "orm": best_of_n.best_of_n(samples, scorer="orm", ns=ns) if orm else None,
            "majority": best_of_n.votes_of_n(samples, ns=ns, trials=trials, seed=seed),
            "weighted_prm": best_of_n.votes_of_n(samples, ns=ns, trials=trials, seed=seed, scorer="prm")
            if prm
            else None,
            "pass_at_n": best_of_n.pass_at_n(samples, ns=ns),
        },
    )


def strata(problems: Sequence[SampledProblem], by: str) -> dict[str, list[int]]:
    """The problems' places by "subject", "level" or "quintile" (of the pass rate in these samples)."""
    part = part_by_problem(problems, by)
    return parts([part[problem.text] for problem in problems])


def part_by_problem(problems: Sequence[SampledProblem], by: str) -> dict[str, str]:
    """The part that each problem is in, "" where its lines do not say."""
    if by == "quintile":
        return quintiles({problem.text: problem.pass_rate for problem in problems})
    return {problem.text: getattr(problem, by) for problem in problems}


def differences(ours: Measured, theirs: Measured, problems: Sequence[int] | None = None) -> dict[str, Any]:
    """Ours less theirs of each rule, along N, with paired intervals; None where one of them has no such score."""
    found: dict[str, Any] = {}
    for rule in RULES:
        one, other = ours.outcomes[rule], theirs.outcomes[rule]
        found[rule] = None
        if one is not None and other is not None:
            found[rule] = [each.as_dict() for each in compare_best_of_n(one, other, problems=problems)]
    return found


def shown(curves: Mapping[str, Curve | None]) -> dict[str, Curve]:
    """Those that there are: majority always is."""
    return {rule: curve for rule, curve in curves.items() if curve is not None}
