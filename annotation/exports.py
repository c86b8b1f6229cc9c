"""Exports: what leaves, in a form that other tools read. Everything comes from a snapshot, and the same snapshot gives the same bytes.

A form other than the snapshot's own lines is written once, beside them, and streamed from there: a slow reader holds no database cursor,
and rows and SHA-256 are known before the first byte, so that a cut download shows.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from annotation import audit, snapshots
from annotation.errors import Conflict, FieldError, InvalidInput
from annotation.formats import stepwise
from annotation.formats.stepwise import Neutral
from annotation.models import Annotation, Score, Snapshot, User

FORMATS = ("prm800k", "stepwise", "scored-samples")
NEUTRALS: tuple[Neutral, ...] = ("good", "bad")
CHUNK = 500
READ_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A finished file, its number of lines and its SHA-256."""

    path: Path
    rows: int
    sha256: str


def require_known(*, format: str, neutral: str = "good") -> Neutral:
    """Raises `InvalidInput` for a format that is not built or a neutral rule that is none; returns the rule."""
    if format not in FORMATS:
        message = f"There is no export format {format!r}. Formats: {', '.join(FORMATS)}."
        raise InvalidInput(message, errors=[FieldError("format", "is not one of the formats built")])
    for known in NEUTRALS:
        if neutral == known:
            return known
    raise InvalidInput("Neutral steps count as good or as bad.", errors=[FieldError("neutral", "must be good or bad")])


def export(*, snapshot: Snapshot, format: str, neutral: str = "good") -> Iterator[bytes]:
    """The bytes of the snapshot in a format. `neutral` (good, bad) says how rating 0 counts where three ratings become two.

    Raises `InvalidInput` at once for an unknown format. Raises `Conflict("file_damaged")` before the last bytes where the file on the
    disk is not the one that was written: the download then ends short of its length.
    """
    return stream(prepare(snapshot=snapshot, format=format, neutral=neutral))


def stream(exported: Exported) -> Iterator[bytes]:
    """The file's bytes, checked on the way; the last piece is held back until the check is done."""
    digest = hashlib.sha256()
    held = b""
    with exported.path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
            if held:
                yield held
            held = piece
    if digest.hexdigest() != exported.sha256:
        raise Conflict(
            "file_damaged", f"{exported.path.name} is not the file that was frozen. Restore it from a backup."
        )
    if held:
        yield held


def hand_out(*, snapshot: Snapshot, format: str, neutral: str = "good", actor: User) -> Exported:
    """As `prepare`, for a person who downloads it: the audit trail says who took what."""
    exported = prepare(snapshot=snapshot, format=format, neutral=neutral)
    audit.record(
        actor=actor,
        action="dataset.exported",
        project=snapshot.project,
        snapshot=snapshot.pk,
        format=format,
        sha256=exported.sha256,
    )
    return exported


def prepare(*, snapshot: Snapshot, format: str, neutral: str = "good") -> Exported:
    """The finished file of a format, written now if it is the first time. Raises `InvalidInput`."""
    rule = require_known(format=format, neutral=neutral)
    if format == "prm800k":
        return Exported(path=snapshots.file_of(snapshot), rows=snapshot.rows, sha256=snapshot.sha256)
    ending = f"stepwise-{rule}" if format == "stepwise" else format
    path = snapshots.file_of(snapshot).with_suffix(f".{ending}.jsonl")
    facts = path.with_suffix(".json")
    if not facts.exists():
        _write(path, facts, _stepwise(snapshot, rule) if format == "stepwise" else _scored_samples(snapshot))
    return Exported(path=path, **json.loads(facts.read_bytes()))


def summary(*, snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Rows and SHA-256 of each format; of `stepwise` by neutral rule."""
    found: dict[str, dict[str, Any]] = {}
    for format in FORMATS:
        if format == "stepwise":
            found[format] = {rule: _facts(prepare(snapshot=snapshot, format=format, neutral=rule)) for rule in NEUTRALS}
        else:
            found[format] = _facts(prepare(snapshot=snapshot, format=format))
    return found


def _facts(exported: Exported) -> dict[str, Any]:
    return {"rows": exported.rows, "sha256": exported.sha256, "bytes": exported.path.stat().st_size}


def _write(path: Path, facts: Path, lines: Iterable[str]) -> None:
    """Beside, synced, renamed; the facts last, because they say that the file is whole."""
    digest, rows = hashlib.sha256(), 0
    with tempfile.TemporaryDirectory(prefix="exporting-", dir=path.parent) as unfinished:
        data, about = Path(unfinished) / "data", Path(unfinished) / "facts"
        with data.open("wb") as file:
            for line in lines:
                encoded = line.encode("utf-8") + b"\n"
                file.write(encoded)
                digest.update(encoded)
                rows += 1
            snapshots.sync(file)
        with about.open("wb") as file:
            file.write(json.dumps({"rows": rows, "sha256": digest.hexdigest()}).encode())
            snapshots.sync(file)
        os.replace(data, path)
        os.replace(about, facts)
    snapshots.sync_folder(path.parent)


# --- the formats ----------------------------------------------------------------------------------------------------


def _stepwise(snapshot: Snapshot, neutral: Neutral) -> Iterator[str]:
    with snapshots.file_of(snapshot).open("rb") as lines:
        for line in lines:
            if (written := stepwise.write_record(json.loads(line), neutral=neutral)) is not None:
                yield written


def _scored_samples(snapshot: Snapshot) -> Iterator[str]:
    """Each labelled solution of the snapshot that a model had scored when it was frozen, once, with the newest such score."""
    seen: set[int] = set()
    ids = snapshots.annotation_ids(snapshot)
    while chunk := list(islice(ids, CHUNK)):
        found = dict(Annotation.objects.filter(pk__in=chunk, solution__isnull=False).values_list("pk", "solution"))
        wanted = [found[pk] for pk in chunk if pk in found]
        solutions = [pk for pk in dict.fromkeys(wanted) if pk not in seen]
        seen.update(solutions)
        scores = _scores(solutions, snapshot)
        yield from (_scored_sample(scores[pk]) for pk in solutions if pk in scores)


def _scores(solutions: list[int], snapshot: Snapshot) -> dict[int, Score]:
    """Later scores would change the bytes of an older snapshot, so they are left to a newer one."""
    known = Score.objects.filter(solution__in=solutions, created_at__lte=snapshot.created_at).select_related(
        "solution__problem"
    )
    return {score.solution_id: score for score in known.order_by("created_at", "pk")}


def _scored_sample(score: Score) -> str:
    solution = score.solution
    problem = solution.problem
    correct = solution.published_correct if solution.verdict_strict is None else solution.verdict_strict
    line = {
        "problem": problem.text,
        "answer": solution.answer,
        "is_correct": correct,
        "subject": problem.subject,
        "level": problem.level,
        "unique_id": problem.external_id,
        "steps": solution.steps,
        "rating_probs": score.rating_probs,
        "orm_score": score.orm_score,
        "prm_score": score.prm_score,
        "ground_truth_answer": problem.answer,
        "generator": solution.generator,
        "generation": solution.generation,
        "id": solution.external_id,
        "scorer": score.scorer,
    }
    return json.dumps(line, ensure_ascii=False)
