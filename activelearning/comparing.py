"""Two reward models of a project side by side, on what both have scored and neither learnt from. Reads only: nothing is scored here.

The problems are the evaluation problems, and those that both models' rounds hold out under their seeds. Labels are people's and gold.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch

from activelearning import hold_out, measures, sampled
from activelearning.evaluating import gold_ratings
from activelearning.hold_out import Labelled
from activelearning.interpretation import OWN_STEP, from_the_first_on
from activelearning.measures import Steps
from activelearning.models import RewardModel
from activelearning.round_config import RoundConfig
from activelearning.sampled import Sampled, is_correct
from annotation.models import Annotation, FinishReason, Problem, Score, Solution, Split, StepRating

MOST_PROBLEMS = 20_000  # are looked at; of these
MOST_SAMPLED = 300  # take part, ...
MOST_OF_A_PROBLEM = 50  # with so many solutions
CHUNK = 500


def compared(one: RewardModel, other: RewardModel) -> dict[str, Any]:
    """Both models' figures and the first less the second with paired intervals; `step` and `best_of_n` are None where there is nothing."""
    solutions = _both_scored(_fresh(one, other), one, other)
    scores = {model.pk: _probabilities(solutions, model) for model in (one, other)}
    return {"step": _steps(solutions, scores, one, other), "best_of_n": _sampled(solutions, one, other)}


def _fresh(one: RewardModel, other: RewardModel) -> list[int]:
    """Problems that neither has learnt from, the evaluation set first."""
    rows = Problem.objects.landed().filter(project=one.project_id).order_by("pk")
    kept: dict[str, list[int]] = {Split.EVALUATE: [], Split.LABEL: []}
    for key, text, split in rows.values_list("pk", "text", "split")[:MOST_PROBLEMS].iterator(chunk_size=2000):
        if split == Split.EVALUATE or (_holds_out(one, text) and _holds_out(other, text)):
            kept[split].append(key)
    return [*kept[Split.EVALUATE], *kept[Split.LABEL]][:MOST_SAMPLED]


def _holds_out(model: RewardModel, text: str) -> bool:
    if model.round is None:
        return False
    config = RoundConfig(**model.round.config)
    return hold_out.place(text, seed=config.seed) < config.hold_out


def _both_scored(problems: Sequence[int], one: RewardModel, other: RewardModel) -> list[Solution]:
    rows = Solution.objects.landed().filter(problem__in=problems, scores__scorer=one.name)
    rows = rows.filter(scores__scorer=other.name).select_related("problem").order_by("pk")
    found: dict[int, list[Solution]] = {}
    for solution in rows.iterator(chunk_size=CHUNK):
        of_it = found.setdefault(solution.problem_id, [])
        if len(of_it) < MOST_OF_A_PROBLEM:
            of_it.append(solution)
    return [solution for of_it in found.values() for solution in of_it]


def _probabilities(solutions: Sequence[Solution], model: RewardModel) -> dict[int, Steps]:
    found: dict[int, Steps] = {}
    for chunk in _chunks([solution.pk for solution in solutions]):
        rows = Score.objects.filter(scorer=model.name, solution__in=chunk)
        found.update(dict(rows.values_list("solution", "rating_probs")))
    return found


def _steps(
    solutions: Sequence[Solution], scores: dict[int, dict[int, Steps]], one: RewardModel, other: RewardModel
) -> dict[str, Any] | None:
    judged = [(solution, row) for solution in solutions for row in _gold(solution)]
    judged += list(_labels(solutions))
    rows = [row for _, row in judged]
    if not rows:
        return None
    ours, theirs = ([scores[model.pk][solution.pk] for solution, _ in judged] for model in (one, other))
    return {
        "one": measures.of_steps(rows, ours),
        "other": measures.of_steps(rows, theirs),
        "difference": measures.step_differences(rows, ours, theirs),
    }


def _gold(solution: Solution) -> list[Labelled]:
    ratings = gold_ratings(solution)
    return [_row(solution, ratings)] if ratings else []


def _labels(solutions: Sequence[Solution]) -> Iterable[tuple[Solution, Labelled]]:
    """People's plain verdicts on these solutions."""
    by_key = {solution.pk: solution for solution in solutions}
    own = Prefetch("ratings", StepRating.objects.filter(completion=OWN_STEP).order_by("step"))
    for chunk in _chunks(list(by_key)):
        rows = Annotation.objects.live().filter(
            solution__in=chunk, finish_reason__in=[FinishReason.SOLUTION, FinishReason.FOUND_ERROR]
        )
        for annotation in rows.prefetch_related(own).order_by("pk"):
            ratings = from_the_first_on(annotation.ratings.all())
            if ratings and annotation.solution_id is not None:
                solution = by_key[annotation.solution_id]
                yield solution, _row(solution, ratings)


def _row(solution: Solution, ratings: tuple[int | None, ...]) -> Labelled:
    return Labelled(problem=solution.problem.text, steps=tuple(solution.steps), ratings=ratings)


def _sampled(solutions: Sequence[Solution], one: RewardModel, other: RewardModel) -> dict[str, Any] | None:
    problems: dict[str, list[Solution]] = {}
    for solution in solutions:
        if is_correct(solution) is not None:
            problems.setdefault(solution.problem.text, []).append(solution)
    kept = Sampled(on=sampled.EVALUATION, problems={text: rows for text, rows in problems.items() if len(rows) >= 2})
    if not kept.problems:
        return None
    ours, theirs = (sampled.scores_of(kept, model) for model in (one, other))
    return {
        "one": sampled.figures(kept, ours),
        "other": sampled.figures(kept, theirs),
        "difference": sampled.difference(kept, ours, theirs),
    }


def _chunks(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]
