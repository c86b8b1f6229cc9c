"""What an answered turn and a step-by-step label may say, field by field. Pure; no database. Strict types, as in `label_rules`.

Every alternative is rated or flagged. The conversation goes on with the first Great one in the turn's drawn order, else with the first
Okay one; where there is neither, the labeller writes the step. A corrected turn keeps the alternative that it went on with for as long as
that is still among the best rated ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation import label_rules
from annotation.errors import InvalidInput
from annotation.label_rules import REASON_NEEDED, STEP_KEYS, UNFINISHED, CheckedLabel, RatedCompletion, Refused
from annotation.near_identical import states_answer

FINISH_REASONS = ("solution", *REASON_NEEDED)
LONGEST_STEP = 10_000  # characters, whoever writes it
Marks = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A turn as it was offered and, once it is answered, what the conversation went on with: `chosen`, or the text `written`."""

    alternatives: Sequence[str]
    order: Sequence[int]
    answered: bool = False
    chosen: int | None = None
    written: str | None = None

    def went_on_with(self, answered: "Answered") -> bool:
        """Whether this is the answer that the turns behind it are built on."""
        return self.answered and (answered.chosen, _text(answered.written)) == (self.chosen, self.written)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a labeller made of a turn. `written` is `{text, flagged}` where no alternative was chosen."""

    marks: Marks
    chosen: int | None
    written: dict[str, Any] | None

    def text(self, turn: Offered) -> str:
        """The step that the conversation goes on with."""
        if self.chosen is not None:
            return turn.alternatives[self.chosen]
        return _text(self.written) or ""


def answer(*, turn: Offered, ratings: Any, written: Any) -> Answered:
    """Check the answer to a turn that is not the last of a label. Raises `InvalidInput` with the path of the first refused field."""
    try:
        return _answer(turn, _marks(ratings, len(turn.alternatives)), _written(written), "")
    except Refused as refused:
        message = f"The ratings were not accepted: {refused.error.field}: {refused.error.message}"
        raise InvalidInput(message, errors=[refused.error]) from None


def _marks(given: Any, count: int) -> Marks:
    if not isinstance(given, list) or len(given) != count:
        raise Refused("ratings", f"must be a list with one entry for each of the {count} alternatives")
    marks = []
    for number, mark in enumerate(given):
        path = f"ratings[{number}]"
        label_rules.require_keys(mark, path, ("rating", "flagged"))
        marks.append(label_rules.mark(mark, path))
    return marks


def _written(given: Any) -> dict[str, Any] | None:
    if given is None:
        return None
    if isinstance(given, dict):
        given = {"flagged": False, **given}
    label_rules.require_keys(given, "written", ("text", "flagged"))
    return _own_step(given, "written")


def _own_step(given: dict[str, Any], path: str) -> dict[str, Any]:
    text, flagged = given["text"], given["flagged"]
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_STEP:
        raise Refused(f"{path}.text", f"must be a step of 1 to {LONGEST_STEP} characters")
    if not isinstance(flagged, bool):
        raise Refused(f"{path}.flagged", "must be true or false")
    return {"text": text, "flagged": flagged}


def can_be_offered(text: Any) -> bool:
    """Whether this can be a step at all: text that can be stored, not empty and not endless."""
    if not isinstance(text, str) or len(text) > LONGEST_STEP or "\0" in text or not text.strip():
        return False
    return not any("\ud800" <= character <= "\udfff" for character in text)


def choice(marks: Marks, order: Sequence[int]) -> int | None:
    """The alternative to go on with: the first Great one in this order, else the first Okay one, else none."""
    for wanted in (1, 0):
        for index in order:
            if marks[index]["rating"] == wanted:
                return index
    return None


def _answer(turn: Offered, marks: Marks, written: dict[str, Any] | None, path: str) -> Answered:
    """`path` stands before the names of the fields, which a label spells otherwise."""
    chosen = choice(marks, turn.order)
    if turn.chosen is not None and chosen is not None and marks[turn.chosen]["rating"] == marks[chosen]["rating"]:
        chosen = turn.chosen
    own = f"{path}.human_completion" if path else "written"
    if chosen is not None and written is not None:
        raise Refused(own, "must be null: an alternative is Great or Okay, and the conversation goes on with it")
    if chosen is None and written is None:
        raise Refused(own, "is missing: no alternative is Great or Okay, so write the step")
    return Answered(marks, chosen, written)


# --- the label ------------------------------------------------------------------------------------------------------


def step_by_step(label: Any, *, turns: Sequence[Offered]) -> CheckedLabel:
    """Check a phase 1 label against the turns of its conversation. Raises `InvalidInput` with the path of the first refused field.

    Every rated step but the last went on as the conversation did; the last one is checked from the label itself, as if it had been sent.
    """
    with label_rules.refusals_told():
        given, finish_reason, total_time = label_rules.head(label, FINISH_REASONS)
        rated = _rated(given, turns, finish_reason)
        _ending(finish_reason, rated, turns)
    rows = [_record(answered, turn) for answered, turn in zip(rated, turns, strict=False)]
    if len(rated) < len(given):
        rows.append(dict(UNFINISHED))
    ratings = tuple(
        RatedCompletion(step, number, mark["rating"], mark["flagged"])
        for step, answered in enumerate(rated)
        for number, mark in enumerate(answered.marks)
    )
    record = {"steps": rows, "total_time": total_time, "finish_reason": finish_reason}
    return CheckedLabel(label=record, ratings=ratings, finish_reason=finish_reason, total_time=total_time)


def _rated(given: list[Any], turns: Sequence[Offered], finish_reason: str) -> list[Answered]:
    """The answered steps in order; an unfinished one (`completions: null`) may close those of a conversation that was given up."""
    rated: list[Answered] = []
    for index, step in enumerate(given):
        path = f"label.steps[{index}]"
        label_rules.require_keys(step, path, STEP_KEYS)
        if step["completions"] is None:
            if index != len(given) - 1 or finish_reason not in REASON_NEEDED or step != UNFINISHED:
                raise Refused(f"{path}.completions", "only the last step of what was given up may be unfinished")
            break
        if index >= len(turns):
            raise Refused(path, "comes after the last turn of the conversation")
        if rated and not turns[index - 1].went_on_with(rated[-1]):
            raise Refused(f"label.steps[{index - 1}]", "is not what the conversation went on with")
        rated.append(_step(step, turns[index], path))
    return rated


def _text(written: dict[str, Any] | None) -> str | None:
    return None if written is None else str(written["text"])


def _step(step: dict[str, Any], turn: Offered, path: str) -> Answered:
    completions = step["completions"]
    if not isinstance(completions, list) or len(completions) != len(turn.alternatives):
        raise Refused(f"{path}.completions", f"must be a list of this turn's {len(turn.alternatives)} alternatives")
    marks = []
    for number, (given, text) in enumerate(zip(completions, turn.alternatives, strict=True)):
        rated = label_rules.completion(given, f"{path}.completions[{number}]", text)
        marks.append({"rating": rated["rating"], "flagged": rated["flagged"]})
    answered = _answer(turn, marks, _human(step["human_completion"], f"{path}.human_completion"), path)
    chosen = step["chosen_completion"]
    if chosen != answered.chosen or type(chosen) is not type(answered.chosen):
        raise Refused(f"{path}.chosen_completion", f"must be {'null' if answered.chosen is None else answered.chosen}")
    return answered


def _human(given: Any, path: str) -> dict[str, Any] | None:
    if given is None:
        return None
    label_rules.require_keys(given, path, ("text", "rating", "source", "flagged"))
    if given["rating"] is not None:
        raise Refused(f"{path}.rating", "must be null: nobody rates their own step")
    if given["source"] != "human":
        raise Refused(f"{path}.source", 'must be "human"')
    return _own_step(given, path)


def _ending(finish_reason: str, rated: list[Answered], turns: Sequence[Offered]) -> None:
    last = len(rated) - 1
    if finish_reason == "solution" and (last < 0 or not states_answer(rated[last].text(turns[last]))):
        raise Refused("label.steps", "must end with a step that states the final answer")
    answered = sum(turn.answered for turn in turns)
    # A correction of the last step may have cut off what came after it.
    if len(rated) < answered and (last < 0 or turns[last].went_on_with(rated[last])):
        raise Refused("label.steps", f"leaves out turn {len(rated)}, which was answered")


def _record(answered: Answered, turn: Offered) -> dict[str, Any]:
    own = answered.written
    return {
        "completions": [{"text": text, **mark} for text, mark in zip(turn.alternatives, answered.marks, strict=True)],
        "human_completion": own and {"text": own["text"], "rating": None, "source": "human", "flagged": own["flagged"]},
        "chosen_completion": answered.chosen,
    }


def turns_of(label: dict[str, Any]) -> list[tuple[Offered, Answered]]:
    """The turns that a finished label tells of, each with its answer. What was chosen stands first in the order: it stays chosen."""
    found = []
    for step in label["steps"]:
        if step["completions"] is None:
            break
        chosen, human = step["chosen_completion"], step["human_completion"]
        own = (
            None
            if human is None or chosen is not None
            else {"text": human["text"], "flagged": bool(human.get("flagged"))}
        )
        texts = [given["text"] for given in step["completions"]]
        marks = [{"rating": given["rating"], "flagged": bool(given.get("flagged"))} for given in step["completions"]]
        order = sorted(range(len(texts)), key=lambda index: index != chosen)
        turn = Offered(alternatives=texts, order=order, answered=True, chosen=chosen, written=_text(own))
        found.append((turn, Answered(marks, chosen, own)))
    return found
