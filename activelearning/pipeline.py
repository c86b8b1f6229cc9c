"""The meeting place of labels, reward model, strategies and queue: one function a stage, each safe to run again.

A stage writes its files beside, syncs and renames them, and only then its rows, behind the fence of its attempt. So a stage that
died anywhere is simply run again: what is there is used, what is missing is made. Files: DATA_DIR/rounds/<project>/<number>/.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from activelearning import hold_out, shards, sharing, trainer, warm_start
from activelearning.attempt import Attempt
from activelearning.evaluating import model_of
from activelearning.files import lines_of, replacing
from activelearning.hold_out import Parted
from activelearning.models import ModelKind, RewardModel, Round, ScoreShard
from annotation import snapshots
from annotation.errors import Conflict
from annotation.models import Problem, Snapshot, Solution, Split

TRAINER = trainer.MODULE
SCORE_TASK = "activelearning.tasks.score_shard"
LEAST_TO_LEARN_FROM = 10  # solutions
CURVE_POINTS = 300


# --- freeze ---------------------------------------------------------------------------------------------------------


def freeze(attempt: Attempt) -> dict[str, Any]:
    """The labels so far become one immutable file, and that a file to learn from and a file to measure on, by problem."""
    attempt.report(done=0, total=2, message="Freezing the labels")
    snapshot = _snapshot(attempt)
    attempt.report(done=1, total=2, message="Holding problems out")
    reserved = set(
        Problem.objects.filter(project=attempt.project, split=Split.EVALUATE).values_list("text_sha256", flat=True)
    )
    with (
        replacing(attempt.folder / "train.jsonl") as train,
        replacing(attempt.folder / "held_out.jsonl") as held_out,
        replacing(attempt.folder / "evaluation.jsonl") as evaluation,
    ):
        parted = hold_out.part(
            lambda: lines_of(snapshots.file_of(snapshot)),
            seed=attempt.config.seed,
            share=attempt.config.hold_out,
            reserved=lambda text: hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() in reserved,
            train=train,
            held_out=held_out,
            evaluation=evaluation,
        )
    _refuse_too_little(parted)
    summary = (
        f"{snapshot.rows} labels frozen: {parted.train} to learn from; {parted.held_out}, of {parted.held_out_problems} "
        f"of {parted.problems} problems, held out to measure on."
    )
    return {"summary": summary, "snapshot": snapshot.pk, **parted.as_dict()}


def _snapshot(attempt: Attempt) -> Snapshot:
    """The round's own snapshot: made once, so that labels which come in meanwhile change nothing."""
    if attempt.round.snapshot is None:
        found = snapshots.freeze(project=attempt.project, actor=attempt.round.created_by)
        with attempt.fenced():
            Round.objects.filter(pk=attempt.round.pk).update(snapshot=found)
        attempt.round.snapshot = found
    return attempt.round.snapshot


def _refuse_too_little(parted: Parted) -> None:
    if parted.train < LEAST_TO_LEARN_FROM:
        raise Conflict(
            "too_few_labels",
            f"There are {parted.train} labelled solutions to learn from; a model needs {LEAST_TO_LEARN_FROM} at least. "
            "Quality control, screening, given-up and bad problems do not count.",
        )
    if not parted.ratings[-1] or not (parted.ratings[0] + parted.ratings[1]):
        kind = "wrong" if parted.ratings[-1] else "right"
        raise Conflict(
            "one_class", f"Every labelled step is {kind}: there is no difference to learn. Label more first."
        )


# --- train ----------------------------------------------------------------------------------------------------------


