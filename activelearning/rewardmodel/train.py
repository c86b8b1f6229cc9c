"""`python -m activelearning.rewardmodel.train`: labelled lines in, a checkpoint folder out. Meant to be run as a child process.

Light at the top: whether the parent is still there is settled before torch is imported.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from activelearning.rewardmodel.child import Progress, die_with_parent, importing
from activelearning.rewardmodel.config import KINDS, TINY, ConfigError, for_base, read_overrides


def parser() -> argparse.ArgumentParser:
    """The command line's words; `manage.py train_reward_model` has the same."""
    found = argparse.ArgumentParser(prog="python -m activelearning.rewardmodel.train", description=__doc__)
    add_arguments(found)
    add_process_arguments(found)
    return found


def add_arguments(found: argparse.ArgumentParser) -> None:
    found.add_argument("--kind", required=True, choices=KINDS, help="process (prm) or outcome (orm) reward model")
    found.add_argument(
        "--data", required=True, nargs="+", type=Path, metavar="FILE", help="PRM800K, stepwise or scored lines, .gz too"
    )
    found.add_argument("--output", required=True, type=Path, metavar="DIR", help="the folder to make, or to go on with")
    found.add_argument("--base", default=TINY, metavar="DIR", help="a local transformers folder, or tiny (the default)")
    found.add_argument("--config", type=Path, metavar="FILE", help="JSON that overrides the defaults")
    found.add_argument("--seed", type=int, default=1)
    found.add_argument("--threads", type=int, default=1, help="of the CPU (default 1; another number, other last bits)")
    found.add_argument("--progress", type=Path, metavar="FILE", help="JSON lines are appended here as it goes")


def add_process_arguments(found: argparse.ArgumentParser) -> None:
    """For a parent process that starts this one."""
    found.add_argument(
        "--die-with-parent", nargs="?", type=int, const=0, metavar="PID", help="be killed when the parent (PID) dies"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused or failed with the reason on stderr. Wrong usage exits with 2."""
    options = parser().parse_args(argv)
    if options.die_with_parent is not None:
        die_with_parent(options.die_with_parent or None)
    manifest = run(options)
    if manifest is None:
        return 1
    print(summary(manifest), file=sys.stderr)
    return 0


def summary(manifest: dict[str, Any]) -> str:
    loss = [value for value in manifest["loss"] if value is not None]
    last = f", last loss {loss[-1]:.4f}" if loss else ""
    return f"{manifest['kind']}: {manifest['examples']} examples, {manifest['steps']} steps{last}"


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """The manifest of the finished folder; None where it was refused or failed, the reason said on stderr."""
    os.environ.setdefault("OMP_NUM_THREADS", str(max(options.threads, 1)))
    try:
        overrides = read_overrides(options.config) if options.config else {}
        config = for_base(options.base, overrides, kind=options.kind)
        if options.seed < 0 or options.threads < 1:
            raise ConfigError("seed must be 0 or more and threads 1 or more")
    except (ConfigError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return None
    if config.processes > 1 and "WORLD_SIZE" not in os.environ:
        from activelearning.rewardmodel.devices import start_processes

        start_processes(config.processes, words(options))
    with importing():  # only now: torch and transformers take seconds
        from activelearning.rewardmodel.checkpoint import CheckpointRefused, sha256_of
        from activelearning.rewardmodel.data import LayoutError
        from activelearning.rewardmodel.examples import DataRefused
        from activelearning.rewardmodel.loop import TrainingFailed
        from activelearning.rewardmodel.training import Inputs, train

    progress = None
    try:
        inputs = Inputs(
            kind=options.kind,
            data=tuple((path.name, sha256_of(path)) for path in options.data),
            base=options.base,
            seed=options.seed,
            config=config,
        )
        _threads(options.threads)
        examples, left_out = _examples(options, config)
        options.output.mkdir(parents=True, exist_ok=True)
        first = os.environ.get("RANK", "0") == "0"
        progress = Progress(options.progress if first else None, terminal=sys.stderr if first else None)
        return train(inputs, examples, left_out, options.output, progress)
    except (DataRefused, CheckpointRefused, LayoutError, TrainingFailed, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return None
    finally:
        if progress is not None:
            progress.close()


def words(options: argparse.Namespace) -> list[str]:
    """The command line that these options came from, for the processes of several devices; they die with the one that starts them."""
    found = ["--kind", options.kind, "--data", *map(str, options.data), "--output", str(options.output)]
    found += ["--base", options.base, "--seed", str(options.seed), "--threads", str(options.threads)]
    for name in ("config", "progress"):
        given = getattr(options, name)
        found += [f"--{name}", str(given)] if given else []
    return [*found, "--die-with-parent"]


def _threads(count: int) -> None:
    import torch

    torch.set_num_threads(count)


def _examples(options: argparse.Namespace, config: Any) -> tuple[list[Any], dict[str, int]]:
    """Examples of all files; an ORM's outcomes are graded here, as on the way in: undecided answers count as the strict rules say."""
    from activelearning.rewardmodel.examples import read_examples, refuse_what_teaches_nothing

    if options.kind == "prm":
        examples, left_out = read_examples(options.data, kind="prm", config=config)
    else:
        from annotation.grading.equivalence import Grader

        with Grader() as grader:

            def is_right(given: str | None, truth: str) -> bool | None:
                grade = grader.grade(given, truth)
                return grade.strict if grade.verdict == "undecided" else grade.verdict == "right"

            examples, left_out = read_examples(options.data, kind="orm", config=config, is_right=is_right)
    refuse_what_teaches_nothing(examples, kind=options.kind)
    return examples, dict(left_out)


if __name__ == "__main__":
    sys.exit(main())
