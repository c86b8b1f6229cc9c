"""Scored sample lines as a pool: whose score, whose verdict, and a name for each that is the same in every run."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from activelearning.strategies.pool import Pick, Pool
from annotation.formats import fields
from annotation.formats.fields import Unreadable

VERDICTS = ("right", "wrong", "undecided")
BY_SCORE = frozenset({"convincing_wrong", "mixed"})


def pool_of(records: Sequence[Mapping[str, Any]], *, strategy: str) -> Pool:
    """The records' pool. Raises `Unreadable` with the record's index in front of the field where a strategy lacks what it needs."""
    ids, problems, scores, wrong = [], [], [], []
    for index, record in enumerate(records):
        try:
            problems.append(fields.text(fields.required(record, "problem"), "problem", empty=False))
            steps = fields.step_texts(fields.required(record, "steps"), "steps")
            ids.append(_name(record, steps))
            scores.append(_score(record, needed=strategy in BY_SCORE))
            wrong.append(is_wrong(record, needed=strategy in BY_SCORE))
        except Unreadable as error:
            raise Unreadable(f"{index}:{error.field}", error.reason) from None
    return Pool(
        ids=ids, problems=problems, scores=np.array(scores, dtype=np.float64), is_wrong=np.array(wrong, dtype=np.bool_)
    )


def chosen_lines(records: Sequence[Mapping[str, Any]], picks: Sequence[Pick]) -> list[dict[str, Any]]:
    """The chosen records in rank order, unknown keys kept, each with `selection`: rank (from 1), strategy, reason."""
    return [
        {**records[pick.index], "selection": {"rank": rank, "strategy": pick.strategy, "reason": pick.reason}}
        for rank, pick in enumerate(picks, start=1)
    ]


def is_wrong(record: Mapping[str, Any], *, needed: bool) -> bool:
    """Whether the answer is wrong: the verdict where there is one, else `is_correct`; null and undecided are not wrong."""
    verdict = record.get("verdict")
    if verdict is not None:
        if verdict not in VERDICTS:
            raise Unreadable("verdict", f"must be one of {', '.join(VERDICTS)}")
        return bool(verdict == "wrong")
    if "verdict" not in record and "is_correct" not in record and needed:
        raise Unreadable("verdict", "is missing, and so is is_correct: this strategy chooses wrong answers")
    correct = record.get("is_correct")
    return correct is not None and not fields.truth(correct, "is_correct")


def _score(record: Mapping[str, Any], *, needed: bool) -> float:
    """`prm_score`, else `orm_score`; NaN where it is null: scored, and without a score."""
    name = "prm_score" if "prm_score" in record else "orm_score"
    if name not in record and needed:
        raise Unreadable("prm_score", "is missing: score the solutions first")
    value = fields.number_or_none(record.get(name), name)
    return float("nan") if value is None else value


def _name(record: Mapping[str, Any], steps: Sequence[str]) -> str:
    content = json.dumps([record["problem"], list(steps), record.get("answer"), record.get("id")], sort_keys=True)
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()
