"""A frozen snapshot's lines, parted by problem into what a model learns from and what it is measured on. Pure; files in, files out.

A problem is held out by a hash of its text and the round's seed, so the same problems are held out in every round with that seed,
however the labels grow, and no problem is on both sides.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from activelearning.rewardmodel.examples import FINISHED, process_examples
from activelearning.rewardmodel.forms import nearest
from annotation.formats import prm800k
from annotation.formats.rows import AnnotationRow

RESERVED = "evaluation problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A line as a model is measured on it: the solution's steps and the ratings of the first ones (-1, 0, +1; None: not said)."""

    problem: str
    steps: tuple[str, ...]
    ratings: tuple[int | None, ...]


@dataclass(slots=True)
class Parted:
    """Counts of a parting. `left_out` says of how many lines, and why, they are no plain verdict."""

    train: int = 0
    held_out: int = 0
    evaluation: int = 0
    right: int = 0  # of those learnt from and held out: the solutions in which no step was found wrong
    problems: int = 0
    held_out_problems: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    ratings: Counter[int] = field(default_factory=Counter)  # of the steps to learn from

    def as_dict(self) -> dict[str, Any]:
        return {
            "train": self.train,
            "held_out": self.held_out,
            "evaluation": self.evaluation,
            "right": self.right,
            "problems": self.problems,
            "held_out_problems": self.held_out_problems,
            "left_out": dict(sorted(self.left_out.items())),
            "ratings": {str(rating): self.ratings[rating] for rating in (-1, 0, 1)},
        }


def part(
    lines: Callable[[], Iterable[bytes]],
    *,
    seed: int,
    share: float,
    reserved: Callable[[str], bool],
    train: IO[bytes],
    held_out: IO[bytes],
    evaluation: IO[bytes] | None = None,
) -> Parted:
    """Write each line, byte for byte, to one of the files. Lines of `reserved` problems (the evaluation set) go to `evaluation` alone.

    Lines that are no plain verdict (quality control, given up …) are never measured on; the trainer has its own rule for them.
    `lines` is called twice. Where chance would hold nothing out, the problem with the smallest hash is; one problem alone is learnt from.
    """
    places = {problem: place(problem, seed=seed) for problem in _usable_problems(lines(), reserved)}
    measured = {problem for problem, at in places.items() if at < share}
    if not measured and len(places) > 1:
        measured = {min(places, key=places.__getitem__)}
    found = Parted(problems=len(places), held_out_problems=len(measured))
    for line in lines():
        row, unusable = _read(line, reserved)
        if unusable:
            found.left_out[unusable] += 1
            if unusable == RESERVED:
                found.evaluation += _write_verdict(line, evaluation)
            elif row.problem not in measured:
                train.write(line)
        elif row.problem in measured:
            held_out.write(line)
            found.held_out += 1
            found.right += is_right(row)
        else:
            train.write(line)
            found.train += 1
            found.right += is_right(row)
            found.ratings.update(rating for rating in row.ratings if rating is not None)
    return found


def _write_verdict(line: bytes, file: IO[bytes] | None) -> bool:
    """Whether the line of an evaluation problem was written: only a plain verdict can be measured on."""
    if file is None or not is_verdict(json.loads(line)):
        return False
    file.write(line)
    return True


def is_verdict(record: dict[str, Any]) -> bool:
    """Whether a PRM800K record is a plain verdict on its solution's steps."""
    read = prm800k.read(record)
    return not no_verdict(read, followed(read))


def problem_in(line: bytes) -> str:
    return prm800k.read(json.loads(line)).problem.text


def is_right(row: Labelled) -> bool:
    """Whether the labeller found no wrong step."""
    return -1 not in row.ratings


def place(problem: str, *, seed: int) -> float:
    """Where in [0, 1) this problem falls."""
    digest = hashlib.sha256(f"{seed}\n{problem}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _usable_problems(lines: Iterable[bytes], reserved: Callable[[str], bool]) -> Iterator[str]:
    for line in lines:
        row, unusable = _read(line, reserved)
        if not unusable:
            yield row.problem


def _read(line: bytes, reserved: Callable[[str], bool]) -> tuple[Labelled, str]:
    """The line's row, and why it neither teaches nor measures ("" where it does)."""
    record = prm800k.read(json.loads(line))
    row = followed(record)
    return row, RESERVED if reserved(row.problem) else no_verdict(record, row)


def no_verdict(record: AnnotationRow, row: Labelled) -> str:
    """Why a record is no plain verdict on its solution's steps; "" where it is one."""
    if record.is_quality_control:
        return "quality control"
    if record.is_initial_screening:
        return "screening"
    finish_reason: str = record.label["finish_reason"]
    if finish_reason not in FINISHED:
        return finish_reason
    return "" if any(rating is not None for rating in row.ratings) else "no rating"


def labelled(record: dict[str, Any]) -> Labelled:
    return followed(prm800k.read(record))


def followed(row: AnnotationRow) -> Labelled:
    """The solution that a PRM800K record follows, and its ratings up to and including the first wrong step."""
    path = next(process_examples(row, siblings="none"), None)
    rated, ratings = (path.steps, path.ratings) if path else ((), ())
    whole = row.solution.steps if row.solution else rated
    # In phase 1 the path is the labeller's own way; in phase 2 what follows the first wrong step belongs to the solution too.
    steps = whole if whole[: len(rated)] == rated else rated
    whole_ratings = tuple(None if rating is None else nearest(rating) for rating in ratings)
    return Labelled(problem=row.problem.text, steps=tuple(steps), ratings=whole_ratings)
