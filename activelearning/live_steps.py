"""Next steps while a labeller works, by a server: LABELAPP_STEP_SUPPLIER names `activelearning.live_steps.next_steps` and
LABELAPP_STEP_GENERATOR the server. A worker calls it, never the web process (`annotation/step_supply.py`)."""

from collections.abc import Sequence

from django.conf import settings

from activelearning.generators import openai_api, servers
from activelearning.generators.reading import ANSWER_MARK
from activelearning.generators.sampling import LINES, Sampling

ASKED_FOR = 2  # times as many texts as steps are wanted, for some begin with the same one
HEADING = "# Answer"
SAMPLING = Sampling(steps=LINES, max_tokens=200)


def next_steps(*, problem: str, steps: Sequence[str], count: int, seed: int) -> list[str]:
    """At most `count` different steps that may follow: the first line of what the server's model goes on with, and an answer below it.

    Raises `ServerAway`, `ServerRefused`, `NoReply`, `RequestRefused`: whoever waits is told that nothing came.
    """
    server = servers.parse(settings.GENERATORS)[settings.STEP_GENERATOR]
    said = "".join(" ".join(step.split("\n")) + "\n" for step in steps)
    with openai_api.Client(server) as client:
        texts = client.texts(SAMPLING.prompt_for(problem) + said, count=count * ASKED_FOR, seed=seed, sampling=SAMPLING)
    return list(dict.fromkeys(step for text in texts if (step := first_step(text))))[:count]


def first_step(text: str) -> str:
    """The first step of what goes on like this; empty where it has none."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines or lines[0].startswith(HEADING):
        return ""
    answered = len(lines) > 2 and lines[1].rstrip(":") == HEADING
    return lines[0] + (ANSWER_MARK + lines[2] if answered else "")
