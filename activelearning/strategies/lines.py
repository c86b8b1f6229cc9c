"""Scored sample lines as a pool: what each strategy reads of a line, and a name for each line that is the same in every run."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from activelearning.rewardmodel.reductions import step_scores
from activelearning.strategies import (
    convincing_wrong,
    diversity,
    ensemble,
    grader_disagreement,
    mixed,
    relabel,
    stratified,
    uncertainty,
    vote_disagreement,
)
from activelearning.strategies.pool import Features, Floats, Pick, Pool
from annotation import near_identical
from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import MOST_STEPS
from annotation.formats.scored_samples import probabilities
from annotation.grading.normalise import math_form

VERDICTS = ("right", "wrong", "undecided")
BY_VERDICT = frozenset({convincing_wrong.NAME, mixed.NAME, grader_disagreement.NAME})
BY_SCORE = BY_VERDICT | {uncertainty.NAME, vote_disagreement.NAME}
MOST_NUMBERS = 100_000  # of an embedding
MOST_LABELLERS = 1000
NAN = float("nan")

Record = Mapping[str, Any]
Value = TypeVar("Value")


def pool_of(records: Sequence[Record], *, strategy: str | Iterable[str], merge: bool = False) -> Pool:
    """The records' pool, for one strategy or several, and for merging what says the same.

    Raises `Unreadable` with the record's index in front of the field where a strategy lacks what it needs.
    """
    asked = {strategy} if isinstance(strategy, str) else set(strategy)

    def column(name: str, read: Callable[[Record], Value]) -> list[Value] | None:
        return _each(records, read) if name in asked else None

    problems = _each(records, lambda record: fields.text(fields.required(record, "problem"), "problem", empty=False))
    steps = _each(records, lambda record: fields.step_texts(fields.required(record, "steps"), "steps"))
    verdicts = _each(records, lambda record: verdict_of(record, needed=bool(asked & BY_VERDICT)))
    return Pool(
        ids=[_name(record, texts) for record, texts in zip(records, steps, strict=True)],
        problems=problems,
        scores=_floats(_each(records, lambda record: _score(record, needed=bool(asked & BY_SCORE)))),
        is_wrong=np.array([verdict == "wrong" for verdict in verdicts], dtype=np.bool_),
        is_right=np.array([verdict == "right" for verdict in verdicts], dtype=np.bool_),
        doubts=_floats_or_none(column(ensemble.NAME, _doubt)),
        disputes=_floats_or_none(column(relabel.NAME, _dispute)),
        strata=column(stratified.NAME, _stratum),
        answers=column(vote_disagreement.NAME, _answer),
        features=_features(records, steps) if diversity.NAME in asked else None,
        says=[says(texts) for texts in steps] if merge else None,
    )


def _each(records: Sequence[Record], read: Callable[[Record], Value]) -> list[Value]:
    """What `read` reads of each; its refusal names the record by its index."""
    found = []
    for index, record in enumerate(records):
        try:
            found.append(read(record))
        except Unreadable as error:
            raise Unreadable(f"{index}:{error.field}", error.reason) from None
    return found


def says(steps: Sequence[str]) -> tuple[object, ...]:
    """Equal where two solutions say the same, spelling aside, step by step."""
    return tuple(near_identical.key(step) for step in steps)


def chosen_lines(records: Sequence[Record], picks: Sequence[Pick]) -> list[dict[str, Any]]:
    """The chosen records in rank order, unknown keys kept, each with `selection`: rank (from 1), strategy, reason."""
    return [
        {**records[pick.index], "selection": {"rank": rank, "strategy": pick.strategy, "reason": pick.reason}}
        for rank, pick in enumerate(picks, start=1)
    ]


def verdict_of(record: Record, *, needed: bool) -> str | None:
    """The verdict where there is one, else what `is_correct` says; None and undecided are neither wrong nor right."""
    verdict = record.get("verdict")
    if verdict is not None:
        if verdict not in VERDICTS:
            raise Unreadable("verdict", f"must be one of {', '.join(VERDICTS)}")
        return str(verdict)
    if "verdict" not in record and "is_correct" not in record and needed:
        raise Unreadable("verdict", "is missing, and so is is_correct: this strategy chooses by the answer's verdict")
    correct = record.get("is_correct")
    return None if correct is None else "right" if fields.truth(correct, "is_correct") else "wrong"


def _score(record: Record, *, needed: bool) -> float:
    """`prm_score`, else `orm_score`; NaN where it is null: scored, and without a score."""
    name = "prm_score" if "prm_score" in record else "orm_score"
    if name not in record and needed:
        raise Unreadable("prm_score", "is missing: score the solutions first")
    value = fields.number_or_none(record.get(name), name)
    return NAN if value is None else value


def _doubt(record: Record) -> float:
    """NaN where the model gave no score: the solution was too long for it. Without `rating_probs` the deviations alone count."""
    given = record.get("rating_deviation")
    if given is None:
        if "rating_deviation" in record or ("rating_probs" in record and record["rating_probs"] is None):
            return NAN
        raise Unreadable("rating_deviation", "is missing: score the solutions with an ensemble")
    listed = fields.a_list(given, "rating_deviation", longest=MOST_STEPS)
    deviations = [_number(value, f"rating_deviation[{index}]") for index, value in enumerate(listed)]
    probs = fields.a_list(record.get("rating_probs") or [], "rating_probs", longest=MOST_STEPS)
    goods = step_scores([probabilities(step, f"rating_probs[{index}]") for index, step in enumerate(probs)])
    if not deviations or len(goods) not in (0, len(deviations)):
        raise Unreadable("rating_deviation", f"has {len(deviations)} numbers; it must have one a step, as rating_probs")
    return ensemble.doubt(goods or [1.0] * len(deviations), deviations)


def _number(value: Any, field: str) -> float:
    number = fields.number_or_none(value, field)
    if number is None:
        raise Unreadable(field, "must be a number")
    return number


def _dispute(record: Record) -> float:
    """`first_errors`: what each labeller called the first wrong step, counted from 0; null: none."""
    given = fields.a_list(fields.required(record, "first_errors"), "first_errors", longest=MOST_LABELLERS)
    return relabel.dispute(
        [
            None if value is None else fields.whole(value, f"first_errors[{i}]", low=0, high=MOST_STEPS)
            for i, value in enumerate(given)
        ]
    )


def _stratum(record: Record) -> str:
    if "subject" not in record and "level" not in record:
        raise Unreadable("subject", "is missing, and so is level: this strategy spreads the choice over them")
    return stratified.stratum(fields.name(record.get("subject"), "subject"), fields.name(record.get("level"), "level"))


def _answer(record: Record) -> str | None:
    return answer_key(fields.text_or_none(fields.required(record, "answer"), "answer"))


def answer_key(answer: str | None) -> str | None:
    """Equal where the released grading rules' form of two answers is; None for no answer, or a blank one."""
    return math_form(answer) if answer is not None and answer.strip() else None


def _features(records: Sequence[Record], steps: Sequence[Sequence[str]]) -> Features:
    """By `embedding` where every record has one, else by text."""
    if not records or not all("embedding" in record for record in records):
        return diversity.of_texts(["\n".join(texts) for texts in steps])
    given = _each(records, _embedding)
    size = max(map(len, given))
    for index, row in enumerate(given):
        if row and len(row) != size:
            raise Unreadable(f"{index}:embedding", f"has {len(row)} numbers, another line's {size}")
    return diversity.of_embeddings([row or [NAN] * size for row in given])


def _embedding(record: Record) -> list[float]:
    """Empty where the model could not read the solution: then it is not chosen."""
    if record["embedding"] is None:
        return []
    given = fields.a_list(record["embedding"], "embedding", longest=MOST_NUMBERS)
    if not given:
        raise Unreadable("embedding", "must be a list of numbers")
    return [_number(value, f"embedding[{index}]") for index, value in enumerate(given)]


def _floats(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)


def _floats_or_none(values: list[float] | None) -> Floats | None:
    return None if values is None else _floats(values)


def _name(record: Record, steps: Sequence[str]) -> str:
    content = json.dumps([record["problem"], list(steps), record.get("answer"), record.get("id")], sort_keys=True)
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()
