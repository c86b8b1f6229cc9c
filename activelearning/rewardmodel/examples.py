"""From files to training examples: PRM800K lines of either phase, stepwise rows, scored samples, outcome lines. No torch.

Steps are trained on up to and including the first that is rated -1; of a record, along its chosen completions. What is left out is counted
by reason.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activelearning.rewardmodel.config import TrainingConfig
from activelearning.rewardmodel.forms import Rating, nearest
from annotation.formats import fields, prm800k, scored_samples, stepwise
from annotation.formats.fields import Unreadable
from annotation.formats.rows import AnnotationRow, Refusal
from annotation.formats.source import open_source, read_records
from annotation.formats.stepwise import StepwiseRow

MOST_REFUSALS = 100  # of a file that are shown
ANSWER_MARK = "\n\n# Answer\n\n"
FINISHED = ("solution", "found_error")

IsRight = Callable[[str | None, str], bool | None]  # (given answer, true answer); None: nobody can say


class DataRefused(ValueError):
    """The data cannot be trained on. `refusals` are lines `FILE:LINE: FIELD: REASON`, the first hundred."""

    def __init__(self, message: str, refusals: Sequence[str] = ()) -> None:
        super().__init__("\n".join([message, *refusals]))
        self.refusals = list(refusals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A problem and the steps to train on. `ratings` has one entry a step, None where it is not trained on; `right` is for an ORM."""

    problem: str
    steps: tuple[str, ...]
    ratings: tuple[Rating | None, ...] = ()
    right: bool | None = None
    source: str = ""  # FILE:LINE


def read_examples(
    paths: Sequence[Path], *, kind: str, config: TrainingConfig, is_right: IsRight | None = None
) -> tuple[list[Example], Counter[str]]:
    """All examples of the files, in order, and how many records were left out for which reason.

    An ORM takes its outcomes from `is_right` over the record's answers, or from an outcome line's `is_correct`.
    Raises `DataRefused` where a line cannot be read (nothing is skipped silently), `OSError`.
    """
    left_out: Counter[str] = Counter()
    refusals: list[str] = []
    found: list[Example] = []
    for path in paths:
        for line, record in _records(path, refusals):
            try:
                found.extend(_examples(record, f"{path.name}:{line}", kind, config, is_right, left_out))
            except Unreadable as error:
                refusals.append(f"{path.name}:{line}: {error.field}: {error.reason}")
    if refusals:
        raise DataRefused(f"{len(refusals)} lines cannot be read", refusals[:MOST_REFUSALS])
    return found, left_out


