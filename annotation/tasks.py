"""Celery's side of annotation. A message is a nudge: the rows say what is due, so a lost or repeated one changes nothing."""

from celery import shared_task
from django.conf import settings

from annotation import imports, step_supply


@shared_task
def run_import(pk: int) -> None:
    imports.run_import(pk=pk)


# The limits end a supplier that hangs; what its labeller sees does not depend on them (`step_supply.give_up_overdue`).
@shared_task(soft_time_limit=settings.STEP_SUPPLIER_SECONDS, time_limit=settings.STEP_SUPPLIER_SECONDS + 5)
def supply_steps(pk: int) -> None:
    step_supply.run(pk=pk)


@shared_task
def reap() -> None:
    """Bring back what died, and nudge again what waits."""
    for pk in imports.reap():
        run_import.delay(pk)
    for pk in step_supply.reap():
        supply_steps.delay(pk)
