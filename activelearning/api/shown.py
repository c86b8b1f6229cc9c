"""What the loop's rows look like in answers; every field is named here."""

from typing import Any

from rest_framework import serializers

from activelearning import approval, verdict_words
from activelearning.models import RewardModel, Round, Stage
from activelearning.retelling import retold
from annotation.models import JobState

# A waiting stage is called so on the wire and on the page: `pending` is the job row's own word.
WORDS = {JobState.PENDING: "waiting"}


class StageShown(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=["waiting", "running", "done", "failed", "cancelled"])
    progress = serializers.JSONField(
        help_text="done, total, message and, where one is trained, loss_curve [[step, loss], …]"
    )
    result = serializers.JSONField()
    error = serializers.CharField()


class BatchShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    generation = serializers.IntegerField(allow_null=True)


class FindingShown(serializers.Serializer[Any]):
    rule = serializers.CharField(help_text="the rule's name in verdict.py; the first finding is the verdict")
    tone = serializers.ChoiceField(choices=["good", "bad", "warn", "plain"])
    facts = serializers.JSONField()
    text = serializers.CharField(help_text="the same in a sentence, in the language of the request")


class RoundListedShown(serializers.Serializer[Any]):
    """A round without its stages, which its own address has."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["running", "done", "failed", "cancelled"])
    error = serializers.CharField()
    config = serializers.JSONField()
    metrics = serializers.JSONField(allow_null=True)
    verdict = FindingShown(many=True)
    outcome = serializers.JSONField(help_text="the figures that the verdict rests on")
    code = serializers.CharField(help_text="the version that it was started under")
    before = serializers.IntegerField(
        allow_null=True, help_text="the current model when it started: what its own is compared with"
    )
    model = serializers.IntegerField(allow_null=True)
    snapshot = serializers.IntegerField(allow_null=True)
    batch = BatchShown(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class RoundShown(RoundListedShown):
    stages = StageShown(many=True)
    awaits_approval = serializers.BooleanField(help_text="it has chosen, and queues nothing before somebody approves")


class RoundListShown(serializers.Serializer[Any]):
    results = RoundListedShown(many=True)
    next = serializers.CharField(
        allow_null=True, help_text="Where earlier rounds are listed; null where there are none."
    )


class RewardModelShown(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["prm", "orm"])
    sha256 = serializers.CharField(help_text="SHA-256 of its training.json, which holds those of its other files.")
    is_current = serializers.BooleanField()
    metrics = serializers.JSONField()
    training = serializers.JSONField()
    round = serializers.IntegerField(allow_null=True)
    round_number = serializers.IntegerField(allow_null=True)
    snapshot = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()


class RewardModelListShown(serializers.Serializer[Any]):
    results = RewardModelShown(many=True)


def round_shown(found: Round) -> dict[str, Any]:
    """`found` with its project, batch and reward model; the stages are fetched here."""
    return {
        **round_listed(found),
        "stages": [stage_shown(stage) for stage in found.stages.order_by("order")],
        "awaits_approval": approval.awaited(found),
    }


def round_listed(found: Round) -> dict[str, Any]:
    """`found` with its batch and reward model, without its stages."""
    model: RewardModel | None = getattr(found, "reward_model", None)
    return {
        "id": found.pk,
        "number": found.number,
        "state": found.state,
        "error": found.error,
        "config": found.config,
        "metrics": model.metrics if model else None,
        "verdict": verdict_shown(found),
        "outcome": {key: value for key, value in found.outcome.items() if key != "findings"},
        "code": found.code,
        "before": found.before_id,
        "model": model.pk if model else None,
        "snapshot": found.snapshot_id,
        "batch": _batch(found),
        "created_at": found.created_at,
        "finished_at": found.finished_at,
    }


def verdict_shown(found: Round) -> list[dict[str, Any]]:
    return [{**finding, "text": verdict_words.told(finding)} for finding in found.outcome.get("findings", [])]


def _batch(found: Round) -> dict[str, Any] | None:
    batch = found.batch
    return None if batch is None else {"id": batch.pk, "name": batch.name, "generation": batch.generation}


def stage_shown(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "state": WORDS.get(JobState(stage.state), stage.state),
        "progress": _progress(stage.progress),
        "result": stage.result,
        "error": stage.error,
    }


def _progress(stored: dict[str, Any]) -> dict[str, Any]:
    """As stored; its message is a text for people, so it follows `Accept-Language`."""
    return {**stored, "message": retold(stored["message"])} if stored.get("message") else stored


def model_shown(found: RewardModel) -> dict[str, Any]:
    return {
        "id": found.pk,
        "name": found.name,
        "kind": found.kind,
        "sha256": found.sha256,
        "is_current": found.is_current,
        "metrics": found.metrics,
        "training": found.training,
        "round": found.round_id,
        "round_number": found.round.number if found.round else None,
        "snapshot": found.snapshot_id,
        "created_at": found.created_at,
    }
