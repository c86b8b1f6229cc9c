"""What a label of a whole solution may say: the protocol's rules over a PRM800K `label` object, field by field. Pure; no database.

`step_rules` has those of step-by-step work.

Strict types: `true`, `"1"` and `1.0` are no ratings. A label that passes is returned in PRM800K's own key order, texts byte for byte.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext

from annotation.errors import FieldError, InvalidInput

LONGEST_TIME = 86_400_000  # milliseconds: a day
LONGEST_REASON = 2000
REASON_NEEDED = ("give_up", "bad_problem")
FINISH_REASONS = ("solution", "found_error", *REASON_NEEDED)
STEP_KEYS = ("completions", "human_completion", "chosen_completion")
UNFINISHED: Mapping[str, None] = MappingProxyType(
    dict.fromkeys(STEP_KEYS)
)  # the last step of a label that was given up


@dataclass(frozen=True, slots=True)
class RatedCompletion:
    step: int
    completion: int
    rating: int | None
    flagged: bool


@dataclass(frozen=True, slots=True)
class CheckedLabel:
    """`label` is the record's object, keys in order; `ratings` are its numbers for the database's own constraints."""

    label: dict[str, Any]
    ratings: tuple[RatedCompletion, ...]
    finish_reason: str
    total_time: int


class Refused(Exception):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.error = FieldError(field, message)


def whole_solution(label: Any, *, steps: Sequence[str], alternatives: Mapping[str, Sequence[str]]) -> CheckedLabel:
    """Check a phase 2 label of a solution with these `steps` (and `alternatives` by 0-based step, as text keys).

    Raises `InvalidInput` with the path of the first refused field.
    """
    with refusals_told():
        return _whole_solution(label, steps, alternatives)


@contextmanager
def refusals_told() -> Iterator[None]:
    """Turns `Refused` into the `InvalidInput` that names its field."""
    try:
        yield
    except Refused as refused:
        said = gettext("The label was not accepted: %(field)s: %(fault)s")
        message = said % {"field": refused.error.field, "fault": refused.error.message}
        raise InvalidInput(message, errors=[refused.error]) from None


def reason_text(value: Any, *, finish_reason: str) -> str:
    """The reason given; asked for where a solution was given up or its problem called bad."""
    text = short_text(value, field="reason")
    if finish_reason in REASON_NEEDED and not text.strip():
        raise InvalidInput(
            gettext("Say why."),
            errors=[FieldError("reason", gettext("A reason is needed to give up or to call a problem bad."))],
        )
    return text


def short_text(value: Any, *, field: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_REASON:
        raise InvalidInput(
            f"{field} is refused.", errors=[FieldError(field, f"must be text of at most {LONGEST_REASON} characters")]
        )
    return value


def _whole_solution(label: Any, steps: Sequence[str], alternatives: Mapping[str, Sequence[str]]) -> CheckedLabel:
    given, finish_reason, total_time = head(label, FINISH_REASONS)
    checked, unfinished = _steps(given, steps, alternatives)
    _ending(finish_reason, checked, unfinished, len(steps))
    rows = [_step_record(completions) for completions in checked]
    if unfinished:
        rows.append(dict(UNFINISHED))
    ratings = tuple(
        RatedCompletion(i, j, c["rating"], c["flagged"]) for i, step in enumerate(checked) for j, c in enumerate(step)
    )
    record = {"steps": rows, "total_time": total_time, "finish_reason": finish_reason}
    return CheckedLabel(label=record, ratings=ratings, finish_reason=finish_reason, total_time=total_time)


def head(label: Any, finish_reasons: Sequence[str]) -> tuple[list[Any], str, int]:
    """The steps as given, unchecked, the finish reason and the milliseconds of any protocol's label."""
    require_keys(label, "label", ("steps", "total_time", "finish_reason"))
    steps, finish_reason, total_time = label["steps"], label["finish_reason"], label["total_time"]
    if finish_reason not in finish_reasons:
        raise Refused("label.finish_reason", f"must be one of {', '.join(finish_reasons)}")
    if type(total_time) is not int or not 0 <= total_time <= LONGEST_TIME:
        raise Refused("label.total_time", f"must be whole milliseconds from 0 to {LONGEST_TIME}")
    if not isinstance(steps, list):
        raise Refused("label.steps", "must be a list")
    return steps, finish_reason, total_time


