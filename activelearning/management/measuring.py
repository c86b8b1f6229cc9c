"""What the commands that measure share: all lines or a refusal, scores by a child process, words of command lines."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import CommandError

from activelearning import scored
from activelearning.child import ChildFailed
from activelearning.rewardmodel.child import bar
from activelearning.rewardmodel.reductions import Probabilities
from annotation.errors import DomainError
from annotation.formats.fields import Unreadable
from annotation.formats.rows import Refusal
from annotation.formats.source import open_source, read_records

MOST_REFUSALS = 100
FIGURE_ENDINGS = (".svg", ".png")

T = TypeVar("T")


def read_all(paths: Iterable[str], read: Callable[[Mapping[str, Any]], T]) -> list[tuple[str, list[tuple[int, T]]]]:
    """Of each file (`-` is stdin) what `read` makes of its records, with their lines. A refused line refuses everything, in words."""
    refused: list[str] = []
    found = []
    for path in paths:
        name = "stdin" if path == "-" else Path(path).name
        rows: list[tuple[int, T]] = []
        for item in _rows(path, read):
            if isinstance(item, Refusal):
                refused.append(f"{name}:{item.line}: {item.field}: {item.reason}")
            else:
                rows.append(item)
        found.append((path, rows))
    refuse(refused)
    return found


def refuse(refused: list[str]) -> None:
    if refused:
        shown = refused[:MOST_REFUSALS]
        more = [f"… and {len(refused) - len(shown)} more"] if len(refused) > len(shown) else []
        raise CommandError("\n".join(["Nothing was measured.", *shown, *more]))


def _rows(path: str, read: Callable[[Mapping[str, Any]], T]) -> Iterator[tuple[int, T] | Refusal]:
    try:
        with open_source(path) as stream:
            for record in read_records(stream):
                yield record if isinstance(record, Refusal) else _row(*record, read)
    except OSError as error:
        raise CommandError(f"{error.filename or path}: {error.strerror or error}") from error


def _row(line: int, record: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]) -> tuple[int, T] | Refusal:
    try:
        return line, read(record)
    except Unreadable as error:
        return Refusal(line, error.field, error.reason)


def names_of(paths: Iterable[str]) -> list[str]:
    """What reports call the files: their names, or as they were given where two have the same name."""
    given = list(paths)
    names = [Path(path).name for path in given]
    return names if len(set(names)) == len(names) else given


def step_probabilities(
    solutions: Sequence[tuple[str, Sequence[str]]], model: Path, options: Mapping[str, Any]
) -> list[tuple[Probabilities, ...] | None]:
    """`scored.step_probabilities` with a bar on a terminal; what goes wrong fails the command."""
    try:
        return scored.step_probabilities(
            solutions, model=model, threads=options["threads"], device=options["device"], tell=_show_bar
        )
    except (DomainError, ChildFailed) as error:
        raise CommandError(str(error)) from error


def _show_bar(facts: Mapping[str, Any]) -> None:
    if sys.stderr.isatty():
        print("\r" + bar(facts), end="\n" if facts.get("done") == facts.get("total") else "", file=sys.stderr)


def draw(figure: Callable[[], Any], paths: Sequence[Path]) -> None:
    """Into each of these files; `figure` is called where there is one, so that matplotlib is imported only then."""
    if not paths:
        return
    from activelearning.evaluation import figures

    drawn = figure()
    for path in paths:
        try:
            figures.write(drawn, path)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}") from error


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


# --- arguments -------------------------------------------------------------------------------------------------------


def add_figure(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--figure",
        type=figure,
        action="append",
        default=[],
        metavar="FILE",
        help=f"{what}, .svg or .png; may be given twice",
    )


def add_scoring(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=positive, default=1, help="of the CPU")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))


def figure(text: str) -> Path:
    path = Path(text)
    if path.suffix not in FIGURE_ENDINGS:
        raise argparse.ArgumentTypeError(f"must end in {' or '.join(FIGURE_ENDINGS)}")
    return path


def positive(text: str) -> int:
    return _whole(text, least=1)


def natural(text: str) -> int:
    return _whole(text, least=0)


def _whole(text: str, *, least: int) -> int:
    value = int(text)
    if value < least:
        raise argparse.ArgumentTypeError(f"must be {least} or more")
    return value


def probability(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError("must be from 0 to 1")
    return value
