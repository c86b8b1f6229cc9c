"""The stage that asks whether the round helped: its model is measured, compared with the one before it, and may become the current one.

Measured on the labels of the evaluation problems; where there are none, on those of the held-out ones. Both models see the same rows, less
the problems that the earlier one learnt from. Everything is read from files of the round, so that running it again finds the same.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from activelearning import control, hold_out, measures, outcome, pool, promotion, sampled, shards, verdict
from activelearning.attempt import Attempt, folder_of
from activelearning.child import ChildRefused, ProgressFile
from activelearning.files import lines_of, replacing
from activelearning.hold_out import Labelled
from activelearning.measures import Steps
from activelearning.models import RewardModel, Round
from activelearning.rewardmodel import card
from activelearning.sampled import Sampled
from annotation import audit
from annotation.errors import Conflict
from annotation.models import Solution, Split

MESSAGE = "Measuring on the held-out problems"


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What the round's model is measured on, and what it said of it."""

    on: str
    rows: Sequence[Labelled]
    probabilities: Sequence[Steps]
    sampled: Sampled


def evaluate(attempt: Attempt) -> dict[str, Any]:
    """Figures, verdict and promotion, in one transaction."""
    model = model_of(attempt)
    on, rows = rows_of(attempt)
    samples = sampled.of_project(attempt.project, attempt.config)
    said = _said(attempt, model, rows, samples.solutions, name="measured")
    if not said:
        _ask_once(attempt, model)
    found = Measurement(on=on, rows=rows, probabilities=said, sampled=samples)
    metrics = {"on": on, **measures.of_steps(rows, said)}
    figures = {
        "step": {**metrics, "bins": measures.calibration_bins(rows, said)},
        "best_of_n": sampled.figures(samples, sampled.scores_of(samples, model), seed=attempt.config.seed),
        "against": _against(attempt, model, found),
        **outcome.of_labels(attempt.round),
    }
    figures["control"] = control.measured(attempt, rows)
    _settle(attempt, model, metrics, figures)
    return {"summary": measures.in_words(metrics), **metrics}


def _settle(attempt: Attempt, model: RewardModel, metrics: dict[str, Any], figures: dict[str, Any]) -> None:
    """The rows: the model's figures, whether it is the current one, and what the round brought."""
    before = attempt.round.before
    promotes, reason = promotion.decided(attempt.config.promote, figures["against"] if before else None)
    figures["promotion"] = {"rule": attempt.config.promote, "promoted": promotes, "reason": reason}
    figures["findings"] = verdict.findings(figures)
    _refuse_no_numbers(model, figures)
    with attempt.fenced():
        if promotes and promotion.make_current(model):
            audit.record(
                actor=None, action="model.promoted", project=attempt.project, model=model.pk, name=model.name, by=reason
            )
        RewardModel.objects.filter(pk=model.pk).update(metrics=metrics)
        Round.objects.filter(pk=attempt.round.pk).update(outcome=figures)
    attempt.round.outcome = figures
    _write_on_the_card(model, figures)


def _write_on_the_card(model: RewardModel, figures: dict[str, Any]) -> None:
    """Of a model whose manifest does not vouch for its card: older ones do, and would be refused with another."""
    folder = Path(settings.DATA_DIR) / model.path
    path = folder / card.NAME
    if path.is_file() and card.NAME not in json.loads((folder / "training.json").read_bytes())["files"]:
        text = card.with_measures(path.read_text(encoding="utf-8"), figures["step"], figures["best_of_n"])
        with replacing(path) as file:
            file.write(text.encode())


def _refuse_no_numbers(model: RewardModel, figures: dict[str, Any]) -> None:
    if not promotion.figures_are_finite(figures):
        raise Conflict("model_broken", f"What {model.name} says is no number; its weights are broken.")


def model_of(attempt: Attempt) -> RewardModel:
    """The round's model, its manifest still the one that was registered."""
    model = RewardModel.objects.get(round=attempt.round)
    if not is_whole(model):
        raise Conflict("model_changed", f"The files of {model.name} are not those that were trained; train again.")
    return model


def is_whole(model: RewardModel) -> bool:
    """Whether its manifest is there and the one that was registered."""
    manifest = Path(settings.DATA_DIR) / model.path / "training.json"
    return manifest.is_file() and hashlib.sha256(manifest.read_bytes()).hexdigest() == model.sha256


# --- what is measured on --------------------------------------------------------------------------------------------


def rows_of(attempt: Attempt) -> tuple[str, list[Labelled]]:
    """The labels of evaluation problems, given by people or known as gold; else the held-out ones. And which of the two it is."""
    evaluation = [*_labelled_in(attempt.folder / "evaluation.jsonl"), *_gold(attempt)]
    if evaluation:
        return measures.EVALUATION, evaluation
    return measures.HELD_OUT, list(_labelled_in(attempt.folder / "held_out.jsonl"))


def _labelled_in(path: Path) -> Iterator[Labelled]:
    if not path.is_file():  # frozen before rounds kept the evaluation problems' labels
        return
    for line in lines_of(path):
        yield hold_out.labelled(json.loads(line))