def _steps(
    given: list[Any], steps: Sequence[str], alternatives: Mapping[str, Sequence[str]]
) -> tuple[list[list[dict[str, Any]]], bool]:
    """The rated steps in order, and whether an unfinished one (`completions: null`) closes them."""
    if len(given) > len(steps):
        raise Refused("label.steps", f"has {len(given)} steps, the solution {len(steps)}")
    checked: list[list[dict[str, Any]]] = []
    for index, step in enumerate(given):
        path = f"label.steps[{index}]"
        require_keys(step, path, STEP_KEYS)
        if step["human_completion"] is not None:
            raise Refused(f"{path}.human_completion", "must be null: nobody writes steps when grading a whole solution")
        if step["completions"] is None:
            if index != len(given) - 1 or step["chosen_completion"] is not None:
                raise Refused(f"{path}.completions", "only the last step may be unfinished")
            return checked, True
        if checked and checked[-1][0]["rating"] == -1:
            raise Refused(path, "comes after the first Bad step, where labelling stops")
        completions = _completions(step["completions"], path, steps[index], alternatives.get(str(index), ()))
        _chosen(step["chosen_completion"], path, bad=completions[0]["rating"] == -1)
        checked.append(completions)
    return checked, False


def _chosen(chosen: Any, path: str, *, bad: bool) -> None:
    if bad and chosen is not None:
        raise Refused(f"{path}.chosen_completion", "must be null at a Bad step")
    if not bad and (type(chosen) is not int or chosen != 0):
        raise Refused(f"{path}.chosen_completion", "must be 0: the solution's own step goes on")


def _completions(given: Any, path: str, text: str, alternatives: Sequence[str]) -> list[dict[str, Any]]:
    """Completion 0 is the solution's own step; after a Bad one come all of the step's alternatives, or none."""
    if not isinstance(given, list) or not given:
        raise Refused(f"{path}.completions", "must be a list with the step in it")
    first = completion(given[0], f"{path}.completions[0]", text)
    if len(given) > 1 and first["rating"] != -1:
        raise Refused(f"{path}.completions", "alternatives are rated only at the first Bad step")
    if len(given) > 1 and len(given) != 1 + len(alternatives):
        raise Refused(
            f"{path}.completions", f"must hold the step and all {len(alternatives)} alternatives, or the step alone"
        )
    rest = [
        completion(item, f"{path}.completions[{number}]", alternative)
        for number, (item, alternative) in enumerate(zip(given[1:], alternatives, strict=False), start=1)
    ]
    return [first, *rest]


def completion(given: Any, path: str, text: str) -> dict[str, Any]:
    """One completion with exactly this text, rated or flagged."""
    require_keys(given, path, ("text", "rating", "flagged"))
    if given["text"] != text:
        raise Refused(f"{path}.text", "is not this step's text")
    return {"text": text, **mark(given, path)}


def mark(given: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The rating and the flag: one of them at least is there."""
    rating, flagged = given["rating"], given["flagged"]
    if not isinstance(flagged, bool):
        raise Refused(f"{path}.flagged", "must be true or false")
    if rating is None:
        if not flagged:
            raise Refused(f"{path}.rating", "is missing: rate the step, or flag it as unsure")
    elif type(rating) is not int or rating not in (-1, 0, 1):
        raise Refused(f"{path}.rating", "must be -1, 0, 1 or null")
    return {"rating": rating, "flagged": flagged}


def _ending(finish_reason: str, checked: list[list[dict[str, Any]]], unfinished: bool, total: int) -> None:
    bad = bool(checked) and checked[-1][0]["rating"] == -1
    if finish_reason == "found_error" and (not bad or unfinished):
        raise Refused("label.steps", "must end with the first Bad step when the reason is found_error")
    if finish_reason == "solution":
        if bad:
            raise Refused("label.finish_reason", "must be found_error: the last step is Bad")
        if unfinished or len(checked) != total:
            raise Refused(
                "label.steps", f"rates {len(checked)} of {total} steps; find the first Bad step, or rate all steps"
            )


def _step_record(completions: list[dict[str, Any]]) -> dict[str, Any]:
    chosen = None if completions[0]["rating"] == -1 else 0
    return {"completions": completions, "human_completion": None, "chosen_completion": chosen}


def require_keys(value: Any, path: str, expected: tuple[str, ...]) -> None:
    """Refuses what is no object with exactly these keys."""
    if not isinstance(value, dict):
        raise Refused(path, "must be an object")
    for key in expected:
        if key not in value:
            raise Refused(f"{path}.{key}", "is missing")
    for key in value:
        if key not in expected:
            raise Refused(f"{path}.{key}", "is not a known field")
