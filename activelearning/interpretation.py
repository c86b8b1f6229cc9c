"""A solution as a model and as its labellers see it, and the solutions on which the two part most. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, F, FloatField, Func, Max, Min, OuterRef, Prefetch, QuerySet

from activelearning.evaluation.parting import parts_at, predicted_error
from activelearning.evaluation.steps import THRESHOLD, first_error
from activelearning.models import RewardModel, Selected
from activelearning.rewardmodel.reductions import NEUTRAL_RULES, Probabilities, step_scores
from annotation.models import Annotation, FinishReason, Labeller, Score, Solution, StepRating

OWN_STEP = 0  # the completion that is the solution's own step; further ones are alternatives
Counted = dict[int | None, int]


def neutral_rule(model: RewardModel | None) -> str:
    """What rating 0 counts as for this model, by its own manifest; good where nothing is recorded."""
    recorded = model.training.get("neutral") if model else None
    return recorded if recorded in NEUTRAL_RULES else "good"


# --- one solution ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Label:
    """A live annotation with its ratings of the solution's own steps, from the first on, and where it parts from the model (0-based)."""

    annotation: Annotation
    labeller: Labeller
    number: int  # the labeller's among those of this solution, from 1, by who came first
    ratings: tuple[int | None, ...]
    parts_at: int | None

    @property
    def first_error(self) -> int | None:
        return first_error(self.ratings)

    @property
    def is_finished(self) -> bool:
        """Whether it says of the whole solution what it thinks of it: gave up and bad problem do not."""
        return self.first_error is not None or self.annotation.finish_reason == FinishReason.SOLUTION


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A solution with one scorer's word (none: `score` is None) and all labels. Steps are 0-based."""

    solution: Solution
    scores: tuple[Score, ...]  # of all scorers, the newest first
    score: Score | None
    models: dict[str, RewardModel]  # those of the project's by the names of the scorers
    selected: tuple[Selected, ...]
    labels: tuple[Label, ...]

    @property
    def model(self) -> RewardModel | None:
        return self.models.get(self.score.scorer) if self.score else None

    @cached_property
    def probabilities(self) -> tuple[Probabilities, ...]:
        return _probabilities(self.score)

    @cached_property
    def good(self) -> tuple[float, ...]:
        return _good(self.score, self.model)

    @property
    def predicted_error(self) -> int | None:
        return predicted_error(self.good)

    @property
    def partings(self) -> list[int]:
        """The steps on which the model and some labeller part."""
        return sorted({label.parts_at for label in self.labels if label.parts_at is not None})

    @property
    def said(self) -> Counted:
        """How many labellers name which step as the first wrong one, None for no step; who did not finish says neither."""
        named = {(label.first_error, label.number) for label in self.labels if label.is_finished}
        return _counted([step for step, _ in named])

    @property
    def unfinished(self) -> int:
        """How many labellers did not finish."""
        return len({label.number for label in self.labels if not label.is_finished})


def read(*, solution: Solution, scorer: str | None = None) -> Reading:
    """The solution by this scorer; where that did not score it, or none is named, by the project's current model, else by the newest
    scorer that says something of steps."""
    scores = tuple(Score.objects.filter(solution=solution).order_by("-pk"))
    names = [score.scorer for score in scores]
    models = {
        model.name: model
        for model in RewardModel.objects.filter(project=solution.project_id, name__in=names).select_related("round")
    }
    score = _chosen(scores, models, scorer)
    return Reading(
        solution=solution,
        scores=scores,
        score=score,
        models=models,
        selected=tuple(Selected.objects.filter(solution=solution).select_related("round").order_by("-round__number")),
        labels=_labels(solution, _good(score, models.get(score.scorer)) if score else ()),
    )


def _chosen(scores: Sequence[Score], models: dict[str, RewardModel], scorer: str | None) -> Score | None:
    ranked = [
        *(score for score in scores if score.scorer == scorer),
        *(score for score in scores if score.scorer in models and models[score.scorer].is_current),
        *(score for score in scores if score.rating_probs),
        *scores,
    ]
    return next(iter(ranked), None)


def _probabilities(score: Score | None) -> tuple[Probabilities, ...]:
    return tuple((step["-1"], step["0"], step["1"]) for step in score.rating_probs) if score else ()


def _good(score: Score | None, model: RewardModel | None) -> tuple[float, ...]:
    return tuple(step_scores(_probabilities(score), neutral=neutral_rule(model)))


def _labels(solution: Solution, good: tuple[float, ...]) -> tuple[Label, ...]:
    own = Prefetch("ratings", StepRating.objects.filter(completion=OWN_STEP).order_by("step"))
    found = Annotation.objects.live().filter(solution=solution).select_related("labeller__user").prefetch_related(own)
    numbers: dict[int, int] = {}
    labels = []
    for annotation in found.order_by("pk"):
        ratings = from_the_first_on(annotation.ratings.all())
        labels.append(
            Label(
                annotation=annotation,
                labeller=annotation.labeller,
                number=numbers.setdefault(annotation.labeller_id, len(numbers) + 1),
                ratings=ratings,
                parts_at=parts_at(good, ratings),
            )
        )
    return tuple(labels)


