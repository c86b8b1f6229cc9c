"""Scores asked for by a request: a row that the scorer carries out while the request waits for a moment.

The web process never loads a model. It writes what is wanted down, looks for the answer a few times a second, and tells whoever asked where
to ask again when that takes longer. The scorer (`scorer.py`, `manage.py scorer`) takes the rows in order.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext

from activelearning.models import RewardModel, Scoring
from activelearning.retelling import retold
from annotation import jobs
from annotation.errors import DomainError, FieldError, InvalidInput, NotFound, TooManyRequests
from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.jobs import JobLost
from annotation.models import JobState, User

LOOK_EVERY = 0.05  # seconds between two looks at a row that is waited for
MOST_WAITING = 100  # rows of one project that wait for the scorer
RETRY_AFTER = 5  # seconds
KEPT = timedelta(days=1)
UNFINISHED = (JobState.PENDING, JobState.RUNNING)

# A request that waits holds one of the web's threads; labellers need the others.
MOST_THREADS_HELD = 4
_threads_to_hold = threading.BoundedSemaphore(MOST_THREADS_HELD)

pause = time.sleep

Score = Callable[[Scoring], dict[str, Any]]


class CannotBeScored(DomainError):
    """This solution has no score by this model, and would have none at another try."""

    code = "cannot_be_scored"
    status = 409


def request(*, reward_model: RewardModel, problem: object, steps: object, actor: User | None = None) -> Scoring:
    """What is wanted, written down for the scorer. `reward_model` with its project.

    Raises `InvalidInput` naming the field, `TooManyRequests` where `MOST_WAITING` rows of the project wait already.
    """
    given = {name: value for name, value in (("problem", problem), ("steps", steps)) if value is not None}
    try:
        text = fields.text(fields.required(given, "problem"), "problem", empty=False)
        texts = fields.step_texts(fields.required(given, "steps"), "steps")
    except Unreadable as error:
        refused = FieldError(error.field, retold(error.reason))
        raise InvalidInput(gettext("Some fields were refused."), errors=[refused]) from error
    waiting = Scoring.objects.filter(reward_model__project=reward_model.project_id, state__in=UNFINISHED).count()
    if (
        waiting >= MOST_WAITING
    ):  # two requests at once may get past it by one: it keeps a queue short, nothing hangs on it
        message = gettext("%(count)d solutions of this project wait to be scored already. Try again in a moment.")
        raise TooManyRequests(message % {"count": waiting}, retry_after=RETRY_AFTER)
    return Scoring.objects.create(reward_model=reward_model, problem=text, steps=list(texts), requested_by=actor)


def wait(*, scoring: Scoring, seconds: float) -> Scoring:
    """The row once it has ended, or as it stands after so many seconds; at once where enough others wait in this process.

    Raises `NotFound` where it was deleted meanwhile, with its model.
    """
    if not _threads_to_hold.acquire(blocking=False):
        return scoring
    try:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and Scoring.objects.filter(pk=scoring.pk, state__in=UNFINISHED).exists():
            pause(LOOK_EVERY)
    finally:
        _threads_to_hold.release()
    found = Scoring.objects.filter(pk=scoring.pk).first()
    if found is None:
        raise NotFound
    return found


def run_next(*, score: Score) -> bool:
    """Carry out the row that has waited longest, by a function that brings its result. False where none waits.

    `CannotBeScored` fails the row for good. Anything else that `score` raises is one attempt lost, and goes on to the caller.
    """
    due = jobs.due(kind=Scoring).order_by("pk").values_list("pk", flat=True).first()
    if due is None:
        return False
    scoring = jobs.take(kind=Scoring, pk=due, worker=jobs.this_process())
    if scoring is None:
        return True  # another scorer was faster; there may be more
    try:
        with jobs.heartbeat(scoring):
            result = score(scoring)
        jobs.finish(scoring, result=result)
    except JobLost:
        return True  # somebody else's by now, or deleted
    except CannotBeScored as refusal:
        jobs.fail(scoring, error=refusal.message)
    except BaseException as error:
        jobs.give_up_attempt(scoring, error=f"The attempt broke off ({type(error).__name__}).")
        raise
    return True


def bring_back_dead() -> None:
    """What died with its scorer waits for the next one; what did so `JOB_MAX_ATTEMPTS` times has failed."""
    jobs.bring_back_gone(kind=Scoring)
    jobs.reap(kind=Scoring)


def reap() -> None:
    """Bring back what died, and delete what was asked for over a day ago."""
    bring_back_dead()
    Scoring.objects.filter(created_at__lt=Now() - KEPT).delete()
