"""Does choosing pay? Two small trainings beside the round's own: as many labels drawn by chance, and as many of all that there are.

Both start from the round's base and are measured on the round's own rows. By chance are the labels that no strategy chose: a round's
uniform share, imports, and what was queued otherwise.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef

from activelearning import hold_out, measures, shards, trainer
from activelearning.attempt import Attempt
from activelearning.files import replacing
from activelearning.hold_out import Labelled
from activelearning.measures import Steps
from activelearning.models import RewardModel, Selected
from annotation import snapshots
from annotation.models import Annotation, Snapshot

ARMS = ("uniform", "mixed")
LEAST_LABELS = 50
LEAST_CHOSEN = 0.1  # share of all labels that a strategy chose; under it the two arms are the same labels
MESSAGE = "Training on as many labels drawn by chance"


def measured(attempt: Attempt, rows: Sequence[Labelled]) -> dict[str, Any]:
    """The figures of both arms and mixed less uniform; or `why_not`: off, nothing_measured, too_few or nearly_all_by_chance."""
    if not attempt.config.uniform_control:
        return {"why_not": "off"}
    if not rows or attempt.round.snapshot is None:
        return {"why_not": "nothing_measured"}
    facts = _write_arms(attempt, attempt.round.snapshot)
    if "why_not" in facts:
        return facts
    said = {arm: _trained(attempt, arm, rows) for arm in ARMS}
    return {
        **facts,
        **{arm: measures.of_steps(rows, said[arm]) for arm in ARMS},
        "difference": measures.step_differences(rows, said["mixed"], said["uniform"]),
    }


def _write_arms(attempt: Attempt, snapshot: Snapshot) -> dict[str, Any]:
    """The two files to learn from. The same snapshot and seed write the same ones."""
    chosen = _chosen(attempt)
    lines = list(_learnt(attempt, snapshot))
    by_chance = [line for annotation, line in lines if annotation not in chosen]
    facts = {"labels": len(lines), "by_chance": len(by_chance), "least": LEAST_LABELS}
    if len(by_chance) < LEAST_LABELS:
        return {**facts, "why_not": "too_few"}
    if len(lines) - len(by_chance) < LEAST_CHOSEN * len(lines):
        return {**facts, "why_not": "nearly_all_by_chance"}
    drawn = random.Random(attempt.config.seed).sample([line for _, line in lines], len(by_chance))  # noqa: S311
    for arm, kept in zip(ARMS, (by_chance, drawn), strict=True):
        with replacing(attempt.folder / f"control.{arm}.jsonl") as file:
            file.writelines(kept)
    return facts


def _learnt(attempt: Attempt, snapshot: Snapshot) -> Iterator[tuple[int, bytes]]:
    """The annotation and the line of each plain verdict that the round learns from. Its file has the snapshot's lines in their order."""
    with (
        snapshots.file_of(snapshot).open("rb") as frozen,
        (attempt.folder / "train.jsonl").open("rb") as train,
    ):
        wanted = train.readline()
        for annotation, line in zip(snapshots.annotation_ids(snapshot), frozen, strict=True):
            if line == wanted:
                wanted = train.readline()
                if hold_out.is_verdict(json.loads(line)):
                    yield annotation, line


def _chosen(attempt: Attempt) -> frozenset[int]:
    """The annotations of what a strategy chose."""
    chosen = Selected.objects.filter(round__batch=OuterRef("work_item__batch"), solution=OuterRef("solution"))
    rows = Annotation.objects.filter(Exists(chosen.exclude(strategy="uniform")), project=attempt.project)
    return frozenset(rows.values_list("pk", flat=True))


def _trained(attempt: Attempt, arm: str, rows: Sequence[Labelled]) -> list[Steps]:
    """What a model that learnt from this arm says of the rows."""
    output = attempt.folder / f"control.{arm}"

    def tell(new: list[dict[str, Any]]) -> None:
        if new and "step" in new[-1]:
            attempt.report(done=new[-1]["step"], total=new[-1]["steps"], message=MESSAGE)
        else:
            attempt.check()

    data = attempt.folder / f"control.{arm}.jsonl"
    trainer.run(attempt, trainer.cold(attempt), data=data, output=output, name=output.name, tell=tell)
    manifest = hashlib.sha256((output / "training.json").read_bytes()).hexdigest()
    model = RewardModel(name=output.name, path=str(output.relative_to(settings.DATA_DIR)), sha256=manifest)
    source = attempt.folder / f"control.{arm}.measured.jsonl"
    with replacing(source) as file:
        for row in rows:
            file.write(json.dumps({"problem": row.problem, "steps": measures.rated_part(row)}).encode() + b"\n")
    scored = source.with_suffix(".scored.jsonl")
    shards.run_scorer(model, source, scored, log=attempt.log, tick=attempt.check)
    return [json.loads(line).get("rating_probs") or [] for line in _lines(scored)]


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file
