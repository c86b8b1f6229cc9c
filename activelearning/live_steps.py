"""Next steps while a labeller works, by the generator that LABELAPP_STEP_GENERATOR names; never in the web process.

`next_steps` asks a server, in a worker: LABELAPP_STEP_SUPPLIER is its dotted path. `LocalSteps` samples a model folder that stands open in
the scorer (`scorer.py`): LABELAPP_STEP_SUPPLIER is `scorer`.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from django.conf import settings

from activelearning import makers
from activelearning.generators import openai_api, servers
from activelearning.generators.reading import ANSWER_MARK
from activelearning.generators.samples import Sample
from activelearning.generators.sampling import LINES, Sampling
from activelearning.rewardmodel.child import importing
from annotation import step_supply

ASKED_FOR = 2  # times as many texts as steps are wanted, for some begin with the same one
HEADING = "# Answer"
SAMPLING = Sampling(steps=LINES, max_tokens=200)

log = structlog.get_logger(__name__)


def next_steps(*, problem: str, steps: Sequence[str], count: int, seed: int) -> list[str]:
    """At most `count` different steps that may follow: the first line of what the server's model goes on with, and an answer below it.

    Raises `ServerAway`, `ServerRefused`, `NoReply`, `RequestRefused`: whoever waits is told that nothing came.
    """
    server = servers.parse(settings.GENERATORS)[settings.STEP_GENERATOR]
    with openai_api.Client(server) as client:
        prompt = _prompt(SAMPLING, problem, steps)
        return _different(client.continued(prompt, count=count * ASKED_FOR, seed=seed, sampling=SAMPLING))[:count]


class LocalSteps:
    """The same by a folder of DATA_DIR/bases, held open."""

    def __init__(self, *, device: str = "cpu", threads: int = 1) -> None:
        self._device, self._threads = device, threads
        self._model: Any = None

    def next_steps(self, *, problem: str, steps: Sequence[str], count: int, seed: int) -> list[str]:
        """What is whole after half the time that a labeller waits: the next one in line has some, too. Raises `CheckpointRefused`."""
        model = self._opened()
        until = time.monotonic() + settings.STEP_SUPPLIER_SECONDS / 2
        sampling = replace(
            SAMPLING,
            samples=count * ASKED_FOR,
            prompt=makers.own_prompt(makers.bases_folder() / settings.STEP_GENERATOR),
        )
        texts, _ = model.samples(
            _prompt(sampling, problem, steps),
            sampling,
            seed=seed,
            is_over=lambda tail: has_first_step(tail) or time.monotonic() > until,
        )
        late = time.monotonic() > until  # then any of them may have been torn
        return _different(replace(text, cut_off=text.cut_off or late) for text in texts)[:count]

    def open_ahead(self) -> None:
        """So that the first labeller does not wait for it. A folder that cannot be opened is told by the log, and turn by turn."""
        try:
            self._opened()
        except (OSError, ValueError) as error:
            log.warning(
                "the generator of next steps cannot be opened", generator=settings.STEP_GENERATOR, reason=str(error)
            )

    def _opened(self) -> Any:
        if self._model is None:
            with importing():  # only now: torch and transformers take seconds
                import torch

                from activelearning.generators.local import LanguageModel

            torch.set_num_threads(self._threads)
            self._model = LanguageModel.open(makers.bases_folder() / settings.STEP_GENERATOR, device=self._device)
            log.info("generator of next steps opened", generator=settings.STEP_GENERATOR)
        return self._model


def is_local() -> bool:
    """Whether the scorer makes next steps."""
    return bool(settings.STEP_SUPPLIER == step_supply.SCORER)


def _prompt(sampling: Sampling, problem: str, steps: Sequence[str]) -> str:
    return sampling.prompt_for(problem) + "".join(" ".join(step.split("\n")) + "\n" for step in steps)


def _different(texts: Iterable[Sample]) -> list[str]:
    """The first steps, each once. Of a text that was cut off only its whole lines count."""
    whole = (text.text.rpartition("\n")[0] if text.cut_off else text.text for text in texts)
    return list(dict.fromkeys(step for text in whole if (step := first_step(text))))


def first_step(text: str) -> str:
    """The first step of what goes on like this; empty where it has none."""
    lines = _lines(text)
    if not lines or lines[0].startswith(HEADING):
        return ""
    answered = len(lines) > 2 and lines[1].rstrip(":") == HEADING
    return lines[0] + (ANSWER_MARK + lines[2] if answered else "")


def has_first_step(tail: str) -> bool:
    """Whether a text that ends like this has its first step whole, and no answer below it is in the making."""
    lines = _lines(tail)
    return len(lines) > 1 and not HEADING.startswith(lines[1][: len(HEADING)])


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
