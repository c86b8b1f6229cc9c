"""A generator taught its format: one pass over its own right solutions, as the paper did before labels were collected (arXiv 2305.20050).

Plain language modelling with transformers: the loss is on a solution's tokens, not on its problem's. The folder that comes out is one that
rounds can sample from. Light at the top: what is wrong with the data is said before torch is imported.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from activelearning.generators.reading import ANSWER_MARK
from activelearning.generators.sampling import LINES, PLACE, STEPS, joined
from annotation.formats import fields
from annotation.formats.fields import Unreadable
from annotation.formats.source import open_source, read_records
from annotation.formats.strict_json import StrictJSONError

PROMPT = f"Problem: {PLACE}\nSolution:\n"  # a taught model needs no examples before its problem
FACTS = "generator.json"  # beside the weights: what the folder is to be sampled with
WARM_UP = 0.05
LEAST = 10  # right solutions


class TuningRefused(ValueError):
    """The data or a setting cannot be used; the text says which line and field."""


@dataclass(frozen=True, slots=True)
class Text:
    prompt: str
    solution: str


def add_arguments(found: argparse.ArgumentParser) -> None:
    found.add_argument("--base", required=True, type=Path, metavar="DIR", help="a transformers folder of a causal LM")
    found.add_argument(
        "--data",
        required=True,
        metavar="FILE",
        help="JSON lines {problem, steps, answer?, is_correct}: those that are right are learnt from",
    )
    found.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="a new folder, best under DATA_DIR/bases"
    )
    found.add_argument("--steps", choices=STEPS, default=LINES, help="how a solution falls into steps (default lines)")
    found.add_argument("--epochs", type=int, default=1, metavar="N", help="(default 1)")
    found.add_argument("--learning-rate", type=float, default=1e-5, metavar="RATE", help="(default 1e-5)")
    found.add_argument("--batch-size", type=int, default=8, metavar="N", help="solutions (default 8)")
    found.add_argument(
        "--max-length", type=int, default=2048, metavar="N", help="tokens; longer solutions are left out (default 2048)"
    )
    found.add_argument("--seed", type=int, default=1)
    found.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Counts, the mean loss of the first and the last tenth, and the prompt to sample with. Raises `TuningRefused`."""
    _check(options)
    texts, left_out = read(options.data, steps=options.steps)
    if len(texts) < LEAST:
        raise TuningRefused(
            f"{Path(options.data).name}: {len(texts)} right solutions are too few; {LEAST} are the least"
        )
    # Only now: torch and transformers take seconds to import.
    from activelearning.generators.tuning import tune
    from activelearning.rewardmodel.checkpoint import CheckpointRefused

    beside = options.output.with_name(options.output.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        losses, too_long = tune(options, texts, beside)
        (beside / FACTS).write_text(json.dumps({"prompt": PROMPT, "steps": options.steps}), encoding="utf-8")
        beside.rename(options.output)
    except (CheckpointRefused, OSError) as error:
        raise TuningRefused(str(error)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    tenth = max(len(losses) // 10, 1)
    return {
        "solutions": len(texts) - too_long,
        "not_right": left_out,
        "too_long": too_long,
        "steps": len(losses),
        "first_loss": sum(losses[:tenth]) / tenth,
        "last_loss": sum(losses[-tenth:]) / tenth,
        "prompt": PROMPT,
    }


def read(source: str, *, steps: str) -> tuple[list[Text], int]:
    """The right solutions as texts, and how many were not right. Raises `TuningRefused` with the file's line and the field."""
    texts, left_out = [], 0
    try:
        with open_source(source) as file:
            for number, record in _records(file, Path(source).name):
                text = _text(record, number, Path(source).name, steps)
                texts += [text] if text else []
                left_out += text is None
    except OSError as error:
        raise TuningRefused(str(error)) from error
    return texts, left_out


def _records(file: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for found in read_records(file):
        if not isinstance(found, tuple):
            raise TuningRefused(f"{name}:{found.line}: {found.field}: {found.reason}")
        yield found


def _text(record: dict[str, Any], number: int, name: str, steps: str) -> Text | None:
    try:
        problem = fields.text(fields.required(record, "problem"), "problem", empty=False)
        lines = fields.step_texts(fields.required(record, "steps"), "steps")
        right = fields.truth(fields.required(record, "is_correct"), "is_correct")
        answer = fields.text_or_none(record.get("answer"), "answer")
    except (Unreadable, StrictJSONError) as error:
        raise TuningRefused(f"{name}:{number}: {error}") from error
    if not right:
        return None
    solution = joined(tuple(lines), steps)
    if answer and ANSWER_MARK.strip() not in solution:
        solution += ANSWER_MARK + answer
    return Text(PROMPT.replace(PLACE, problem), solution + "\n")


def _check(options: argparse.Namespace) -> None:
    for name, least in (("epochs", 1), ("batch_size", 1), ("max_length", 16)):
        if getattr(options, name) < least:
            raise TuningRefused(f"--{name.replace('_', '-')} must be {least} or more")
    if not 0 < options.learning_rate <= 1:
        raise TuningRefused("--learning-rate must be over 0 and at most 1")
    if options.output.exists():
        raise TuningRefused(f"{options.output} is there already; name a new folder")


def summary(report: dict[str, Any]) -> str:
    return (
        f"learnt {report['solutions']:,} right solutions in {report['steps']:,} steps, loss {report['first_loss']:.3f} to "
        f"{report['last_loss']:.3f}; left out: {report['not_right']:,} that are not right, {report['too_long']:,} too long. "
        f"Sample with the prompt {json.dumps(report['prompt'])}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m activelearning.generators.tune", description=__doc__)
    add_arguments(parser)
    try:
        print(summary(run(parser.parse_args(argv))))
    except TuningRefused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
