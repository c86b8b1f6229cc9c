"""`scored-samples`: solutions with a reward model's word on each step, in the form released with the paper (arXiv 2305.20050)."""

from collections.abc import Mapping
from typing import Any

from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import MOST_STEPS, ProblemRow, ScoreRow, SolutionRow

SCORER = "imported"
RATINGS = ("-1", "0", "1")


def read(record: Mapping[str, Any]) -> SolutionRow:
    """The solution with its scores. `is_correct` is the published verdict; keys that we do not know are passed over."""
    steps = fields.step_texts(fields.required(record, "steps"), "steps")
    correct = record.get("is_correct")
    problem = ProblemRow(
        text=fields.text(fields.required(record, "problem"), "problem", empty=False),
        answer=fields.text_or_none(record.get("ground_truth_answer"), "ground_truth_answer"),
        external_id=fields.name(record.get("unique_id"), "unique_id"),
        subject=fields.name(record.get("subject"), "subject"),
        level=fields.name(record.get("level"), "level"),
    )
    return SolutionRow(
        problem=problem,
        steps=steps,
        answer=fields.text_or_none(record.get("answer"), "answer"),
        generator=fields.name(record.get("generator"), "generator"),
        generation=fields.generation(record.get("generation")),
        external_id=fields.name(record.get("id"), "id"),
        published_correct=None if correct is None else fields.truth(correct, "is_correct"),
        score=_score(record, len(steps)),
    )


def _score(record: Mapping[str, Any], steps: int) -> ScoreRow | None:
    prm = fields.number_or_none(record.get("prm_score"), "prm_score")
    orm = fields.number_or_none(record.get("orm_score"), "orm_score")
    given = record.get("rating_probs")
    if given is None and prm is None and orm is None:
        return None
    listed = [] if given is None else fields.a_list(given, "rating_probs", longest=MOST_STEPS)
    if listed and len(listed) != steps:
        raise Unreadable("rating_probs", f"has {len(listed)} entries, the solution {steps} steps")
    probs = tuple(probabilities(entry, f"rating_probs[{index}]") for index, entry in enumerate(listed))
    return ScoreRow(scorer=SCORER, rating_probs=probs, prm_score=prm, orm_score=orm)


def probabilities(entry: Any, path: str) -> tuple[float, float, float]:
    """P(-1), P(0), P(+1) of one step."""
    fields.known_keys(fields.an_object(entry, path), RATINGS, path + ".")
    bad, neutral, good = (_probability(fields.required(entry, key, path + "."), f"{path}.{key}") for key in RATINGS)
    return bad, neutral, good


def _probability(value: Any, field: str) -> float:
    number = fields.number_or_none(value, field)
    if number is None or not 0.0 <= number <= 1.0:
        raise Unreadable(field, "must be a probability from 0 to 1")
    return number
