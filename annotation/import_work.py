"""The work items and annotations of an import: wanted labels in one batch named after the file, finished records in another one, closed."""

from collections.abc import Iterator
from typing import Any

from annotation.formats.rows import AnnotationRow, TreeRow
from annotation.import_rows import Known, Landing, Placed
from annotation.models import (
    Annotation,
    Batch,
    BatchState,
    Labeller,
    Protocol,
    Purpose,
    Solution,
    StepRating,
    WorkItem,
    WorkState,
)

FIRST_GENERATION = 0  # of whole solutions whose file names none: null in a record says that it was made step by step
Solutions = dict[tuple[int, str], int]


def insert_items(landing: Landing, rows: list[Placed], problems: dict[str, Known], solutions: Solutions) -> set[int]:
    """One wanted label for each solution of a queue file that nobody was ever asked about. Returns the places in `rows` that added one."""
    wanted: dict[int, tuple[int, Placed]] = {}
    for place, row in enumerate(rows):
        if row.kind == "queue" and row.solution is not None:
            wanted.setdefault(solutions[problems[row.problem_sha256].pk, row.solution_sha256], (place, row))
    for queued in WorkItem.objects.filter(solution__in=wanted).values_list("solution", flat=True).distinct():
        del wanted[queued]
    if wanted:
        batch = _batch(landing, "queue", next(iter(wanted.values()))[1])
        items = [_open_item(landing, batch, problems, pk, row) for pk, (_, row) in wanted.items()]
        landing.counts["queue"] += len(WorkItem.objects.bulk_create(items))
    return {place for place, _ in wanted.values()}


def insert_problem_items(landing: Landing, rows: list[Placed], problems: dict[str, Known]) -> set[int]:
    """One wanted label for each problem of a step tree that nobody was ever asked to solve; none where whole solutions are graded."""
    if landing.job.project.protocol != Protocol.STEP_BY_STEP:
        return set()
    wanted: dict[int, tuple[int, Placed]] = {}
    for place, row in enumerate(rows):
        if row.kind == "queue" and isinstance(row.row, TreeRow):
            wanted.setdefault(problems[row.problem_sha256].pk, (place, row))
    asked = WorkItem.objects.filter(problem__in=wanted, solution__isnull=True)
    for queued in asked.values_list("problem", flat=True).distinct():
        del wanted[queued]
    if wanted:
        batch = _batch(landing, "queue", next(iter(wanted.values()))[1])
        items = [WorkItem(project_id=landing.job.project_id, batch=batch, problem_id=pk) for pk in wanted]
        landing.counts["queue"] += len(WorkItem.objects.bulk_create(items))
    return {place for place, _ in wanted.values()}


def _open_item(landing: Landing, batch: Batch, problems: dict[str, Known], solution: int, row: Placed) -> WorkItem:
    given = row.solution
    generation = given.generation if given else None
    return WorkItem(
        project_id=landing.job.project_id,
        batch=batch,
        problem_id=problems[row.problem_sha256].pk,
        solution_id=solution,
        generation=FIRST_GENERATION if generation is None else generation,
        verifier_score=given.verifier_score if given else None,
    )


def insert_annotations(
    landing: Landing, rows: list[Placed], problems: dict[str, Known], solutions: Solutions
) -> set[int]:
    """Finished records, each with a closed work item of its own, in the order of the file: their ids keep it."""
    finished = [(place, row, row.row) for place, row in enumerate(rows) if isinstance(row.row, AnnotationRow)]
    if not finished:
        return set()
    labellers = _labellers(landing, [record for _, _, record in finished])
    batch = _batch(landing, "annotations", finished[0][1])
    items = WorkItem.objects.bulk_create(
        [_closed_item(landing, batch, problems, solutions, row, record) for _, row, record in finished]
    )
    annotations = Annotation.objects.bulk_create(
        [
            _annotation(landing, item, row, record, labellers[record.labeller])
            for item, (_, row, record) in zip(items, finished, strict=True)
        ]
    )
    StepRating.objects.bulk_create(
        rating
        for annotation, (_, _, record) in zip(annotations, finished, strict=True)
        for rating in _ratings(annotation, record.label)
    )
    landing.counts["annotations"] += len(annotations)
    return {place for place, _, _ in finished}


def _batch(landing: Landing, kind: str, row: Placed) -> Batch:
    """The import's batch of this kind, made at the first need and named after the file of the first row."""
    if kind not in landing.batches:
        name = row.file.replace("\\", "/").rsplit("/", 1)[-1][:200]
        landing.batches[kind] = Batch.objects.create(
            project_id=landing.job.project_id, imported_by=landing.job, name=name
        )
    return landing.batches[kind]


def _labellers(landing: Landing, records: list[AnnotationRow]) -> dict[str, int]:
    """The project's labellers by UUID; those without a row here get one, with no account."""
    new = {record.labeller: record.labeller_name for record in records if record.labeller not in landing.labellers}
    project = landing.job.project_id
    for uuid, pk in Labeller.objects.filter(project=project, uuid__in=new).values_list("uuid", "pk"):
        landing.labellers[str(uuid)] = pk
    made = [
        Labeller(project_id=project, uuid=uuid, name=name[:120])
        for uuid, name in new.items()
        if uuid not in landing.labellers
    ]
    for labeller in Labeller.objects.bulk_create(made):
        landing.labellers[str(labeller.uuid)] = labeller.pk
    return landing.labellers


def _closed_item(
    landing: Landing, batch: Batch, problems: dict[str, Known], solutions: Solutions, row: Placed, record: AnnotationRow
) -> WorkItem:
    problem = problems[row.problem_sha256].pk
    return WorkItem(
        project_id=landing.job.project_id,
        batch=batch,
        problem_id=problem,
        solution_id=solutions[problem, row.solution_sha256] if row.solution else None,
        state=WorkState.CLOSED,
        generation=record.generation,
        verifier_score=row.solution.verifier_score if row.solution else None,
        is_quality_control=record.is_quality_control,
        is_initial_screening=record.is_initial_screening,
    )


def _annotation(landing: Landing, item: WorkItem, row: Placed, record: AnnotationRow, labeller: int) -> Annotation:
    if row.record is None:
        raise TypeError("an annotation is placed with its record")
    question, label, sha256 = row.record
    return Annotation(
        project_id=landing.job.project_id,
        work_item=item,
        solution_id=item.solution_id,
        labeller_id=labeller,
        imported_by=landing.job,
        submitted_at=record.submitted_at,
        total_time=record.label["total_time"],
        finish_reason=record.label["finish_reason"],
        question=question,
        label=label,
        sha256=sha256,
    )


def _ratings(annotation: Annotation, label: dict[str, Any]) -> Iterator[StepRating]:
    for step, given in enumerate(label["steps"]):
        for completion, rated in enumerate(given["completions"] or ()):
            yield StepRating(
                annotation=annotation,
                step=step,
                completion=completion,
                rating=rated["rating"],
                flagged=rated.get("flagged"),
            )


def open_batches(landing: Landing) -> None:
    """Let the queue's batch be handed out, close the finished one; a pool solution that was queued or labelled is no longer a pool's."""
    for kind, batch in landing.batches.items():
        Batch.objects.filter(pk=batch.pk).update(state=BatchState.OPEN if kind == "queue" else BatchState.CLOSED)
        Solution.objects.filter(purpose=Purpose.POOL, work_items__batch=batch).update(purpose=Purpose.LABEL)