def _gold(attempt: Attempt) -> Iterator[Labelled]:
    """Solutions of evaluation problems whose first wrong step is known, as in ProcessBench."""
    rows = Solution.objects.landed().filter(project=attempt.project, problem__split=Split.EVALUATE)
    known = rows.filter(gold_first_errors__isnull=False).select_related("problem").order_by("pk")
    for solution in known.iterator(chunk_size=500):
        if ratings := gold_ratings(solution):
            yield Labelled(problem=solution.problem.text, steps=tuple(solution.steps), ratings=ratings)


def gold_ratings(solution: Solution) -> tuple[int | None, ...]:
    """As a labeller who knows the first wrong step would have rated; empty where nobody knows it."""
    if solution.gold_first_errors is None:
        return ()
    count = len(solution.steps)
    wrong = min(solution.gold_first_errors, default=count)
    return (*(1,) * wrong, -1) if wrong < count else (1,) * count


# --- what models say of it ------------------------------------------------------------------------------------------


def _said(
    attempt: Attempt, model: RewardModel, rows: Sequence[Labelled], solutions: Sequence[Solution], *, name: str
) -> list[Steps]:
    """The model's word on the rows, one run of the scorer for them and for the solutions that it has not scored yet, which are stored.

    Raises `Conflict("model_broken")` where any of it is no number; nothing is stored then.
    """
    todo = sampled.unscored(solutions, model)
    if not rows and not todo:
        return []
    source = attempt.folder / f"{name}.jsonl"
    with replacing(source) as file:
        for row in rows:
            file.write(json.dumps({"problem": row.problem, "steps": measures.rated_part(row)}).encode() + b"\n")
        for solution in todo:
            line = {"id": solution.pk, "problem": solution.problem.text, "steps": solution.steps}
            file.write(json.dumps(line).encode() + b"\n")
    lines = [json.loads(line) for line in _scored(attempt, model, source)]
    if not measures.all_finite([line.get("rating_probs") or [] for line in lines]):
        raise Conflict("model_broken", f"What {model.name} says is no number; its weights are broken.")
    scores = sampled.scores_in(lines[len(rows) :], model)
    with attempt.fenced():
        pool.store(scores, project=attempt.project, scorer=model.name)
    return [line.get("rating_probs") or [] for line in lines[: len(rows)]]


def _scored(attempt: Attempt, model: RewardModel, source: Path) -> Iterator[bytes]:
    output = source.with_suffix(".scored.jsonl")
    records = ProgressFile(shards.progress_of(source))

    def tick() -> None:
        new = records.new()
        if new:
            attempt.report(done=new[-1]["done"], total=new[-1]["total"], message=MESSAGE)
        else:
            attempt.check()

    shards.run_scorer(model, source, output, log=attempt.log, tick=tick)
    return lines_of(output)


def _ask_once(attempt: Attempt, model: RewardModel) -> None:
    """A model that nothing is measured on may still be broken: it is asked a line that it learnt from."""
    line = next(lines_of(attempt.folder / "train.jsonl"), None)
    rows = [] if line is None else [hold_out.labelled(json.loads(line))]
    _said(attempt, model, [row for row in rows if row.ratings], [], name="probe")


# --- against the one before -----------------------------------------------------------------------------------------


def _against(attempt: Attempt, model: RewardModel, found: Measurement) -> dict[str, Any] | None:
    """The differences to the model that was current when the round started, or why there are none; None for a first model."""
    before = attempt.round.before
    if before is None or before.pk == model.pk:
        return None
    facts = {"model": before.pk, "name": before.name, "round": before.round.number if before.round else None}
    if before.kind != model.kind:
        return {**facts, "why_not": "other_kind"}
    if not is_whole(before):
        return {**facts, "why_not": "files_gone"}
    learnt = learnt_from(before)
    if learnt is None:
        return {**facts, "why_not": "unknown_training"}
    fresh = [place for place, row in enumerate(found.rows) if row.problem not in learnt]
    rows, ours = [found.rows[place] for place in fresh], [found.probabilities[place] for place in fresh]
    samples = found.sampled.without(learnt)
    try:
        theirs = _said(attempt, before, rows, samples.solutions, name="measured_before")
    except ChildRefused as refusal:
        return {**facts, "why_not": "cannot_be_opened", "said": refusal.message}
    scores = [sampled.scores_of(samples, one) for one in (model, before)]
    return {
        **facts,
        "left_out": len({row.problem for row in found.rows} & learnt),
        "step": measures.step_differences(rows, ours, theirs) if rows else None,
        "calibration_error": measures.of_steps(rows, theirs)["calibration_error"] if rows else None,
        "best_of_n": sampled.difference(samples, *scores),
    }


def learnt_from(model: RewardModel) -> frozenset[str] | None:
    """The problems that a round's model learnt from, by the file that it was trained on; None where that is gone.

    A warm start holds out what its ancestors held out (`warm_start.py`), so that their problems are among these.
    """
    path = folder_of(model.round) / "train.jsonl" if model.round else None
    if path is None or not path.is_file():
        return None
    return frozenset(hold_out.problem_in(line) for line in lines_of(path))
