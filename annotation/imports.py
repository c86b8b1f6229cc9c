"""Imports: files become rows, whole or not at all.

The whole input is checked first; then its rows go in, chunk by chunk, under an import that nothing else sees; then one short transaction
makes it count. An import that died left rows that never counted: they are removed before the next one starts, and by the reaper. One
import runs at a time in a project (a constraint), because two could each build on a row that the other throws away.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.functions import Now

from annotation import audit, import_sources, import_work, jobs, uploads
from annotation import import_rows as rows
from annotation.errors import DomainError, FieldError
from annotation.formats.rows import Refusal
from annotation.grading import Grader
from annotation.import_cleanup import bring_back_dead, remove_rows_of, remove_rows_of_failed
from annotation.import_rows import Landing, Placed
from annotation.import_sources import SourceFile
from annotation.models import Import, JobState, Project, User

CHUNK_ROWS = 1000
CHUNK_CHARACTERS = 8_000_000
REFUSALS_KEPT = 100
WAIT_SECONDS = 0.5
REPORT_SECONDS = 2.0
COUNTED = ("problems", "solutions", "annotations", "queue", "pool", "evaluation", "scores", "step_trees", "duplicates")

Report = Callable[[dict[str, Any]], None]


class ImportRefused(DomainError):
    """The files hold lines that cannot be imported, so nothing was. `refused` lists the first hundred, `count` is how many there are."""

    code = "import_refused"

    def __init__(self, refused: list[dict[str, Any]], count: int) -> None:
        self.refused = refused[:REFUSALS_KEPT]
        self.count = count
        errors = [
            FieldError(f"{line['file']}:{line['line']}: {line['field']}", line["reason"]) for line in self.refused
        ]
        lines = "line was" if count == 1 else "lines were"
        super().__init__(f"{count:,} {lines} refused, so nothing was imported.", errors=errors, refused_count=count)


def import_files(
    *,
    project: Project,
    paths: Sequence[Path | str],
    format: str = import_sources.AUTO,
    kind: str | None = None,
    actor: User | None = None,
    progress: Report | None = None,
) -> Import:
    """Import files (`-` is standard input, gzip is unpacked) as one, in this process; returns the finished import with its counts.

    `kind` is annotations, queue, pool or evaluation; None takes each format's own. Waits while another import runs in the project.
    `progress` is told `{"stage": "wait"|"check"|"insert", "rows": n, "total": n|None}`. Raises `InvalidInput` for a file that cannot be
    read or a format that does not fit, `ImportRefused` for bad lines; then, as after any other failure, nothing was imported.
    """
    report = progress or _silent
    with import_sources.kept_still(paths) as found:
        files = import_sources.recognise(found, format=format, kind=kind)
        import_sources.require_protocol(files, project)
        job = _begin(project, files, actor, report)
        try:
            _carry_out(job, files, report)
        except BaseException as error:
            _fail(job, error)
            raise
    job.refresh_from_db()
    return job


def _silent(told: dict[str, Any]) -> None:
    """Nobody asked."""


def _begin(project: Project, files: list[SourceFile], actor: User | None, report: Report) -> Import:
    """The import's row, running: made here at once, so that no worker takes what only this process can read."""
    while True:
        bring_back_dead()
        try:
            with transaction.atomic():
                job = Import.objects.create(
                    project=project,
                    created_by=actor,
                    file_name=", ".join(Path(file.name).name for file in files)[:255],
                    state=JobState.RUNNING,
                    attempt=1,
                    heartbeat_at=Now(),
                    started_at=Now(),
                    worker=jobs.this_process(),
                    **_described(files),
                )
            return Import.objects.get(pk=job.pk)
        except IntegrityError:
            if not Import.objects.filter(project=project, state=JobState.RUNNING).exists():
                raise
            report({"stage": "wait", "rows": 0, "total": None})
            time.sleep(WAIT_SECONDS)


def _described(files: list[SourceFile]) -> dict[str, str]:
    formats, kinds = {file.format for file in files}, {file.kind for file in files}
    return {
        "format": formats.pop() if len(formats) == 1 else "mixed",
        "kind": kinds.pop() if len(kinds) == 1 else "mixed",
        "sha256": import_sources.digest_of(files),
    }


def _fail(job: Import, error: BaseException) -> None:
    """Write down why, and take out what got in. What cannot be done now (the database is away) the reaper does later."""
    refused: dict[str, Any] = {}
    reason = error.message if isinstance(error, DomainError) else f"It was broken off ({type(error).__name__})."
    if isinstance(error, ImportRefused):
        refused = {"refused": error.refused, "refused_count": error.count}
    if jobs.fail(job, error=reason, **refused):
        remove_rows_of([job.pk])


# --- carrying one out -----------------------------------------------------------------------------------------------


def _carry_out(job: Import, files: list[SourceFile], report: Report) -> None:
    """Check all, insert all, make it count. Whatever it raises, nothing of it counts."""
    with (
        jobs.heartbeat(job),
        tempfile.TemporaryFile("w+", encoding="utf-8", dir=settings.FILE_UPLOAD_TEMP_DIR) as later,
        Grader() as grader,
    ):
        remove_rows_of(
            Import.objects.filter(project=job.project_id).exclude(state=JobState.DONE).values_list("pk", flat=True)
        )
        total = _check(job, files, report)
        landing = Landing(job=job, grader=grader, later=later)
        done = 0
        for chunk in _chunks(files):
            done += len(chunk)
            told = {"stage": "insert", "rows": done, "total": total}
            _land(landing, chunk, progress=told)
            report(told)
        if landing.refused:
            raise ImportRefused(landing.refused, len(landing.refused))
        for file in files:
            import_sources.require_unchanged(file)
        _make_it_count(landing, total)


