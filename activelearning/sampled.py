"""Best-of-N for a round: which problems' solutions are sampled, and what a model's scores make of them.

The samples are those of the evaluation problems; where no such problem has two, those of the problems that the round holds out. They are
scored once a model, as the pool is, so that two models are compared on the same solutions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count

from activelearning import hold_out, pool
from activelearning.evaluation.best_of_n import Outcome, Samples, best_of_n, ns_for, pass_at_n, votes_of_n
from activelearning.evaluation.bootstrap import interval, weights
from activelearning.evaluation.compare import Difference, compare_best_of_n
from activelearning.evaluation.voting import answer_groups
from activelearning.interpretation import neutral_rule
from activelearning.models import RewardModel
from activelearning.rewardmodel.reductions import solution_score
from activelearning.round_config import RoundConfig
from annotation.grading import Grader
from annotation.grading.normalise import released_form
from annotation.models import Problem, Project, Score, Solution, Split, Verdict

EVALUATION, HELD_OUT = "evaluation", "held_out"
MOST_PROBLEMS = 500
MOST_SAMPLES = 100  # of a problem
TRIALS = 100  # of the vote, which alone is sampled
RESAMPLES = 1000
CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """`problems`: each with two solutions or more that can be told right from wrong, in a fixed order. `on`: which problems they are."""

    on: str
    problems: Mapping[str, Sequence[Solution]]

    @property
    def solutions(self) -> list[Solution]:
        return [solution for rows in self.problems.values() for solution in rows]

    def without(self, problems: Iterable[str]) -> "Sampled":
        gone = set(problems)
        return Sampled(on=self.on, problems={text: rows for text, rows in self.problems.items() if text not in gone})


def of_project(project: Project, config: RoundConfig) -> Sampled:
    """What is there to sample. What is not graded yet is graded; a solution that cannot be stays out."""
    for on, problems in ((EVALUATION, _evaluation(project)), (HELD_OUT, _held_out(project, config))):
        found = _with_solutions(problems)
        if found:
            return Sampled(on=on, problems=found)
    return Sampled(on=HELD_OUT, problems={})


def _evaluation(project: Project) -> list[Problem]:
    return list(_answered(project, Split.EVALUATE).order_by("pk")[:MOST_PROBLEMS])


def _held_out(project: Project, config: RoundConfig) -> list[Problem]:
    """By the rule that holds labelled problems out: none of these is ever learnt from under this seed."""
    rows = _answered(project, Split.LABEL).only("pk", "text", "answer", "project_id")
    placed = [(hold_out.place(row.text, seed=config.seed), row) for row in rows.iterator(chunk_size=2000)]
    among = sorted(((at, row) for at, row in placed if at < config.hold_out), key=lambda one: one[0])
    return [row for _, row in among[:MOST_PROBLEMS]]


def _answered(project: Project, split: str) -> Any:
    rows = Problem.objects.landed().filter(project=project, split=split, answer__isnull=False).exclude(answer="")
    several = Solution.objects.landed().filter(project=project).values("problem").alias(n=Count("pk"))
    return rows.filter(pk__in=several.filter(n__gte=2).values("problem"))


def _with_solutions(problems: Sequence[Problem]) -> dict[str, list[Solution]]:
    by_problem: dict[int, list[Solution]] = {problem.pk: [] for problem in problems}
    rows = Solution.objects.landed().filter(problem__in=list(by_problem)).select_related("problem").order_by("pk")
    for solution in rows.iterator(chunk_size=500):
        if len(by_problem[solution.problem_id]) < MOST_SAMPLES:
            by_problem[solution.problem_id].append(solution)
    _grade([row for rows in by_problem.values() for row in rows if not row.verdict])
    found = {
        problem.text: [row for row in by_problem[problem.pk] if is_correct(row) is not None] for problem in problems
    }
    return {text: rows for text, rows in found.items() if len(rows) >= 2}


def _grade(rows: Sequence[Solution]) -> None:
    if not rows:
        return
    with Grader() as grader:
        for row in rows:
            pool.graded(row, grader=grader)
    Solution.objects.bulk_update(rows, ["verdict", "verdict_strict", "verdict_symbolic"], batch_size=500)


def is_correct(solution: Solution) -> bool | None:
    """Undecided answers count as the released rules say; None where nobody can say."""
    if solution.verdict == Verdict.UNDECIDED:
        return solution.verdict_strict
    return None if not solution.verdict else solution.verdict == Verdict.RIGHT


# --- what scores make of them ---------------------------------------------------------------------------------------


def scores_of(sampled: Sampled, model: RewardModel) -> dict[int, float]:
    """The model's score by solution, by its own neutral rule; NaN for one that is longer than it can read, none for one not scored."""
    neutral = neutral_rule(model)
    found: dict[int, float] = {}
    ids = [solution.pk for solution in sampled.solutions]
    for start in range(0, len(ids), CHUNK):
        rows = Score.objects.filter(scorer=model.name, solution__in=ids[start : start + CHUNK])
        for key, probabilities in rows.values_list("solution", "rating_probs"):
            steps = [(step["-1"], step["0"], step["1"]) for step in probabilities]
            found[key] = solution_score(steps, neutral=neutral) if steps else float("nan")
    return found


