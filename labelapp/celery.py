"""The Celery application. A message is a nudge: every task asks the database what is due."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init, worker_process_init

from labelapp.alive import SignOfLife

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")

app = Celery("labelapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(SignOfLife)

_worker = 0  # the process id of the worker, to the hands that it forks


@worker_init.connect
@beat_init.connect
def refuse_what_is_unsafe(**_: Any) -> None:
    """A worker may do as much harm as the web process: it starts under the same conditions."""
    from labelapp.checks import refuse_unsafe_start  # here: it needs the settings, which need this module

    refuse_unsafe_start()


@worker_init.connect
def remember_the_worker(**_: Any) -> None:
    global _worker
    _worker = os.getpid()


@worker_process_init.connect
def end_with_the_worker(**_: Any) -> None:
    """Celery has the kernel kill a hand with its worker. One that began while its worker died has asked too late: it would wait for a
    lock that another hand died with, for ever."""
    if os.getppid() != _worker:
        os._exit(1)
