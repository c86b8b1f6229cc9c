"""`python -m activelearning.generators.sample`: prompts in, samples of a local language model out. Meant to be run as a child process.

Light at the top: whether the parent is still there is settled before torch is imported.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from activelearning.generators.sampling import Sampling, parse
from activelearning.rewardmodel.child import die_with_parent, importing
from activelearning.rewardmodel.train import add_process_arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused or failed with the reason on stderr. Wrong usage exits with 2."""
    parser = argparse.ArgumentParser(prog="python -m activelearning.generators.sample", description=__doc__)
    parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="a transformers folder of a causal LM")
    parser.add_argument(
        "--input", required=True, type=Path, metavar="FILE", help="{sampling, wanted: [{id, prompt, seed}]}"
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="FILE", help="a JSON line a problem, as it is done"
    )
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    add_process_arguments(parser)
    options = parser.parse_args(argv)
    if options.die_with_parent is not None:
        die_with_parent(options.die_with_parent or None)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with importing():  # only now: torch and transformers take seconds
        from activelearning.generators.local import LanguageModel
        from activelearning.rewardmodel.checkpoint import CheckpointRefused

    try:
        asked = json.loads(options.input.read_bytes())
        model = LanguageModel.open(options.model, device=options.device)
        _write(model, parse(asked["sampling"]), asked["wanted"], options.output)
    except (CheckpointRefused, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _write(model: Any, sampling: Sampling, wanted: list[dict[str, Any]], output: Path) -> None:
    with output.open("a", encoding="utf-8") as file:
        for one in wanted:
            samples, failed = model.samples(one["prompt"], sampling, seed=one["seed"])
            line = {"id": one["id"], "samples": [[each.text, each.cut_off] for each in samples], "failed": failed}
            file.write(json.dumps(line) + "\n")
            file.flush()


if __name__ == "__main__":
    sys.exit(main())