def unscored(solutions: Sequence[Solution], model: RewardModel) -> list[Solution]:
    """Those that the model has no score of yet."""
    ids = [solution.pk for solution in solutions]
    there: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        rows = Score.objects.filter(scorer=model.name, solution__in=ids[start : start + CHUNK])
        there.update(rows.values_list("solution", flat=True))
    return [solution for solution in solutions if solution.pk not in there]


def scores_in(lines: Iterable[Mapping[str, Any]], model: RewardModel) -> list[Score]:
    """What the scorer wrote, as unsaved rows."""
    return [
        Score(
            solution_id=line["id"],
            scorer=model.name,
            rating_probs=line.get("rating_probs") or [],  # a solution longer than the model can read has none
            prm_score=line.get("prm_score"),
            orm_score=line.get("orm_score"),
        )
        for line in lines
    ]


def samples_of(sampled: Sampled, scores: Mapping[int, float]) -> list[Samples]:
    """Of each problem, in order. A sample without an answer is never picked; equal answers, by the released rules, vote together."""
    return [_samples(rows, scores) for rows in sampled.problems.values()]


def _samples(rows: Sequence[Solution], scores: Mapping[int, float]) -> Samples:
    answers = [row.answer if row.answer and row.answer.strip() else None for row in rows]
    groups = answer_groups([None if text is None else released_form(text) for text in answers], same=str.__eq__)
    correct = [bool(is_correct(row)) and group >= 0 for row, group in zip(rows, groups, strict=True)]
    values = np.array([scores.get(row.pk, float("nan")) for row in rows], dtype=np.float64)
    return Samples(correct=np.array(correct, dtype=np.bool_), groups=groups, scores={"prm": values})


def figures(sampled: Sampled, scores: Mapping[int, float], *, seed: int = 0) -> dict[str, Any] | None:
    """Accuracy along N of the model's pick, of the majority and of a perfect pick; None where there is nothing to sample."""
    if not sampled.problems:
        return None
    samples, ns = samples_of(sampled, scores), _ns(sampled)
    picked = best_of_n(samples, scorer="prm", ns=ns)
    return {
        "on": sampled.on,
        "problems": len(samples),
        "solutions": len(sampled.solutions),
        "n": list(ns),
        "prm": _along(picked),
        "majority": _along(votes_of_n(samples, ns=ns, trials=TRIALS, seed=seed)),
        "pass_at_n": _along(pass_at_n(samples, ns=ns)),
    }


def difference(sampled: Sampled, ours: Mapping[int, float], theirs: Mapping[int, float]) -> dict[str, Any] | None:
    """Ours less theirs along N, with paired intervals over problems."""
    if not sampled.problems:
        return None
    ns = _ns(sampled)
    one, other = (best_of_n(samples_of(sampled, scores), scorer="prm", ns=ns) for scores in (ours, theirs))
    found = [_plain(each) for each in compare_best_of_n(one, other, resamples=RESAMPLES)]
    return {"problems": len(sampled.problems), "n": list(ns), "differences": found}


def _plain(found: Difference) -> dict[str, Any]:
    """Without what is left of sums that are equal: an interval from 1e-17 on would call nothing a gain."""
    ends = {"low": round(found.interval.low, 12), "high": round(found.interval.high, 12)} if found.interval else None
    return {"difference": None if found.difference is None else round(found.difference, 12), "interval": ends}


def _ns(sampled: Sampled) -> tuple[int, ...]:
    return ns_for(max(len(rows) for rows in sampled.problems.values()))


def _along(outcome: Outcome) -> dict[str, Any]:
    """The mean over problems at each N, and the 95 % interval of it over draws of problems."""
    chance = outcome.chance
    drawn = [weight @ chance / len(chance) for weight in weights(len(chance), resamples=RESAMPLES, seed=0)]
    found = [interval([float(draw[at]) for draw in drawn], resamples=RESAMPLES) for at in range(chance.shape[1])]
    return {
        "mean": chance.mean(axis=0).tolist(),
        "low": [one.low if one else None for one in found],
        "high": [one.high if one else None for one in found],
    }