def train(attempt: Attempt) -> dict[str, Any]:
    """A reward model from the frozen lines, by a child process that goes on from its last checkpoint where one is left."""
    output = attempt.folder / "model"
    curve: dict[int, float] = {}

    def tell(new: list[dict[str, Any]]) -> None:
        curve.update({r["step"]: r["loss"] for r in new if r.get("loss") is not None})
        _report_training(attempt, new[-1] if new else None, curve)

    origin = warm_start.origin(attempt)
    start = trainer.warm(attempt, origin) if origin else trainer.cold(attempt)
    trainer.run(attempt, start, data=attempt.folder / "train.jsonl", output=output, name="train", tell=tell)
    model = _register(attempt, output, origin)
    return {"summary": f"{model.name}: {_said_of(model.training)}", "model": model.pk, "sha256": model.sha256}


def _report_training(attempt: Attempt, last: dict[str, Any] | None, curve: dict[int, float]) -> None:
    if last is None or "step" not in last:
        attempt.check()
        return
    said = [f"step {last['step']:,} of {last['steps']:,}"]
    if last.get("loss") is not None:
        said.append(f"loss {last['loss']:.3f}")
    if last.get("eta_seconds") is not None:
        said.append(f"about {_duration(last['eta_seconds'])} left")
    attempt.report(
        done=last["step"], total=last["steps"], message=", ".join(said), loss_curve=thinned(sorted(curve.items()))
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def thinned(points: list[tuple[int, float]], limit: int = CURVE_POINTS) -> list[list[float]]:
    """At most `limit` of the points, evenly taken, the first and the last among them."""
    if len(points) <= limit:
        return [list(point) for point in points]
    stride = (len(points) - 1) / (limit - 1)
    return [list(points[round(i * stride)]) for i in range(limit)]


def _register(attempt: Attempt, output: Path, origin: RewardModel | None) -> RewardModel:
    """The row of the finished checkpoint; its manifest's SHA-256 stands for all of its files."""
    content = (output / "training.json").read_bytes()
    manifest = json.loads(content)
    training = {key: value for key, value in manifest.items() if not isinstance(value, list) or len(value) <= 20}
    if origin is not None:  # the manifest names the folder alone, which is called like every other
        training |= {"base": origin.name, "base_sha256": origin.sha256}
    with attempt.fenced():
        model, _ = RewardModel.objects.update_or_create(
            round=attempt.round,
            defaults={
                "project": attempt.project,
                "snapshot": attempt.round.snapshot,
                "kind": ModelKind.PRM,
                "name": f"{attempt.project.slug}-prm-{attempt.round.number}",
                "path": str(output.relative_to(settings.DATA_DIR)),
                "sha256": hashlib.sha256(content).hexdigest(),
                "training": training,
            },
        )
    return model


def _said_of(training: dict[str, Any]) -> str:
    speed = training.get("tokens_per_second")
    return f"{training.get('steps', 0):,} steps" + (f", {speed:,.0f} tokens a second." if speed else ".")


# --- score ----------------------------------------------------------------------------------------------------------


def score(attempt: Attempt) -> dict[str, Any]:
    """A score row for every solution of the pool, shard by shard, by this worker and by whoever else is there.

    What was scored before is not scored again: by an earlier attempt, or of a pool that has grown since.
    """
    model = model_of(attempt)
    while shards.plan(stage=attempt.stage, model=model) or sharing.waiting(ScoreShard, attempt.stage).exists():
        total = Solution.objects.pool(attempt.project).count()
        sharing.work_through(
            attempt, ScoreShard, shards.carry_out, task=SCORE_TASK, queue="train", report=_reporter(attempt, total)
        )
    total = Solution.objects.pool(attempt.project).count()
    return {"summary": f"{total:,} solutions scored by {model.name}.", "scored": total, "scorer": model.name}


def _reporter(attempt: Attempt, total: int) -> Callable[[], None]:
    planned = sharing.planned_of(ScoreShard, attempt.stage)
    message = f"Scoring {total:,} solutions of the pool"

    def report() -> None:
        done = max(total - planned, 0) + sharing.done_of(ScoreShard, attempt.stage)
        attempt.report(done=min(done, total), total=total, message=message)

    return report
