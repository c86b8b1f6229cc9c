"""Celery's side of the loop. A message is a nudge: what is due, and who may do it, the rows alone decide."""

import os
from typing import Any

import structlog
from celery import shared_task
from celery.signals import worker_process_init, worker_ready, worker_shutdown
from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerAway

from activelearning import automatic, device, generating, grading, rounds, scorings, shards, sharing, workers
from activelearning.models import GenerateShard, GradeShard, ScoreShard, Stage
from activelearning.rewardmodel.child import die_with_parent
from annotation import jobs

log = structlog.get_logger(__name__)


@shared_task  # type: ignore[untyped-decorator]
def advance(round_pk: int, queue: str) -> None:
    """Carry out the stage that is due, if it belongs to the queue that this message came by; then nudge the next one."""
    if rounds.advance(round_pk=round_pk, queue=queue):
        nudge(round_pk)


@shared_task  # type: ignore[untyped-decorator]
def score_shard(stage_pk: int) -> None:
    """Score a part of a round's pool beside the worker that has its stage, where this host's device is free."""
    with device.ours() as free:
        shard = sharing.take(ScoreShard, stage_pk=stage_pk, worker=jobs.this_process()) if free else None
        if shard is not None:
            shards.carry_out(shard)


@shared_task  # type: ignore[untyped-decorator]
def grade_shard(stage_pk: int) -> None:
    """Grade a part of a round's pool beside the worker that has its stage."""
    shard = sharing.take(GradeShard, stage_pk=stage_pk, worker=jobs.this_process())
    if shard is not None:
        grading.carry_out(shard)


@shared_task  # type: ignore[untyped-decorator]
def generate_shard(stage_pk: int) -> None:
    """Have solutions of some of a round's problems generated, beside the worker that has its stage; by a local model where this host's
    device is free."""
    stage = Stage.objects.select_related("round").get(pk=stage_pk)
    with device.ours(wanted=generating.on_device(stage.round)) as free:
        shard = sharing.take(GenerateShard, stage_pk=stage_pk, worker=jobs.this_process()) if free else None
        if shard is not None:
            generating.carry_out(shard)


@shared_task  # type: ignore[untyped-decorator]
def reap() -> None:
    """Bring back what died with its worker and send again what nobody was told of."""
    rounds.reap()
    automatic.start_due()
    scorings.reap()
    workers.forget_silent()
    for stage in rounds.forgotten():
        nudge(stage.round_id)


def nudge(round_pk: int) -> None:
    """Send a message for the stage that is due, if any. Where the broker is away the reaper sends it later."""
    stage = rounds.next_due(round_pk=round_pk)
    if stage is None:
        return
    queue = rounds.queue_of(stage)
    try:
        advance.apply_async((round_pk, queue), queue=queue)
    except BrokerAway as error:
        log.warning("the broker is away", round=round_pk, reason=str(error))
        return
    Stage.objects.filter(pk=stage.pk).update(nudged_at=Now())


def nudge_on_commit(round_pk: int) -> None:
    transaction.on_commit(lambda: nudge(round_pk))


@worker_process_init.connect  # type: ignore[untyped-decorator]
def die_with_the_worker(**_: Any) -> None:
    """A pool process whose worker was killed would finish its stage as an orphan beside the one that takes over."""
    die_with_parent(os.getppid())


_tellers: list[workers.Teller] = []


@worker_ready.connect  # type: ignore[untyped-decorator]
def tell_of_this_worker(sender: Any, **_: Any) -> None:
    """People see on the jobs page which workers there are and with which devices."""
    teller = workers.Teller([queue.name for queue in sender.task_consumer.queues])
    _tellers.append(teller)
    teller.start()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def tell_no_more(**_: Any) -> None:
    while _tellers:
        _tellers.pop().stop()
