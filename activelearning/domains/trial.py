"""`python -m activelearning.domains.trial --output DIR`: does a reward model learn the arithmetic domain? One line of JSON a run.

Labels by the oracle, training and scoring by the command lines that rounds use, then step AUC and first-error accuracy on other problems.
"""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from activelearning.domains import arithmetic
from activelearning.domains.arithmetic import Problem, Solution
from activelearning.evaluation.steps import ScoredLabel, evaluate_steps

HELD_OUT = 60  # problems
SAMPLES = 4  # solutions of each
OTHER_PROBLEMS = 1_000_000  # added to the seed, so that the held-out problems are others


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, nargs="+", default=[200, 400], help="labelled solutions to train on")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--samples", type=int, default=1, help="solutions a problem in training")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(argv)
    for seed in options.seeds:
        for labels in options.labels:
            folder = options.output / f"seed-{seed}-labels-{labels}"
            print(json.dumps(trial(folder, labels, options.samples, seed, options.config)), flush=True)
    return 0


def trial(folder: Path, labels: int, samples: int, seed: int, config: Path | None = None) -> dict[str, Any]:
    """Train on `labels` solutions and measure on held-out problems; everything stays in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    training = pairs(-(-labels // samples), samples, seed)[:labels]
    known = {problem.text for problem, _ in training}
    held_out = [pair for pair in pairs(HELD_OUT, SAMPLES, seed + OTHER_PROBLEMS) if pair[0].text not in known]
    _write(folder / "train.jsonl", arithmetic.labelled_lines(training))
    _write(folder / "pool.jsonl", (arithmetic.pool_line(*pair) for pair in held_out))
    before = _seconds()
    extra = ["--config", str(config)] if config else []
    _child(
        "train", "--kind", "prm", "--data", folder / "train.jsonl", "--output", folder / "model", "--seed", seed, *extra
    )
    trained = _seconds()
    _child("score", "--model", folder / "model", "--input", folder / "pool.jsonl", "--output", folder / "scored.jsonl")
    report = evaluate_steps(scored_labels(folder / "scored.jsonl"), seed=seed)
    found = {"labels": labels, "seed": seed, "train_cpu_seconds": round(trained - before, 1)}
    return found | {"score_cpu_seconds": round(_seconds() - trained, 1), **asdict(report)}


def pairs(problems: int, samples: int, seed: int) -> list[tuple[Problem, Solution]]:
    return [
        (problem, solution)
        for problem in arithmetic.problems(problems, seed)
        for solution in arithmetic.solutions(problem, samples, seed)
    ]


def scored_labels(path: Path) -> list[ScoredLabel]:
    """Scored lines of this domain with the oracle's ratings."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        good = tuple(step["0"] + step["1"] for step in record["rating_probs"])
        ratings = arithmetic.oracle(record["problem"], record["steps"])
        rows.append(ScoredLabel(problem=record["problem"], good=good, ratings=ratings))
    return rows


def _write(path: Path, lines: Any) -> None:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def _child(module: str, *arguments: object) -> None:
    command = [sys.executable, "-m", f"activelearning.rewardmodel.{module}", *map(str, arguments)]
    subprocess.run(command, check=True)


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
