"""Celery's side of annotation. A message is a nudge: the rows say what is due, so a lost or repeated one changes nothing."""

from celery import shared_task

from annotation import imports


@shared_task
def run_import(pk: int) -> None:
    imports.run_import(pk=pk)


@shared_task
def reap() -> None:
    """Bring back what died, and nudge again what waits."""
    for pk in imports.reap():
        run_import.delay(pk)
