"""PRM800K: one finished record a line, both phases; read strictly, and written so that what came in goes out byte for byte.

Keys inside `question` and `label` that we do not know are kept where they stand: published phase 1 files have a `corrected_rating` in
some `human_completion`s. The seven outer keys are the whole record; another one would be lost on the way out, so it is refused.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import MOST_COMPLETIONS, MOST_STEPS, AnnotationRow, ProblemRow, SolutionRow

FINISH_REASONS = ("solution", "found_error", "give_up", "bad_problem")
LONGEST_TIME = 2**62  # milliseconds; imported times are kept as they came, only the column bounds them
_OUTER = (
    "labeler", "timestamp", "generation", "is_quality_control_question", "is_initial_screening_question", "question", "label",
)  # fmt: skip


def read(record: Mapping[str, Any]) -> AnnotationRow:
    """The row of one record. Raises `Unreadable` with a path like `label.steps[3].completions[0].rating`."""
    fields.known_keys(record, _OUTER)
    question = fields.an_object(fields.required(record, "question"), "question")
    label = fields.an_object(fields.required(record, "label"), "label")
    generation = fields.generation(fields.required(record, "generation"))
    problem = ProblemRow(
        text=fields.text(fields.required(question, "problem", "question."), "question.problem", empty=False),
        answer=fields.text_or_none(question.get("ground_truth_answer"), "question.ground_truth_answer"),
        solution=fields.text_or_none(question.get("ground_truth_solution"), "question.ground_truth_solution"),
    )
    _label(label)
    return AnnotationRow(
        problem=problem,
        solution=_solution(question, label, problem, generation),
        labeller=_labeller(fields.required(record, "labeler")),
        submitted_at=_moment(fields.required(record, "timestamp")),
        generation=generation,
        is_quality_control=_flag(record, "is_quality_control_question"),
        is_initial_screening=_flag(record, "is_initial_screening_question"),
        question=question,
        label=label,
    )


def write_record(
    *,
    labeller: str,
    submitted_at: datetime,
    generation: int | None,
    is_quality_control: bool,
    is_initial_screening: bool,
    question: Mapping[str, Any],
    label: Mapping[str, Any],
) -> str:
    """One JSON line without its newline. `submitted_at` is aware; the record has UTC without a zone."""
    record = {
        "labeler": labeller,
        "timestamp": submitted_at.astimezone(UTC).replace(tzinfo=None).isoformat(),
        "generation": generation,
        "is_quality_control_question": is_quality_control,
        "is_initial_screening_question": is_initial_screening,
        "question": question,
        "label": label,
    }
    return json.dumps(record, ensure_ascii=False)


def _flag(record: Mapping[str, Any], key: str) -> bool:
    return fields.truth(fields.required(record, key), key)


def _labeller(value: Any) -> str:
    """A UUID in its own canonical form, so that it goes out as it came."""
    try:
        canonical = str(UUID(fields.text(value, "labeler")))
    except ValueError:
        canonical = ""
    if not canonical or canonical != value:
        raise Unreadable("labeler", "must be a UUID in lower case with hyphens")
    return canonical


def _moment(value: Any) -> datetime:
    """UTC without a zone, as published and as `write_record` will write it again."""
    try:
        moment = datetime.fromisoformat(fields.text(value, "timestamp"))
    except (ValueError, OverflowError):
        moment = None
    # Written any other way it would not come back as it came.
    if moment is None or moment.tzinfo is not None or moment.isoformat() != value:
        raise Unreadable("timestamp", "must be UTC without a zone, as in 2022-07-30T23:23:32.118856")
    return moment.replace(tzinfo=UTC)


def _solution(
    question: Mapping[str, Any], label: Mapping[str, Any], problem: ProblemRow, generation: int | None
) -> SolutionRow | None:
    """Phase 2 names the whole solution that was labelled; in phase 1 there was none."""
    given = question.get("pre_generated_steps")
    if given is None:
        return None
    steps = fields.step_texts(given, "question.pre_generated_steps")
    return SolutionRow(
        problem=problem,
        steps=steps,
        answer=fields.text_or_none(question.get("pre_generated_answer"), "question.pre_generated_answer"),
        generation=generation,
        alternatives=_alternatives(steps, label["steps"]),
        verifier_score=fields.number_or_none(
            question.get("pre_generated_verifier_score"), "question.pre_generated_verifier_score"
        ),
    )


def _alternatives(steps: tuple[str, ...], rated: list[dict[str, Any]]) -> dict[int, tuple[str, ...]]:
    """What stood beside the solution's own step, by 0-based step."""
    found: dict[int, tuple[str, ...]] = {}
    for index, (text, step) in enumerate(zip(steps, rated, strict=False)):
        completions = step["completions"] or []
        if len(completions) > 1 and completions[0]["text"] == text:
            found[index] = tuple(completion["text"] for completion in completions[1:])
    return found


def _label(label: Mapping[str, Any]) -> None:
    fields.whole(fields.required(label, "total_time", "label."), "label.total_time", low=0, high=LONGEST_TIME)
    reason = fields.required(label, "finish_reason", "label.")
    if reason not in FINISH_REASONS:
        raise Unreadable("label.finish_reason", f"must be one of {', '.join(FINISH_REASONS)}")
    steps = fields.a_list(fields.required(label, "steps", "label."), "label.steps", longest=MOST_STEPS)
    if not steps and reason in ("solution", "found_error"):
        raise Unreadable("label.steps", "has no steps")
    for index, step in enumerate(steps):
        _step(step, f"label.steps[{index}]")


def _step(step: Any, path: str) -> None:
    fields.an_object(step, path)
    given = fields.required(step, "completions", path + ".")
    completions = [] if given is None else fields.a_list(given, f"{path}.completions", longest=MOST_COMPLETIONS)
    for number, completion in enumerate(completions):
        _completion(completion, f"{path}.completions[{number}]")
    if step.get("human_completion") is not None:
        human = fields.an_object(step["human_completion"], f"{path}.human_completion")
        _completion(human, f"{path}.human_completion")
    chosen = step.get("chosen_completion")
    if chosen is not None:
        if not completions:
            raise Unreadable(f"{path}.chosen_completion", "chooses among no completions")
        fields.whole(chosen, f"{path}.chosen_completion", low=0, high=len(completions) - 1)


def _completion(completion: Any, path: str) -> None:
    fields.an_object(completion, path)
    fields.text(fields.required(completion, "text", path + "."), f"{path}.text")
    rating = fields.required(completion, "rating", path + ".")
    if rating is not None and (type(rating) is not int or not -1 <= rating <= 1):
        raise Unreadable(f"{path}.rating", "must be -1, 0, 1 or null")
    if completion.get("flagged") not in (None, True, False) or type(completion.get("flagged")) is int:
        raise Unreadable(f"{path}.flagged", "must be true, false or null")