def from_the_first_on(rows: "QuerySet[StepRating]") -> tuple[int | None, ...]:
    """One entry a step up to the last rated one, None where a record leaves a step out."""
    by_step = {row.step: row.rating for row in rows}
    return tuple(by_step.get(step) for step in range(max(by_step, default=-1) + 1))


def _counted(steps: Sequence[int | None]) -> Counted:
    order = sorted(set(steps), key=lambda step: (-steps.count(step), step is None, step or 0))
    return {step: steps.count(step) for step in order}


# --- one model ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Parting:
    """A solution on which a model and labellers part: at which step (0-based), by how sure a P(good), and how many labels say otherwise."""

    solution: Solution
    step: int
    good: float
    labels: int


class _Chance(Func):
    """P(rating) of a step: `_Chance(step probabilities, step, rating="1")`. The step is a column, which Django's own paths cannot be."""

    output_field = FloatField()
    arity = 2

    def __init__(self, probabilities: str, step: str, *, rating: str) -> None:
        super().__init__(F(probabilities), F(step), rating=rating)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        text = "(%(expressions)s ->> '%(rating)s')::double precision"
        return self.as_sql(compiler, connection, template=text, arg_joiner=" -> ", **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        text = """json_extract(%(expressions)s || ']."%(rating)s"')"""
        return self.as_sql(compiler, connection, template=text, arg_joiner=", '$[' || ", **extra)


def missed(*, model: RewardModel, most: int) -> list[Parting]:
    """Solutions whose first wrong step by a label the model calls good, the surest first."""
    earlier = StepRating.objects.filter(
        annotation=OuterRef("annotation"), completion=OWN_STEP, rating=-1, step__lt=OuterRef("step")
    )
    wrong = _judged(model).filter(rating=-1).exclude(Exists(earlier))
    found = wrong.values("annotation__solution", "step").annotate(good=Max(_good_in(model)), labels=Count("annotation"))
    ranked = found.filter(good__gte=THRESHOLD).order_by("-good", "annotation__solution", "step")
    first: dict[int, Any] = {}
    for row in ranked[: 2 * most]:  # labellers may name different steps of one solution
        first.setdefault(row["annotation__solution"], row)
    rows = list(first.values())[:most]
    solutions = _solutions([row["annotation__solution"] for row in rows])
    return [
        Parting(
            solution=solutions[row["annotation__solution"]], step=row["step"], good=row["good"], labels=row["labels"]
        )
        for row in rows
    ]


def blamed(*, model: RewardModel, most: int) -> list[Parting]:
    """Solutions that a label finds right to the end and of which the model calls a step wrong, the surest first; that step of each."""
    wrong = StepRating.objects.filter(annotation=OuterRef("annotation"), completion=OWN_STEP, rating=-1)
    # The score is a product of chances: where one of them is low, it is low. Most solutions need no further look.
    right = _judged(model, annotation__solution__scores__prm_score__lt=THRESHOLD, rating__gte=0)
    right = right.filter(annotation__finish_reason=FinishReason.SOLUTION).exclude(Exists(wrong))
    found = right.values("annotation__solution").annotate(
        good=Min(_good_in(model)), labels=Count("annotation", distinct=True)
    )
    rows = list(found.filter(good__lt=THRESHOLD).order_by("good", "annotation__solution")[:most])
    solutions = _solutions([row["annotation__solution"] for row in rows])
    scores = Score.objects.filter(scorer=model.name, solution__in=solutions)
    steps = {score.solution_id: _good(score, model) for score in scores}
    return [
        Parting(
            solution=solutions[key], step=steps[key].index(min(steps[key])), good=min(steps[key]), labels=row["labels"]
        )
        for row in rows
        if (key := row["annotation__solution"]) in steps
    ]


def has_judged(model: RewardModel) -> bool:
    """Whether any step is both scored by it and rated by somebody: else model and labellers cannot part."""
    return _judged(model).exists()


def _judged(model: RewardModel, **more: Any) -> "QuerySet[StepRating]":
    """Ratings that live labels give to the own steps of solutions which this model scored. All that is asked of the score stands in one
    filter, so that it is asked of one row."""
    live = Annotation.objects.live().filter(project=model.project_id, solution__isnull=False)
    scored = {"annotation__solution__scores__scorer": model.name}
    return StepRating.objects.filter(completion=OWN_STEP, annotation__in=live, **scored, **more)


def _good_in(model: RewardModel) -> Any:
    """P(good) of a rating's step by the model's neutral rule, in the database. A step that was not scored has none."""
    column = "annotation__solution__scores__rating_probs"
    good = _Chance(column, "step", rating="1")
    return good + _Chance(column, "step", rating="0") if neutral_rule(model) == "good" else good


def _solutions(ids: Sequence[int]) -> dict[int, Solution]:
    """With their problems. A label that counts is of a solution that counts."""
    return Solution.objects.select_related("problem").in_bulk(ids)
