"""Solutions' step probabilities by a model folder, for whoever measures one: scored in a child process, in order."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from activelearning import child
from activelearning.rewardmodel.reductions import Probabilities
from annotation.errors import InvalidInput

SCORER = "activelearning.rewardmodel.score"

Facts = dict[str, Any]


def step_probabilities(
    solutions: Sequence[tuple[str, Sequence[str]]],
    *,
    model: Path,
    threads: int = 1,
    device: str = "auto",
    tell: Callable[[Facts], None] = lambda facts: None,
) -> list[tuple[Probabilities, ...] | None]:
    """P(-1), P(0), P(+1) of each step of each (problem, steps); None for a solution that is longer than the model can read.

    Raises `child.ChildRefused`, `child.ChildFailed`, and `InvalidInput` for an outcome model, which says nothing of steps.
    """
    if not solutions:
        return []
    with TemporaryDirectory(prefix="labelapp-score-") as folder:
        given, scored, progress = (Path(folder) / name for name in ("in.jsonl", "out.jsonl", "progress.jsonl"))
        with given.open("w", encoding="utf-8") as file:
            for problem, steps in solutions:
                file.write(json.dumps({"problem": problem, "steps": list(steps)}) + "\n")
        records = child.ProgressFile(progress)

        def tick() -> None:
            for facts in records.new()[-1:]:
                tell(facts)

        arguments = ["--model", model.resolve(), "--input", given, "--output", scored, "--progress", progress]
        arguments += ["--threads", threads, "--device", device]
        child.run(SCORER, [str(argument) for argument in arguments], log=Path(folder) / "log", tick=tick)
        with scored.open(encoding="utf-8") as file:
            return [_probabilities(json.loads(line)) for line in file]


def _probabilities(record: dict[str, Any]) -> tuple[Probabilities, ...] | None:
    if "rating_probs" not in record:
        raise InvalidInput("This is an outcome reward model: it has no word on steps. Give a process reward model.")
    given = record["rating_probs"]
    return None if given is None else tuple((step["-1"], step["0"], step["1"]) for step in given)
