"""The Celery application. A message is a nudge: every task asks the database what is due."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from labelapp.alive import SignOfLife

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")

app = Celery("labelapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(SignOfLife)


@worker_init.connect
@beat_init.connect
def refuse_what_is_unsafe(**_: Any) -> None:
    """A worker may do as much harm as the web process: it starts under the same conditions."""
    from labelapp.checks import refuse_unsafe_start  # here: it needs the settings, which need this module

    refuse_unsafe_start()