def _records(path: Path, refusals: list[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with open_source(path) as stream:
        for read in read_records(stream):
            if isinstance(read, Refusal):
                refusals.append(f"{path.name}:{read.line}: {read.field}: {read.reason}")
            else:
                yield read


def _examples(
    record: Mapping[str, Any],
    source: str,
    kind: str,
    config: TrainingConfig,
    is_right: IsRight | None,
    left_out: Counter[str],
) -> Iterable[Example]:
    if "completions" in record:
        if kind == "orm":
            raise Unreadable("labels", "say nothing of the outcome: stepwise rows train a PRM only")
        return [_up_to_the_first_error(stepwise.read(record), source)]
    if "label" not in record and ("is_correct" in record or "rating_probs" in record):
        return [_outcome(record, source) if kind == "orm" else _distilled(record, source)]
    row = prm800k.read(record)
    reason = _left_out(row, config)
    if reason:
        left_out[reason] += 1
        return []
    if kind == "prm":
        return list(process_examples(row, siblings=config.siblings, source=source))
    example = outcome_example(row, source=source, is_right=is_right)
    if example is None:
        left_out["no_outcome"] += 1
        return []
    return [example]


def _left_out(row: AnnotationRow, config: TrainingConfig) -> str:
    if row.is_quality_control and not config.include_quality_control:
        return "quality_control"
    if row.is_initial_screening and not config.include_screening:
        return "screening"
    if row.label["finish_reason"] not in FINISHED and not config.include_unfinished:
        return str(row.label["finish_reason"])
    return ""


def process_examples(row: AnnotationRow, *, siblings: str = "last", source: str = "") -> Iterator[Example]:
    """The record's path, and what stood beside it: `siblings` is none, last (beside the path's last step) or all.

    A sibling's example has the path's steps before it, which are not trained on a second time.
    """
    problem = str(row.question["problem"])
    texts: list[str] = []
    ratings: list[int | None] = []
    beside: list[tuple[int, str, int]] = []
    for step in row.label["steps"]:
        completions = step["completions"] or []
        taken, text, rating = _taken(step, completions)
        for number, completion in enumerate(completions):
            if number != taken and completion["rating"] is not None:
                beside.append((len(texts), completion["text"], completion["rating"]))
        if text is None:
            break
        texts.append(text)
        ratings.append(rating)
        if rating == -1:
            break
    if texts:
        yield Example(problem=problem, steps=tuple(texts), ratings=tuple(ratings), source=source)
    for at, text, rating in beside:
        if siblings == "all" or (siblings == "last" and at >= len(texts) - 1):
            yield Example(
                problem=problem, steps=(*texts[:at], text), ratings=(*(None for _ in range(at)), rating), source=source
            )


def _taken(
    step: Mapping[str, Any], completions: Sequence[Mapping[str, Any]]
) -> tuple[int | None, str | None, int | None]:
    """Which completion the path goes through, its text and rating; a person's own step has no rating; (None, None, None) ends it."""
    chosen = step.get("chosen_completion")
    if chosen is not None:
        return chosen, completions[chosen]["text"], completions[chosen]["rating"]
    human = step.get("human_completion")
    if human is not None:
        return None, human["text"], None
    if not completions:
        return None, None, None
    return 0, completions[0]["text"], completions[0]["rating"]


def outcome_example(row: AnnotationRow, *, source: str = "", is_right: IsRight | None = None) -> Example | None:
    """The whole solution and whether its answer is right; None where that cannot be said."""
    truth = row.question.get("ground_truth_answer")
    if row.solution is not None:
        steps, answer = row.solution.steps, row.solution.answer
    else:
        path = next(process_examples(row, siblings="none"), None)
        steps = path.steps if path else ()
        answer = steps[-1].partition(ANSWER_MARK)[2] or None if steps else None
        if answer is None:
            return None  # phase 1 that stopped before an answer: its outcome was never seen
    if truth is None or not steps or is_right is None:
        return None
    right = is_right(answer, truth)
    if right is None:
        return None
    return Example(problem=str(row.question["problem"]), steps=tuple(steps), right=right, source=source)


def _up_to_the_first_error(row: StepwiseRow, source: str) -> Example:
    end = next((index for index, rating in enumerate(row.ratings) if rating == -1), len(row.ratings)) + 1
    return Example(problem=row.problem, steps=row.steps[:end], ratings=row.ratings[:end], source=source)


def _distilled(record: Mapping[str, Any], source: str) -> Example:
    """Another model's word on each step, to be learned as it is: also what follows its first error."""
    if record.get("rating_probs") is None:
        raise Unreadable("rating_probs", "is missing: without ratings a line trains an ORM only")
    row = scored_samples.read(record)
    ratings = row.score.rating_probs if row.score else ()
    for index, chances in enumerate(ratings):
        if not 0.99 <= sum(chances) <= 1.01:
            raise Unreadable(f"rating_probs[{index}]", f"adds up to {sum(chances):.4g}, not to 1")
    return Example(problem=row.problem.text, steps=row.steps, ratings=ratings, source=source)


def _outcome(record: Mapping[str, Any], source: str) -> Example:
    return Example(
        problem=fields.text(fields.required(record, "problem"), "problem", empty=False),
        steps=fields.step_texts(fields.required(record, "steps"), "steps"),
        right=fields.truth(record["is_correct"], "is_correct"),
        source=source,
    )


def refuse_what_teaches_nothing(examples: Sequence[Example], *, kind: str) -> None:
    """Raises `DataRefused` for an empty or one-class set: a model of it would give every solution the same score."""
    if kind == "orm":
        outcomes = Counter(example.right for example in examples)
        if not outcomes[True] or not outcomes[False]:
            raise DataRefused(
                f"An outcome reward model needs right and wrong solutions; there are {outcomes[True]} right and {outcomes[False]} wrong."
            )
        return
    counts = Counter(nearest(rating) for example in examples for rating in example.ratings if rating is not None)
    if not counts:
        raise DataRefused("No step in the data has a rating to train on.")
    if not counts[-1] or not counts[0] + counts[1]:
        raise DataRefused(
            "A process reward model needs steps rated -1 and steps rated 0 or +1; "
            f"there are {counts[-1]} of -1, {counts[0]} of 0 and {counts[1]} of +1."
        )
