"""Where a thing comes from, link by link: an exported line, a solution or a model back to labels, choices, models, generators and code.

Every link names the row that it stands for, so that pages can lead on from it. For researchers: labellers are named by their UUID alone, as
in exports. Reads only.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.utils.translation import gettext

from activelearning.models import RewardModel, Round, Selected
from annotation import snapshots
from annotation.errors import FieldError, InvalidInput, NotFound
from annotation.models import Annotation, Import, Project, Score, Snapshot, Solution, WorkItem

Link = dict[str, Any]
DEEPEST = 100  # rounds followed back
Row = TypeVar("Row", Annotation, Solution, RewardModel, Snapshot)


def of_annotation(annotation: Annotation) -> list[Link]:
    """The label, how it came to be asked for, and all that its solution comes from."""
    label = {
        "kind": "annotation",
        "id": annotation.pk,
        "sha256": annotation.sha256,
        "labeller": str(annotation.labeller.uuid),
        "submitted_at": annotation.submitted_at,
        "revision": annotation.revision,
        "amends": _amended(annotation),
        "import": _import(annotation.imported_by),
    }
    links: list[Link] = [label, *_asked_for(annotation.work_item)]
    if annotation.solution is not None:
        links += [_made(annotation.solution), *_scores(annotation.solution)]
    chosen = next((link for link in links if link["kind"] == "choice"), None)
    return [*links, *(_rounds_from(Round.objects.get(pk=chosen["round"]), is_told=False) if chosen else [])]


def of_solution(solution: Solution) -> list[Link]:
    """What generated it, who scored and chose it, and the labels that it has."""
    choices = [_choice(row) for row in solution.selections.select_related("round").order_by("round__number")]
    labels = [
        {"kind": "annotation", "id": row.pk, "sha256": row.sha256, "submitted_at": row.submitted_at,
         "labeller": str(row.labeller.uuid), "revision": row.revision, "amends": None, "import": _import(row.imported_by)}
        for row in Annotation.objects.live().filter(solution=solution).select_related("labeller", "imported_by").order_by("pk")
    ]  # fmt: skip
    links = [_made(solution), *_scores(solution), *choices, *labels]
    first = solution.selections.select_related("round").order_by("-round__number").first()
    return [*links, *(_rounds_from(first.round, is_told=False) if first else [])]


def of_model(model: RewardModel) -> list[Link]:
    """The model, the labels that it learnt from, and the rounds before it that chose them."""
    links = [_model(model)]
    if model.round is None:
        return links + ([_snapshot(model.snapshot)] if model.snapshot else [])
    return [*links, *_rounds_from(model.round, is_told=True)]


def annotation_of_line(project: Project, sha256: str) -> Annotation:
    """The live annotation whose exported line has this hash. Raises `NotFound`."""
    rows = Annotation.objects.live().filter(project=project, sha256=sha256)
    return _one(rows.order_by("-pk").first())


def annotation_of_row(snapshot: Snapshot, row: int) -> Annotation:
    """The annotation behind a line of a frozen file, 1 for the first. Raises `NotFound`."""
    for number, key in enumerate(snapshots.annotation_ids(snapshot), start=1):
        if number == row:
            return _one(Annotation.objects.filter(pk=key, project=snapshot.project_id).first())
    raise NotFound


def _one(found: Row | None) -> Row:
    if found is None:
        raise NotFound
    return found


def asked_for(project: Project, given: Mapping[str, str]) -> list[Link]:
    """The lineage of what a request names: `annotation`, `solution` or `model` (ids), `line` (the SHA-256 of an exported line without its
    end), or `snapshot` and `row` (of its file, from 1). Raises `NotFound`, and `InvalidInput` for a request that names none."""
    if "annotation" in given:
        rows = Annotation.objects.landed().filter(project=project, pk=_number(given, "annotation"))
        return of_annotation(_one(rows.first()))
    if "solution" in given:
        return of_solution(
            _one(Solution.objects.landed().filter(project=project, pk=_number(given, "solution")).first())
        )
    if "model" in given:
        return of_model(_one(RewardModel.objects.filter(project=project, pk=_number(given, "model")).first()))
    if "line" in given:
        return of_annotation(annotation_of_line(project, given["line"].strip().lower()))
    if "snapshot" in given and "row" in given:
        frozen = _one(Snapshot.objects.filter(project=project, pk=_number(given, "snapshot")).first())
        return of_annotation(annotation_of_row(frozen, _number(given, "row")))
    message = gettext("Name one of annotation, solution, model, line, or snapshot and row.")
    raise InvalidInput(message, errors=[FieldError("line", message)])


def _number(given: Mapping[str, str], name: str) -> int:
    text = given[name].strip()
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotFound
    return int(text)


# --- links ----------------------------------------------------------------------------------------------------------


def _amended(annotation: Annotation) -> int | None:
    """The record that this one corrects."""
    before = Annotation.objects.filter(work_item=annotation.work_item_id, revision=annotation.revision - 1)
    return before.values_list("pk", flat=True).first()


def _asked_for(item: WorkItem) -> list[Link]:
    """The work item and its batch; with the choice where a round queued it."""
    links: list[Link] = [
        {
            "kind": "work_item",
            "id": item.pk,
            "generation": item.generation,
            "verifier_score": item.verifier_score,
            "is_quality_control": item.is_quality_control,
            "is_initial_screening": item.is_initial_screening,
        },
        {
            "kind": "batch",
            "id": item.batch_id,
            "name": item.batch.name,
            "created_at": item.batch.created_at,
            "import": _import(item.batch.imported_by),
        },
    ]
    choice = Selected.objects.filter(round__batch=item.batch_id, solution=item.solution_id).select_related("round")
    return [*links, *(_choice(row) for row in choice)]


def _choice(row: Selected) -> Link:
    return {
        "kind": "choice",
        "round": row.round_id,
        "number": row.round.number,
        "rank": row.rank,
        "score": row.score,
        "strategy": row.strategy,
        "reason": row.reason,
    }


def _made(solution: Solution) -> Link:
    return {
        "kind": "solution",
        "id": solution.pk,
        "sha256": solution.content_sha256,
        "generator": solution.generator,
        "generation": solution.generation,
        "created_at": solution.created_at,
        "import": _import(solution.imported_by),
    }


def _scores(solution: Solution) -> list[Link]:
    rows = Score.objects.filter(solution=solution).order_by("pk")
    models = dict(RewardModel.objects.filter(name__in=[row.scorer for row in rows]).values_list("name", "pk"))
    return [
        {"kind": "score", "scorer": row.scorer, "model": models.get(row.scorer), "prm_score": row.prm_score,
         "orm_score": row.orm_score}
        for row in rows
    ]  # fmt: skip


def _import(found: Import | None) -> Link | None:
    if found is None:
        return None
    return {"id": found.pk, "file_name": found.file_name, "sha256": found.sha256, "created_at": found.created_at}


def _model(model: RewardModel) -> Link:
    training = model.training
    return {
        "kind": "model",
        "id": model.pk,
        "name": model.name,
        "sha256": model.sha256,
        "base": training.get("base"),
        "base_sha256": training.get("base_sha256"),
        "code": training.get("code"),
        "data": training.get("data"),
        "seed": training.get("seed"),
        "created_at": model.created_at,
    }


def _round(found: Round) -> Link:
    return {
        "kind": "round",
        "id": found.pk,
        "number": found.number,
        "code": found.code,
        "started_at": found.created_at,
        "before": found.before_id,
        "config": found.config,
    }


def _snapshot(found: Snapshot) -> Link:
    return {
        "kind": "snapshot",
        "id": found.pk,
        "sha256": found.sha256,
        "rows": found.rows,
        "created_at": found.created_at,
        "counts": {name: value for name, value in found.lineage.items() if isinstance(value, dict)},
    }


def _rounds_from(start: Round, *, is_told: bool) -> list[Link]:
    """A round, its model (unless that `is_told`) and what it learnt from; then the rounds before it, which chose some of those labels."""
    rows = Round.objects.filter(project=start.project_id, number__lte=start.number)
    rows = rows.select_related("snapshot", "reward_model").order_by("-number")
    links: list[Link] = []
    for found in rows[:DEEPEST]:
        links.append(_round(found))
        model: RewardModel | None = getattr(found, "reward_model", None)
        if model is not None and not (is_told and found.pk == start.pk):
            links.append(_model(model))
        if found.snapshot is not None:
            links.append(_snapshot(found.snapshot))
    return links
