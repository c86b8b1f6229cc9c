"""Scores for solutions: lines in, the same lines out with each step's three probabilities, in constant memory and in order.

Lines are taken in windows; inside a window a problem's text, the steps that solutions begin with alike, and equal solutions are read by
the model once (`packing`), and nothing else changes: every score equals the one that the solution gets alone, within 1e-5.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from activelearning.rewardmodel.config import RATINGS
from activelearning.rewardmodel.data import Tokens, encode
from activelearning.rewardmodel.dropout import Passes, dropping, own_rate
from activelearning.rewardmodel.model import RewardModel
from activelearning.rewardmodel.packing import Ids, Row
from activelearning.rewardmodel.reductions import Probabilities, solution_score
from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.rows import Refusal

WINDOW = 2048  # lines held at a time
# Of a forward pass: on a CPU longer rows fall out of its caches (bench/RESULTS.md, score), a GPU wants more to do at once.
ROW_TOKENS = {"cpu": 1_200}
GPU_ROW_TOKENS = 16_384
MOST_REFUSALS = 100
EMBEDDING_DIGITS = 5

Record = dict[str, Any]
Floats = npt.NDArray[np.float64]
Report = Callable[[int], None]


class InputRefused(ValueError):
    """A line cannot be scored: `LINE: FIELD: REASON`."""


class ScoresBroken(RuntimeError):
    """The model gave a score that is not a finite number: its weights are broken."""


@dataclass(frozen=True, slots=True)
class SolutionScore:
    """A PRM's three probabilities a step, or an ORM's one; `problem` says why there is no score.

    `deviation`: the standard deviation of each step's P(good), neutral counted as the model does: over passes with dropout where they
    were asked for, else over the heads of an ensemble. `embedding`: where it was asked for, the model's last hidden state at the last
    step's end, (width,) 32-bit floats.
    """

    rating_probs: tuple[Probabilities, ...] | None = None
    prm_score: float | None = None
    orm_score: float | None = None
    deviation: tuple[float, ...] | None = None
    embedding: npt.NDArray[np.float32] | None = None
    problem: str = ""


def score_lines(
    model: RewardModel,
    lines: Iterable[tuple[int, Record] | Refusal],
    *,
    report: Report,
    passes: Passes | None = None,
    embeddings: bool = False,
) -> Iterator[Record]:
    """Each record with its scores, in order. Raises `InputRefused` at the first window with a line that cannot be read, `ScoresBroken`."""
    done = 0
    for window in _windows(lines):
        pairs = [(record["problem"], record["steps"]) for record in window]
        scores = score_solutions(model, pairs, passes=passes, embeddings=embeddings, report=_after(done, report))
        for record, score in zip(window, scores, strict=True):
            more = {"embedding": _rounded(score.embedding)} if embeddings else {}
            yield record | written(score, model.kind) | more
        done += len(window)


def _after(before: int, report: Report) -> Report:
    return lambda done: report(before + done)


def score_solutions(
    model: RewardModel,
    solutions: Sequence[tuple[str, Sequence[str]]],
    *,
    row_tokens: int | None = None,
    passes: Passes | None = None,
    embeddings: bool = False,
    report: Report = lambda done: None,
) -> list[SolutionScore]:
    """Scores of (problem, steps) pairs, in their order; one that is longer than the model can take has none and says so.

    `passes` adds each step's deviation under dropout and `embeddings` the last hidden state; neither changes anything else. The same passes
    say the same of the same solutions.
    """
    encoded = [encode(model.encoder, problem, steps, max_length=model.limit) for problem, steps in solutions]
    scores = [SolutionScore(problem=f"longer than the model's {model.limit} tokens")] * len(solutions)
    whole = [i for i, tokens in enumerate(encoded) if len(tokens.ends) == len(solutions[i][1])]
    done = len(solutions) - len(whole)
    chosen = [encoded[i] for i in whole]
    for members, found, states in _sweep(model, chosen, row_tokens, embeddings=embeddings):
        for member, probabilities, state in zip(members, found, states, strict=True):
            scores[whole[member]] = replace(_score(model, probabilities), embedding=state)
        done += len(members)
        report(done)
    if passes is not None and model.kind == "prm":
        for member, deviation in enumerate(_deviations(model, chosen, row_tokens, passes)):
            scores[whole[member]] = replace(scores[whole[member]], deviation=tuple(deviation.tolist()))
    return scores


def _sweep(
    model: RewardModel, encoded: Sequence[Tokens], row_tokens: int | None, *, embeddings: bool = False
) -> Iterator[tuple[Sequence[int], list[Floats], list[Any]]]:
    """All sequences once, row by row: which of them, and of each the (steps, heads, labels) probabilities and the last hidden state.

    The latter is None unless `embeddings` asks for it.
    """
    device: Any = model.network.device
    tokens = row_tokens or ROW_TOKENS.get(device.type, GPU_ROW_TOKENS)
    prompts = [int(one.ends[0]) for one in encoded]
    for members, row in model.rows([one.ids for one in encoded], tokens=tokens, unasked=prompts):
        ends = [row.places[place][encoded[member].ends] for place, member in enumerate(members)]
        yield members, *_read(model, row, ends, embeddings=embeddings)


def _deviations(model: RewardModel, encoded: Sequence[Tokens], row_tokens: int | None, passes: Passes) -> list[Floats]:
    """Of each sequence the standard deviation of its steps' P(good) over the passes."""
    sums = [np.zeros((2, len(one.ends))) for one in encoded]
    rate = own_rate(model.network) if passes.rate is None else passes.rate
    for number in range(passes.count):
        # Whole sweeps: a row goes on from what the same pass computed of the row before it.
        with dropping(model.network, rate, seed=passes.seed + number):
            for members, found, _ in _sweep(model, encoded, row_tokens):
                for member, probabilities in zip(members, found, strict=True):
                    good = _good(model, model.form.rating_probabilities(probabilities)).mean(axis=1)
                    sums[member] += np.stack([good, good**2])
    return [np.sqrt(np.maximum(squares / passes.count - (total / passes.count) ** 2, 0.0)) for total, squares in sums]


