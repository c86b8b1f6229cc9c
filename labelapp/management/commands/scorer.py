"""`manage.py scorer`: scores solutions that come by the API one by one, and makes next steps where it is told to, with models held open.

SIGTERM ends it after the one in hand.
"""

import os
import signal
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from activelearning import live_steps
from activelearning.live_steps import LocalSteps
from activelearning.rewardmodel.child import die_with_parent
from activelearning.scorer import OpenModels, serve
from annotation import priority
from labelapp.alive import Beat, sign
from labelapp.checks import refuse_unsafe_start

THREADS = 2


class Command(BaseCommand):
    help = "Score solutions that come by the API, with reward models held open. Ctrl-C or SIGTERM ends it after the one in hand."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        threads = min(THREADS, os.cpu_count() or 1)
        parser.add_argument("--threads", type=int, default=threads, help=f"of the CPU (default: {threads})")
        parser.add_argument(
            "--device", default="cpu", choices=("cpu", "cuda"), help="cuda keeps a GPU's memory for as long as it runs"
        )
        parser.add_argument("--die-with-parent", type=int, metavar="PID", help="be killed when this parent dies")

    def handle(self, *args: Any, threads: int, device: str, **options: Any) -> None:
        if options["die_with_parent"] is not None:
            die_with_parent(options["die_with_parent"])
        refuse_unsafe_start()
        if threads < 1:
            raise CommandError("--threads must be 1 or more.")
        if device == "cuda":
            _require_cuda()
        priority.lower(os.getpid(), priority.SCORER)
        ended: list[int] = []

        def remember(number: int, _: FrameType | None) -> None:
            ended.append(number)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, remember)
        beat = Beat(sign(settings.DATA_DIR, "scorer"))
        steps = LocalSteps(device=device, threads=threads) if live_steps.is_local() else None
        serve(OpenModels(device=device, threads=threads), steps, is_over=lambda: bool(ended), tick=beat)


def _require_cuda() -> None:
    import torch

    if not torch.cuda.is_available():
        raise CommandError("--device cuda: there is no CUDA device at hand here.")