def _check(job: Import, files: list[SourceFile], report: Report) -> int:
    """How many rows the files hold. Raises `ImportRefused` where one line or more cannot be read."""
    refused: list[dict[str, Any]] = []
    count = good = 0
    told_at = time.monotonic()
    for file in files:
        good_before, count_before = good, count
        for item in import_sources.read(file):
            if isinstance(item, Refusal):
                count += 1
                if len(refused) < REFUSALS_KEPT:
                    refused.append({"file": file.name, "line": item.line, "field": item.field, "reason": item.reason})
            else:
                good += 1
            if time.monotonic() - told_at > REPORT_SECONDS:
                told_at = time.monotonic()
                told = {"stage": "check", "rows": good + count, "total": None}
                jobs.beat(job, progress=told)
                report(told)
        if (good, count) == (good_before, count_before):
            count += 1
            refused.append({"file": file.name, "line": 1, "field": "file", "reason": "holds no rows"})
    if count:
        raise ImportRefused(refused, count)
    return good


def _chunks(files: list[SourceFile]) -> Iterator[list[Placed]]:
    """The rows of all files in order, so many at a time that memory stays small whatever their size."""
    chunk: list[Placed] = []
    weight = 0
    for file in files:
        for item in import_sources.read(file):
            if isinstance(item, Refusal):  # it passed the check, so it is another file by now
                raise ImportRefused(
                    [{"file": file.name, "line": item.line, "field": item.field, "reason": item.reason}], 1
                )
            placed = rows.place(file=file.name, kind=file.kind, line=item[0], row=item[1])
            chunk.append(placed)
            weight += placed.weight
            if len(chunk) == CHUNK_ROWS or weight >= CHUNK_CHARACTERS:
                yield chunk
                chunk, weight = [], 0
    if chunk:
        yield chunk


def _land(landing: Landing, chunk: list[Placed], *, progress: dict[str, Any]) -> None:
    """Insert what is new of a chunk. Rows that do not fit what is here are refused, and from then on nothing is inserted any more.

    Raises `JobLost` where another worker has this import by now: then the chunk is not in.
    """
    new = rows.new_records(landing, chunk)
    problems = rows.known_problems(landing.job, new)
    new = rows.fitting(landing, new, problems)
    if landing.refused:
        return
    solutions = rows.known_solutions(new, problems)
    grades = rows.grades(landing, new, problems, solutions)  # may take seconds, so before the transaction
    with transaction.atomic():
        jobs.beat(landing.job, progress=progress)  # the fence: it holds the import's row until this chunk is in
        added = rows.insert_problems(landing, new, problems)
        fresh = rows.insert_solutions(landing, new, problems, solutions, grades)
        added |= fresh | rows.insert_scores(landing, new, problems, solutions, fresh=fresh)
        added |= rows.insert_trees(landing, new, problems)
        added |= import_work.insert_items(landing, new, problems, solutions)
        added |= import_work.insert_problem_items(landing, new, problems)
        added |= import_work.insert_annotations(landing, new, problems, solutions)
    landing.counts["duplicates"] += len(chunk) - len(added)


def _make_it_count(landing: Landing, total: int) -> None:
    """The one transaction that readers notice."""
    job = landing.job
    with transaction.atomic():
        jobs.beat(job)
        landing.counts["scores"] += rows.take_effect(landing)
        import_work.open_batches(landing)
        counts = {name: landing.counts[name] for name in COUNTED} | {"rows": total}
        jobs.finish(job, counts=counts, progress={"stage": "done", "rows": total, "total": total})
        _record(job, counts)


def _record(job: Import, counts: dict[str, int]) -> None:
    facts = {"dataset_import": job.pk, "file": job.file_name, "sha256": job.sha256, "counts": counts}
    audit.record(actor=job.created_by, action="dataset.imported", project=job.project, **facts)


# --- uploads and their worker ---------------------------------------------------------------------------------------


def run_import(*, pk: int) -> None:
    """Carry out an upload's import, if it waits and none runs in its project; otherwise the reaper's next round asks again.

    Bad files end it as failed, with the refused lines on its row. A full disk or a lost database brings it back for another attempt.
    """
    job = _take(pk)
    if job is None:
        return
    try:
        source = (job.file_name, uploads.path_of(job))
        files = import_sources.recognise([source], format=job.format, kind=job.kind or None)
        import_sources.require_protocol(files, job.project)
        job = _describe(job, files)
        _carry_out(job, files, _silent)
    except jobs.JobLost:
        return
    except DomainError as refused:
        _fail(job, refused)
    except (OSError, DatabaseError) as error:
        jobs.give_up_attempt(job, error=f"The attempt broke off ({type(error).__name__}).")
        raise
    uploads.discard(job)


def _take(pk: int) -> Import | None:
    try:
        with transaction.atomic():
            return jobs.take(kind=Import, pk=pk, worker=jobs.this_process())
    except IntegrityError:  # another import runs in the project
        return None


def _describe(job: Import, files: list[SourceFile]) -> Import:
    """The row with what the files turned out to be."""
    jobs.mine(job).update(**_described(files))
    job.refresh_from_db()
    return job


def reap() -> list[int]:
    """Put right what died, and return the imports that wait for a worker."""
    bring_back_dead()
    remove_rows_of_failed()
    uploads.sweep()
    return list(jobs.due(kind=Import).exclude(path="").order_by("pk").values_list("pk", flat=True))


def recent(*, project: Project, limit: int = 50) -> list[Import]:
    """The project's imports, newest first."""
    return list(project.imports.select_related("created_by").order_by("-pk")[:limit])