def _good(model: RewardModel, ratings: Floats) -> Floats:
    """P(good) of (…, 3) probabilities, neutral counted as the model does."""
    return ratings[..., 2] + (ratings[..., 1] if model.neutral == "good" else 0.0)


def _read(
    model: RewardModel, row: Row, ends: Sequence[Ids], *, embeddings: bool
) -> tuple[list[Floats], list[npt.NDArray[np.float32] | None]]:
    """For each sequence the (steps, heads, labels) probabilities at its steps' ends, in 64-bit floats, and the last hidden state."""
    at = np.concatenate(ends)
    states: list[npt.NDArray[np.float32] | None] = [None] * len(ends)
    with torch.inference_mode():
        if embeddings:
            logits, last = model.logits_and_states(row, at, np.array([places[-1] for places in ends]))
            states = list(last.cpu().numpy())
        else:
            logits = model.logits(row, at)
        probabilities = logits.double().softmax(-1).cpu().numpy()
    if not np.isfinite(probabilities).all():
        raise ScoresBroken("The model's probabilities are not finite; its weights are broken.")
    return np.split(probabilities, np.cumsum([len(places) for places in ends])[:-1]), states


def _score(model: RewardModel, probabilities: Floats) -> SolutionScore:
    if model.kind == "orm":
        return SolutionScore(orm_score=float(probabilities[-1, :, 1].mean()))
    by_head = model.form.rating_probabilities(probabilities)
    steps: tuple[Probabilities, ...] = tuple((float(a), float(b), float(c)) for a, b, c in by_head.mean(axis=1))
    deviation = None
    if model.form.heads > 1:
        deviation = tuple(_good(model, by_head).std(axis=1).tolist())
    return SolutionScore(
        rating_probs=steps, prm_score=solution_score(steps, neutral=model.neutral), deviation=deviation
    )


def written(score: SolutionScore, kind: str) -> Record:
    """The keys that a scored line gains. One without a score has nulls and the reason, so that no earlier score stays in it."""
    why: Record = {"score_problem": score.problem} if score.problem else {}
    if kind == "orm":
        return {"orm_score": score.orm_score} | why
    probs = score.rating_probs
    named = None if probs is None else [dict(zip(map(str, RATINGS), step, strict=True)) for step in probs]
    doubt: Record = {} if score.deviation is None else {"rating_deviation": list(score.deviation)}
    return {"rating_probs": named, "prm_score": score.prm_score} | doubt | why


def _rounded(embedding: npt.NDArray[np.float32] | None) -> list[float] | None:
    """To five digits of its largest number: what is told apart by distances needs no more, and a line is half as long."""
    if embedding is None:
        return None
    largest = float(np.abs(embedding).max())
    digits = EMBEDDING_DIGITS - math.ceil(math.log10(largest)) if largest > 0 else 0
    rounded: list[float] = np.round(embedding.astype(np.float64), digits).tolist()
    return rounded


def _windows(lines: Iterable[tuple[int, Record] | Refusal]) -> Iterator[list[Record]]:
    window: list[Record] = []
    refused: list[str] = []
    for line in lines:
        if isinstance(line, Refusal):
            refused.append(f"{line.line}: {line.field}: {line.reason}")
        else:
            number, record = line
            try:
                _check(record)
                window.append(record)
            except Unreadable as error:
                refused.append(f"{number}: {error.field}: {error.reason}")
        if len(refused) >= MOST_REFUSALS:
            break
        if len(window) == WINDOW and not refused:
            yield window
            window = []
    if refused:
        raise InputRefused("\n".join(refused))
    if window:
        yield window


def _check(record: Mapping[str, Any]) -> None:
    fields.text(fields.required(record, "problem"), "problem", empty=False)
    fields.step_texts(fields.required(record, "steps"), "steps")


class Clock:
    """Solutions a second and what is left, for progress."""

    def __init__(self, before: int = 0) -> None:
        self.before = before  # done before the clock was started
        self.began = time.monotonic()

    def facts(self, done: int, total: int | None) -> Record:
        seconds = time.monotonic() - self.began
        rate = (done - self.before) / seconds if seconds > 0 else 0.0
        left = (total - done) / rate if total is not None and rate > 0 else None
        return {"stage": "score", "done": done, "total": total, "solutions_per_second": rate, "eta_seconds": left}
