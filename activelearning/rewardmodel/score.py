"""`python -m activelearning.rewardmodel.score`: solutions in, the same lines out with scores. Meant to be run as a child process.

Light at the top: whether the parent is still there is settled before torch is imported.
"""

import argparse
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from activelearning.rewardmodel.child import Progress, die_with_parent, importing
from activelearning.rewardmodel.partial import Partial, Read
from activelearning.rewardmodel.train import add_process_arguments

STREAM = "-"


def parser() -> argparse.ArgumentParser:
    """The command line's words; `manage.py score_solutions` has the same."""
    found = argparse.ArgumentParser(prog="python -m activelearning.rewardmodel.score", description=__doc__)
    add_arguments(found)
    add_process_arguments(found)
    return found


def add_arguments(found: argparse.ArgumentParser) -> None:
    found.add_argument("--model", required=True, type=Path, metavar="DIR", help="a folder that training finished")
    found.add_argument(
        "--input", default=STREAM, metavar="FILE", help="JSON lines {problem, steps, …}, .gz too (default stdin)"
    )
    found.add_argument(
        "--output",
        default=STREAM,
        metavar="FILE",
        help="(default stdout); the same command again goes on after an interruption",
    )
    found.add_argument("--threads", type=int, default=1, help="of the CPU")
    found.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    found.add_argument(
        "--manifest-sha256", metavar="HEX", help="refuse the model unless its training.json has this hash"
    )
    found.add_argument(
        "--dropout-passes",
        type=int,
        default=0,
        metavar="N",
        help="so many passes with dropout (2 or more): each step's rating_deviation (default 0: none)",
    )
    found.add_argument(
        "--dropout-rate", type=float, metavar="P", help="(default: the model's own, or 0.1 where it has none)"
    )
    found.add_argument("--seed", type=int, default=0, help="of the dropout")
    found.add_argument(
        "--embeddings",
        action="store_true",
        help="add each solution's embedding, the model's last hidden state at its end, which the strategy diversity goes by",
    )
    found.add_argument("--progress", type=Path, metavar="FILE", help="JSON lines are appended here as it goes")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 refused or failed with the reason on stderr. Wrong usage exits with 2."""
    options = parser().parse_args(argv)
    if options.die_with_parent is not None:
        die_with_parent(options.die_with_parent or None)
    report = run(options)
    if report is None:
        return 1
    print(summary(report), file=sys.stderr)
    return 0


def summary(report: dict[str, Any]) -> str:
    before = f", {report['kept']} of them before an interruption" if report["kept"] else ""
    return f"scored {report['solutions']} solutions{before}, {report['without_score']} without a score"


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Counts of what was scored; None where it was refused or failed, the reason said on stderr."""
    os.environ.setdefault("OMP_NUM_THREADS", str(max(options.threads, 1)))
    with importing():  # only now: torch and transformers take seconds
        import torch

        from activelearning.rewardmodel.checkpoint import CheckpointRefused
        from activelearning.rewardmodel.scoring import InputRefused, ScoresBroken

    if options.threads < 1 or (options.device == "cuda" and not torch.cuda.is_available()):
        print("error: threads must be 1 or more, and device cuda needs a CUDA device", file=sys.stderr)
        return None
    if said := _wrong_passes(options):
        print(f"error: {said}", file=sys.stderr)
        return None
    torch.set_num_threads(options.threads)
    progress = None
    try:
        model, fingerprint = _open(options.model, options.manifest_sha256)
        model.network.to("cuda" if options.device != "cpu" and torch.cuda.is_available() else "cpu").eval()
        progress = Progress(options.progress, terminal=sys.stderr)
        counts = _score(model, fingerprint, options, progress)
        return {"kind": model.kind, "neutral": model.neutral, "fingerprint": fingerprint} | counts
    except (CheckpointRefused, ScoresBroken, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
    except InputRefused as error:
        name = "stdin" if options.input == STREAM else Path(options.input).name
        print("\n".join(f"{name}:{line}" for line in str(error).splitlines()), file=sys.stderr)
    finally:
        if progress is not None:
            progress.close()
    return None


def _wrong_passes(options: argparse.Namespace) -> str:
    if options.dropout_passes not in range(2, 1001) and options.dropout_passes != 0:
        return "--dropout-passes must be 0, or from 2 to 1000"
    if options.dropout_rate is not None and not 0 < options.dropout_rate < 1:
        return "--dropout-rate must be between 0 and 1"
    return ""


def _open(folder: Path, sha256: str | None) -> tuple[Any, str | None]:
    """The model and the training that it is of; a published one is of none that we know."""
    from activelearning.rewardmodel.checkpoint import MANIFEST
    from activelearning.rewardmodel.model import open_published, open_trained

    if sha256 is None and folder.is_dir() and not (folder / MANIFEST).exists():
        return open_published(folder), None
    model, manifest = open_trained(folder, sha256=sha256)
    return model, manifest["fingerprint"]


def _score(model: Any, fingerprint: str | None, options: argparse.Namespace, progress: Progress) -> dict[str, int]:
    from activelearning.rewardmodel.dropout import Passes
    from activelearning.rewardmodel.scoring import score_lines
    from annotation.formats.source import open_source, read_records

    given = Passes(count=options.dropout_passes, rate=options.dropout_rate, seed=options.seed)
    passes = given if options.dropout_passes else None
    score = functools.partial(score_lines, model, passes=passes, embeddings=options.embeddings)
    partial = None
    if options.output != STREAM:
        asked = {name: getattr(options, name) for name in ("dropout_passes", "dropout_rate", "seed", "embeddings")}
        partial = Partial(Path(options.output), model=fingerprint, kind=model.kind, asked=asked)
    total = count_lines(options.input)
    with open_source(options.input) as source:
        records: Iterator[Read] = iter(read_records(source))
        if partial is None:
            sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
            written, missing = _write(score, records, sys.stdout, 0, total, progress)
            sys.stdout.flush()
            return {"solutions": written, "without_score": missing, "kept": 0}
        try:
            records = partial.continued(records)
            with partial.appended() as target:
                written, missing = _write(score, records, target, partial.kept, total, progress)
        except ValueError:  # refused: what is there already would only be in the way
            partial.discard()
            raise
    return {
        "solutions": partial.kept + written,
        "without_score": partial.without_score + missing,
        "kept": partial.kept,
    }


def _write(
    score: Callable[..., Iterator[Any]],
    records: Iterator[Read],
    target: TextIO,
    before: int,
    total: int | None,
    progress: Progress,
) -> tuple[int, int]:
    """How many lines were written behind the `before` that are there, and how many of them have no score."""
    from activelearning.rewardmodel.scoring import Clock

    clock, written, missing = Clock(before), 0, 0
    for record in score(records, report=lambda done: progress.report(**clock.facts(before + done, total))):
        target.write(json.dumps(record, ensure_ascii=False) + "\n")
        written += 1
        missing += "score_problem" in record
    progress.report(last=True, **clock.facts(before + written, before + written))
    return written, missing


def count_lines(source: str) -> int | None:
    """How many lines a plain file has, for progress; None for a stream or an archive, where nobody knows."""
    if source == STREAM or source.endswith(".gz"):
        return None
    with open(source, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


if __name__ == "__main__":
    sys.exit(main())
