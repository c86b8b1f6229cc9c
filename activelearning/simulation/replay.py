"""The same curves on a labelled file, its labels the oracle: what a strategy would have chosen of what people labelled already.

PRM800K lines, ProcessBench or PRMBench. Such a file has few solutions of a problem, so that the measure is the step AUC on problems that
are held out of everything. A label is seen only once its solution is chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from activelearning.evaluation.steps import ScoredLabel, evaluate_steps
from activelearning.rewardmodel.checkpoint import sha256_of
from activelearning.rewardmodel.examples import FINISHED, process_examples
from activelearning.rewardmodel.model import RewardModel
from activelearning.rewardmodel.reductions import step_scores
from activelearning.simulation import learning
from activelearning.simulation.active_learning import Cells, over_seeds
from activelearning.simulation.attempts import Attempt, texts
from activelearning.simulation.learning import Origin, Tell
from activelearning.simulation.settings import Replay
from annotation.formats import prm800k, prmbench, processbench
from annotation.formats.fields import Unreadable
from annotation.formats.rows import AnnotationRow, Refusal
from annotation.formats.source import open_source, read_records
from annotation.formats.strict_json import WHOLE
from annotation.grading import Grader

MOST_REFUSALS = 100


class FileRefused(ValueError):
    """The file cannot be replayed; the text says why, a line `FILE:LINE: FIELD: REASON` for what cannot be read."""


def experiment(attempts: Sequence[Attempt], settings: Replay, seeds: Sequence[int], tell: Tell) -> dict[str, Any]:
    """Step AUC along the labels for each strategy. Raises `FileRefused` where there are too few solutions."""
    problems = {attempt.problem for attempt in attempts}
    least = round(len(problems) * (1.0 - settings.held_out))
    if len(problems) < 2 or least * len(attempts) / len(problems) < settings.labels[-1]:
        raise FileRefused(
            f"{len(attempts)} labelled solutions of {len(problems)} problems are too few for {settings.labels[-1]} labels with a share of "
            f"{settings.held_out:g} of the problems held out; give --labels fewer"
        )
    found = over_seeds(lambda seed: one_seed(attempts, settings, seed, tell), settings, seeds, tell)
    return {**found, "metric": "step_auc", "solutions": len(attempts), "problems": len(problems)}


def one_seed(attempts: Sequence[Attempt], settings: Replay, seed: int, tell: Tell) -> dict[str, Any]:
    """Every strategy's step AUC along the labels, on the problems that this seed holds out."""
    pool, held_out = split(attempts, settings.held_out, seed)
    origin = Origin(texts=texts(pool))
    found = Cells(settings, origin, lambda model: step_auc(model, held_out), seed, tell).along(pool)
    nothing = learning.untrained(settings.training, kind="prm", origin=origin, seed=seed)
    found["controls"]["zero_label"] = step_auc(nothing, held_out)
    return found


def split(attempts: Sequence[Attempt], share: float, seed: int) -> tuple[list[Attempt], list[Attempt]]:
    """The pool, and what is measured on: whole problems, drawn by chance."""
    problems = sorted({attempt.problem for attempt in attempts})
    drawn = np.random.default_rng([seed, 12]).permutation(len(problems))[: max(1, round(share * len(problems)))]
    aside = {problems[place] for place in drawn.tolist()}
    return (
        [attempt for attempt in attempts if attempt.problem not in aside],
        [attempt for attempt in attempts if attempt.problem in aside],
    )


def step_auc(model: RewardModel, attempts: Sequence[Attempt]) -> float:
    """Raises `FileRefused` where the held-out problems have no wrong step, or no right one."""
    rows = [
        ScoredLabel(
            problem=attempt.problem,
            good=tuple(step_scores(score.rating_probs, neutral=model.neutral)),
            ratings=attempt.ratings,
        )
        for attempt, score in zip(attempts, learning.said(model, attempts), strict=True)
        if score.rating_probs is not None
    ]
    found = evaluate_steps(rows, resamples=0).step_auc
    if found is None:
        raise FileRefused("The held-out problems have no wrong step, or no right one: nothing can be measured.")
    return found


def read(path: Path) -> tuple[list[Attempt], dict[str, Any]]:
    """What the file says of solutions that were labelled to an end, and which file it is. Raises `FileRefused`, `OSError`."""
    refused: list[str] = []
    found: list[Attempt] = []
    with open_source(str(path)) as stream, Grader() as grader:
        for item in read_records(stream):
            if isinstance(item, Refusal):
                refused.append(f"{path.name}:{item.line}: {item.field}: {item.reason}")
                continue
            try:
                found.extend(attempt for row in _annotations(item[1]) for attempt in _attempts(row, grader))
            except Unreadable as error:
                refused.append(f"{path.name}:{item[0]}: {error.field}: {error.reason}")
    if refused:
        raise FileRefused("\n".join(refused[:MOST_REFUSALS]))
    return found, {"name": path.name, "sha256": sha256_of(path)}


def _annotations(record: Mapping[str, Any]) -> list[AnnotationRow]:
    if "labeler" in record:
        return [prm800k.read(record)]
    if "original_process" in record:
        return list(prmbench.read_annotations(record))
    if {"problem", "steps", "label"} <= record.keys():
        return [processbench.read_annotation(record)]
    raise Unreadable(WHOLE, "is no PRM800K, ProcessBench or PRMBench record")


def _attempts(row: AnnotationRow, grader: Grader) -> Iterator[Attempt]:
    if row.label["finish_reason"] not in FINISHED or row.is_quality_control or row.is_initial_screening:
        return
    for path in process_examples(row, siblings="none"):
        ratings = tuple(
            rating if rating is None else int(rating) for rating in path.ratings if not isinstance(rating, tuple)
        )
        steps = row.solution.steps if row.solution else path.steps
        if any(rating is not None for rating in ratings):
            yield Attempt(
                problem=path.problem,
                steps=tuple(steps),
                ratings=ratings,
                answer=row.solution.answer if row.solution else None,
                right=_is_right(row, ratings, grader),
            )


def _is_right(row: AnnotationRow, ratings: Sequence[int | None], grader: Grader) -> bool:
    """The published verdict, else the grader's, else (no answer is known) whether a step is wrong."""
    if row.solution is not None and row.solution.published_correct is not None:
        return row.solution.published_correct
    truth = row.question.get("ground_truth_answer")
    answer = row.solution.answer if row.solution else None
    if truth is not None and answer is not None:
        # An undecided answer may be right: it is not convincing wrong.
        return grader.grade(answer, truth).verdict != "wrong"
    return -1 not in ratings
