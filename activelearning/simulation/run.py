"""`python -m activelearning.simulation.run best-of-n|active-learning|replay --output DIR`: an experiment from its settings to its report.

Light at the top: the command line is checked before torch is imported.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from activelearning.rewardmodel.child import bar
from activelearning.rewardmodel.config import ConfigError, read_overrides
from activelearning.simulation.settings import (
    DOMAINS,
    FIRST_REPORT_SEED,
    TUNING_SEEDS,
    ActiveLearning,
    BestOfN,
    Replay,
    SettingsRefused,
    for_domain,
)

Settings = BestOfN | ActiveLearning | Replay
EXPERIMENTS = ("best-of-n", "active-learning", "replay")


class SimulationRefused(ValueError):
    """The experiment cannot be made or failed; the text says why."""


def add_arguments(found: argparse.ArgumentParser) -> None:
    found.add_argument("experiment", choices=EXPERIMENTS)
    found.add_argument("--domain", choices=DOMAINS, default=DOMAINS[0], help="of best-of-n and active-learning")
    found.add_argument("--data", type=Path, metavar="FILE", help="of replay: PRM800K lines, ProcessBench or PRMBench")
    found.add_argument("--seeds", type=_positive, default=3, metavar="N", help="how many; a claim needs 5 or more")
    found.add_argument(
        "--first-seed",
        type=_positive,
        default=FIRST_REPORT_SEED,
        metavar="N",
        help=f"(default {FIRST_REPORT_SEED}; settings were chosen on {TUNING_SEEDS[0]} to {TUNING_SEEDS[-1]})",
    )
    found.add_argument(
        "--labels", type=_labels, metavar="N[,N…]", help="labelled solutions; of the curves, where they are measured"
    )
    found.add_argument("--samples", type=_positive, metavar="N", help="solutions of each problem, the largest N")
    found.add_argument("--config", type=Path, metavar="FILE", help="JSON that overrides any setting")
    found.add_argument(
        "--threads", type=_positive, default=1, metavar="N", help="of the CPU (another number, other last bits)"
    )
    found.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="where report.json, report.html and the figures go"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused or failed with the reason on stderr. Wrong usage exits with 2."""
    parser = argparse.ArgumentParser(prog="python -m activelearning.simulation.run", description=__doc__)
    add_arguments(parser)
    try:
        report = run(parser.parse_args(argv))
    except SimulationRefused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report))
    return 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """The report, which also lies in the output folder with its page and figures. Raises `SimulationRefused`."""
    os.environ.setdefault("OMP_NUM_THREADS", str(options.threads))
    try:
        settings = settings_of(options)
        options.output.mkdir(parents=True, exist_ok=True)
    except (SettingsRefused, ConfigError, OSError) as error:
        raise SimulationRefused(str(error)) from error
    # Only now: torch and transformers take seconds to import.
    import torch

    from activelearning.rewardmodel.examples import DataRefused
    from activelearning.rewardmodel.loop import TrainingFailed
    from activelearning.simulation.replay import FileRefused

    torch.set_num_threads(options.threads)
    try:
        report = _made(options, settings)
        _write(report, options.output)
    except (DataRefused, TrainingFailed, FileRefused, ValueError, OSError) as error:
        raise SimulationRefused(str(error)) from error
    return report


def settings_of(options: argparse.Namespace) -> Settings:
    """The experiment's own defaults, over them the file's, over them the command line's.

    Raises `SettingsRefused`, `ConfigError`, `OSError`.
    """
    if (options.experiment == "replay") != (options.data is not None):
        raise SettingsRefused("replay needs --data, and nothing else takes it")
    given = read_overrides(options.config) if options.config else {}
    if options.labels is not None:
        if options.experiment == "best-of-n" and len(options.labels) > 1:
            raise SettingsRefused("best-of-n takes one number of labels")
        given["labels"] = options.labels[0] if options.experiment == "best-of-n" else list(options.labels)
    if options.samples is not None:
        given["samples"] = options.samples
    if options.experiment == "replay":
        return Replay.of(given)
    plain = for_domain(options.experiment, domain_of(options))
    return type(plain).of(given, plain=plain)  # type: ignore[arg-type]


def domain_of(options: argparse.Namespace) -> str:
    """The one that was asked for; "" of replay, which has a file."""
    return "" if options.experiment == "replay" else str(options.domain)


def _made(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    from activelearning.simulation.findings import findings

    seeds = list(range(options.first_seed, options.first_seed + options.seeds))
    began = time.monotonic()
    report: dict[str, Any] = {
        "experiment": options.experiment,
        "domain": domain_of(options),
        "seeds": {
            "reported": seeds,
            "tuned_on": list(TUNING_SEEDS),
            "also_tuned_on": [seed for seed in seeds if seed in TUNING_SEEDS],
        },
        "settings": settings.as_dict(),
    }
    report |= _measured(options, settings, seeds)
    report["seconds"] = round(time.monotonic() - began, 1)
    report["findings"] = findings(report)
    return report


def _measured(options: argparse.Namespace, settings: Settings, seeds: list[int]) -> dict[str, Any]:
    from activelearning.simulation import active_learning, best_of_n, replay

    tell = Teller(len(seeds))
    if isinstance(settings, BestOfN):
        return best_of_n.experiment(domain_of(options), settings, seeds, tell)
    if isinstance(settings, ActiveLearning):
        return active_learning.experiment(domain_of(options), settings, seeds, tell)
    attempts, data = replay.read(options.data)
    return {"data": data, **replay.experiment(attempts, settings, seeds, tell)}


class Teller:
    """A line a seed on stderr; on a terminal a bar beside it that moves with every model."""

    def __init__(self, seeds: int) -> None:
        self._seeds, self._done = seeds, 0
        self._terminal = sys.stderr if sys.stderr.isatty() else None

    def __call__(self, line: str) -> None:
        self._done += 1
        if self._terminal is not None:
            self._terminal.write("\r" + " " * 78 + "\r")
        print(line, file=sys.stderr, flush=True)
        self.part(0, 1)

    def part(self, done: int, of: int) -> None:
        """So many of a seed's models are made."""
        if self._terminal is not None and self._done < self._seeds:
            facts = {"stage": f"seed {self._done + 1} of {self._seeds}", "done": done, "total": of}
            self._terminal.write("\r" + bar(facts))
            self._terminal.flush()


def _write(report: Mapping[str, Any], folder: Path) -> None:
    """Figures first, the report last: a folder with a report is whole."""
    from activelearning.evaluation.figures import ENDINGS, write
    from activelearning.rewardmodel.checkpoint import write_file
    from activelearning.simulation import figures
    from activelearning.simulation.page import page

    drawn = figures.along_n(report) if report["experiment"] == "best-of-n" else figures.along_labels(report)
    paths = [folder / f"{report['experiment']}{ending}" for ending in ENDINGS]
    for path in paths:
        write(drawn, path)
    write_file(folder / "report.html", page(report, paths[:1]).encode())
    write_file(folder / "report.json", json.dumps(report, indent=1).encode())


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _labels(text: str) -> list[int]:
    return [_positive(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
