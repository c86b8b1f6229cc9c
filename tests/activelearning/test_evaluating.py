"""Measured, compared, promoted: what the stage leaves in rows, with a scorer whose words are made up."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from activelearning import (
    child,
    control,
    evaluating,
    outcome,
    pipeline,
    promotion,
    rounds,
    sampled,
    trainer,
    verdict_words,
    warm_start,
)
from activelearning.attempt import Attempt
from activelearning.evaluation.compare import compare_steps
from activelearning.evaluation.steps import evaluate_steps
from activelearning.models import ModelKind, RewardModel, Round, RoundState, Selected, Stage
from activelearning.round_config import RoundConfig
from annotation import jobs, queue
from annotation.errors import Conflict, InvalidInput
from annotation.models import AuditEntry, JobState, Project, Score, Split, User
from annotation.queue import QueueEntry
from tests.activelearning.loop import fill_pool, label_solutions, label_these, problem_of, solution_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture(autouse=True)
def scorer(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[str], float]]:
    """P(good) of a step's text by model folder: the made up word of a model that never was trained."""
    words: dict[str, Callable[[str], float]] = {}

    def score(module: str, arguments: list[str], *, log: Path, tick: Callable[[], None]) -> None:
        given = dict(zip(arguments[::2], arguments[1::2], strict=True))
        good = words[Path(given["--model"]).parent.name]
        lines = []
        for line in Path(given["--input"]).read_text().splitlines():
            record, product, probs = json.loads(line), 1.0, []
            for step in record["steps"]:
                probs.append({"-1": 1 - good(step), "0": 0.0, "1": good(step)})
                product *= good(step)
            lines.append(json.dumps({**record, "rating_probs": probs, "prm_score": product}) + "\n")
        Path(given["--output"]).write_text("".join(lines))

    monkeypatch.setattr(child, "run", score)
    # A tenth of the draws: what is tested here is which rows are drawn from, not how fine the percentiles are.
    for measured in (evaluate_steps, compare_steps):
        monkeypatch.setitem(measured.__kwdefaults__, "resamples", 100)
    monkeypatch.setattr(sampled, "RESAMPLES", 100)
    return words


def knows(step: str) -> float:
    """Wrong steps begin with this word."""
    return 0.1 if step.startswith("Plainly") else 0.9


def guesses(step: str) -> float:
    return 0.6


def is_fooled(step: str) -> float:
    return 0.9 if step.startswith("Plainly") else 0.4


def attempt_at(found: Round, name: str) -> Attempt:
    Stage.objects.filter(round=found, name=name).update(state=JobState.PENDING)
    stage = jobs.take(kind=Stage, pk=found.stages.get(name=name).pk, worker="test")
    assert stage is not None
    return Attempt(stage)


def evaluated(project: Project, words: dict[str, Any], good: Callable[[str], float], **config: Any) -> Round:
    """A round up to the end of its measurement, by a model that says this of steps; over."""
    found = rounds.start_round(project=project, config={"hold_out": 0.4, **config})
    frozen = pipeline.freeze(attempt_at(found, "freeze"))
    Stage.objects.filter(round=found, name="freeze").update(result=frozen)
    held = attempt_at(found, "evaluate")
    words[str(found.number)] = good
    folder = held.folder / "model"
    folder.mkdir()
    manifest = json.dumps({"files": {}}).encode()
    (folder / "training.json").write_bytes(manifest)
    (folder / "README.md").write_text("# A model\n\n## Score a solution\n")
    RewardModel.objects.create(
        project=project,
        round=held.round,
        kind=ModelKind.PRM,
        name=f"model-{found.number}",
        path=f"rounds/{project.slug}/{found.number}/model",
        sha256=hashlib.sha256(manifest).hexdigest(),
    )
    evaluating.evaluate(held)
    Round.objects.filter(pk=found.pk).update(state=RoundState.DONE)
    return Round.objects.get(pk=found.pk)


def rule_of(found: Round) -> str:
    return str(found.outcome["findings"][0]["rule"])


def test_a_first_round_is_measured_on_held_out_problems_and_its_model_becomes_current(
    project: Project, scorer: Any
) -> None:
    label_solutions(project, problems=14)
    found = evaluated(project, scorer, knows)
    assert rule_of(found) == "first_round"
    assert found.outcome["step"]["on"] == found.outcome["best_of_n"]["on"] == "held_out"
    assert found.outcome["step"]["step_auc"] == 1.0
    assert found.outcome["best_of_n"]["prm"]["mean"] == [0.5, 1.0]
    assert found.outcome["labels"]["right"] == found.outcome["labels"]["solutions"] / 2
    assert found.outcome["control"] == {"why_not": "off"}
    assert found.reward_model.is_current
    assert "| step AUC | 1.0000" in (evaluating.folder_of(found) / "model" / "README.md").read_text()


def test_the_evaluation_set_comes_before_held_out_problems_and_its_gold_counts(project: Project, scorer: Any) -> None:
    label_solutions(project, problems=10)
    for number in (5000, 5001):
        problem = problem_of(project, number, split=Split.EVALUATE)
        for wrong in (False, True):
            gold = [1] if wrong else []
            solution_of(problem, number, wrong=wrong, purpose="evaluation", gold_first_errors=gold)
    project.problems.filter(text="What is $4 + 3$?").update(split=Split.EVALUATE)
    found = evaluated(project, scorer, knows)
    assert found.outcome["step"]["on"] == found.outcome["best_of_n"]["on"] == "evaluation"
    assert (found.outcome["step"]["problems"], found.outcome["step"]["solutions"]) == (3, 6)
    assert found.outcome["best_of_n"]["problems"] == 3
    assert Score.objects.filter(scorer="model-1").count() == 6


@pytest.mark.parametrize(
    ("good", "said", "promoted"),
    [(knows, "helped", (True, "no_worse")), (is_fooled, "hurt", (False, "worse"))],
)
def test_a_better_model_replaces_the_current_one_and_a_worse_one_does_not(
    project: Project, scorer: Any, good: Any, said: str, promoted: tuple[bool, str]
) -> None:
    label_solutions(project, problems=10)
    first = evaluated(project, scorer, guesses)
    second = evaluated(project, scorer, good, promote="better")
    assert rule_of(second) == said
    assert second.before == first.reward_model
    assert second.outcome["against"]["left_out"] == 0
    ours = second.outcome["promotion"]
    assert (ours["promoted"], ours["reason"]) == promoted
    current = RewardModel.objects.get(is_current=True)
    assert current == (second if promoted[0] else first).reward_model
    last = AuditEntry.objects.filter(action="model.promoted").last()
    assert last is not None
    assert last.data["model"] == current.pk
    evaluating.evaluate(attempt_at(second, "evaluate"))
    assert Round.objects.get(pk=second.pk).outcome == second.outcome


def test_what_the_earlier_model_learnt_from_is_left_out_of_the_comparison(project: Project, scorer: Any) -> None:
    label_solutions(project, problems=14)
    evaluated(project, scorer, guesses, seed=1)
    second = evaluated(project, scorer, knows, seed=2)
    assert second.outcome["against"]["left_out"] > 0
    assert (
        second.outcome["against"]["step"] is None
        or second.outcome["against"]["step"]["solutions"] < second.outcome["step"]["solutions"]
    )


def test_a_model_that_cannot_be_compared_says_why(project: Project, scorer: Any) -> None:
    label_solutions(project, problems=14)
    first = evaluated(project, scorer, guesses)
    (evaluating.folder_of(first) / "model" / "training.json").write_text("{}")
    second = evaluated(project, scorer, knows, promote="better")
    assert second.outcome["against"]["why_not"] == "files_gone"
    assert (rule_of(second), second.outcome["promotion"]["reason"]) == ("not_compared", "not_compared")
    assert not second.reward_model.is_current


def test_never_is_never_and_a_model_is_promoted_by_hand(project: Project, scorer: Any, researcher: User) -> None:
    label_solutions(project, problems=14)
    found = evaluated(project, scorer, knows, promote="never")
    model = found.reward_model
    assert not model.is_current
    promotion.promote(model=model, actor=researcher)
    model.refresh_from_db()
    assert model.is_current
    with pytest.raises(Conflict, match="already"):
        promotion.promote(model=model, actor=researcher)
    entry = AuditEntry.objects.get(action="model.promoted")
    assert (entry.actor, entry.data["by"]) == (researcher, "hand")


def test_a_model_whose_word_is_no_number_is_never_promoted(project: Project, scorer: Any) -> None:
    label_solutions(project, problems=14)
    with pytest.raises(Conflict, match="no number"):
        evaluated(project, scorer, lambda _: float("nan"))
    model = RewardModel.objects.get()
    assert not model.is_current
    with pytest.raises(Conflict, match="was not measured"):
        promotion.promote(model=model, actor=None)


def test_a_model_that_nothing_is_held_out_for_is_asked_all_the_same(project: Project, scorer: Any) -> None:
    problem = problem_of(project, 1)
    label_these(project, {solution_of(problem, 1, wrong=bool(n % 2)).pk: bool(n % 2) for n in range(12)})
    with pytest.raises(Conflict, match="no number"):
        evaluated(project, scorer, lambda _: float("nan"), hold_out=0.1)
    rounds.cancel_round(round_=Round.objects.get())
    found = evaluated(project, scorer, knows, hold_out=0.1)
    assert (rule_of(found), found.reward_model.is_current) == ("not_measured", True)


def test_figures_that_are_no_numbers_are_refused_by_hand_too(project: Project) -> None:
    assert promotion.figures_are_finite({"a": [None, 1.0, {"b": "x"}]})
    assert not promotion.figures_are_finite({"a": [{"b": float("nan")}]})
    model = RewardModel(project=project, name="broken", metrics={"step_auc": float("inf")})
    with pytest.raises(Conflict, match="broken"):
        promotion.promote(model=model, actor=None)


def test_what_became_of_chosen_items_is_told_apart_by_who_chose_them(project: Project, scorer: Any) -> None:
    label_solutions(project, problems=14)
    first = evaluated(project, scorer, knows)
    pooled = fill_pool(project, problems=3, each=2)
    Selected.objects.bulk_create(
        Selected(
            round=first, solution=row, rank=rank, score=0.8, strategy="uniform" if rank < 3 else "mixed", reason=""
        )
        for rank, row in enumerate(pooled, start=1)
    )
    batch = queue.enqueue(
        project=project,
        entries=[QueueEntry(solution_id=row.pk, verifier_score=0.8) for row in pooled],
        name="Round 1",
        generation=1,
    )
    Round.objects.filter(pk=first.pk).update(batch=batch)
    label_these(project, {row.pk: bool(n % 2) for n, row in enumerate(pooled)})
    second = evaluated(project, scorer, knows)
    (chosen,) = second.outcome["chosen"]
    assert (chosen["round"], chosen["by_strategy"]["labelled"], chosen["by_strategy"]["right"]) == (1, 4, 2)
    assert (chosen["by_chance"]["labelled"], chosen["by_chance"]["mean_score"]) == (2, pytest.approx(0.8))
    found = outcome.of_chosen(Round.objects.get(pk=first.pk))
    assert (found["chosen"], found["problems"], found["answers"], found["near_identical"]) == (6, 3, 6, 0)


def test_only_problems_with_two_gradable_solutions_are_sampled(project: Project) -> None:
    config = RoundConfig(hold_out=0.5)
    fill_pool(project, problems=20, each=1)
    assert sampled.of_project(project, config).problems == {}
    made = fill_pool(project, problems=20, each=3, first=2000)
    found = sampled.of_project(project, config)
    assert found.on == "held_out"
    assert 1 <= len(found.problems) < 20
    assert all(len(rows) == 3 for rows in found.problems.values())
    assert {row.pk for row in found.solutions} < {row.pk for row in made}
    assert {sampled.is_correct(row) for row in found.solutions} == {True, False}


# --- the control ----------------------------------------------------------------------------------------------------


@pytest.fixture
def trainer_too(monkeypatch: pytest.MonkeyPatch, scorer: Any) -> dict[str, list[str]]:
    """Trainings that leave a manifest and no weights; the lines of each by its folder's name."""
    score, learnt = child.run, {}

    def run(module: str, arguments: list[str], *, log: Path, tick: Callable[[], None]) -> None:
        given = dict(zip(arguments[::2], arguments[1::2], strict=True))
        if module != trainer.MODULE:
            return score(module, arguments, log=log, tick=tick)
        output = Path(given["--output"])
        output.mkdir()
        (output / "training.json").write_text("{}")
        learnt[output.name] = Path(given["--data"]).read_text().splitlines()
        scorer[output.parent.name] = guesses
        return None

    monkeypatch.setattr(child, "run", run)
    return learnt


def chosen_by_a_strategy(project: Project, first: Round, *, count: int) -> None:
    made = fill_pool(project, problems=count, each=1)
    rows = [
        Selected(round=first, solution=row, rank=rank, score=0.8, strategy="mixed", reason="")
        for rank, row in enumerate(made, start=1)
    ]
    Selected.objects.bulk_create(rows)
    batch = queue.enqueue(
        project=project, entries=[QueueEntry(solution_id=row.pk) for row in made], name="Round 1", generation=1
    )
    Round.objects.filter(pk=first.pk).update(batch=batch)
    label_these(project, {row.pk: False for row in made})


def test_the_control_learns_from_chance_alone_beside_as_many_of_all_labels(
    project: Project, scorer: Any, trainer_too: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "LEAST_LABELS", 10)
    label_solutions(project, problems=12)
    first = evaluated(project, scorer, guesses)
    chosen_by_a_strategy(project, first, count=8)
    second = evaluated(project, scorer, knows, uniform_control=True)
    found = second.outcome["control"]
    assert "why_not" not in found
    assert len(trainer_too["control.uniform"]) == len(trainer_too["control.mixed"]) == found["by_chance"]
    assert found["labels"] > found["by_chance"] >= 10
    chosen = {row.problem.text for row in project.solutions.filter(selections__isnull=False)}
    uniform, mixed = (
        {json.loads(line)["question"]["problem"] for line in trainer_too[f"control.{arm}"]} for arm in control.ARMS
    )
    assert not uniform & chosen
    assert mixed & chosen
    assert found["difference"]["step_auc"]["difference"] == 0


@pytest.mark.parametrize(("least", "why"), [(1000, "too_few"), (10, "nearly_all_by_chance")])
def test_a_control_that_would_say_nothing_is_not_trained_and_why_is_said(
    project: Project, scorer: Any, monkeypatch: pytest.MonkeyPatch, least: int, why: str
) -> None:
    monkeypatch.setattr(control, "LEAST_LABELS", least)
    label_solutions(project, problems=12)
    found = evaluated(project, scorer, knows, uniform_control=True).outcome["control"]
    assert found["why_not"] == why
    for language in ("en", "de"):
        with translation.override(language):
            assert str(found["labels"]) in verdict_words.control_told(found)


# --- warm starts ----------------------------------------------------------------------------------------------------


def test_a_warm_start_begins_from_the_current_model_with_the_settings_of_its_base(
    project: Project, scorer: Any
) -> None:
    label_solutions(project, problems=12)
    first = evaluated(project, scorer, guesses, training={"epochs": 3})
    second = rounds.start_round(
        project=project, config={"hold_out": 0.4, "start_from": "current", "training": {"epochs": 3}}
    )
    held = attempt_at(second, "train")
    origin = warm_start.origin(held)
    assert origin == first.reward_model
    start = trainer.warm(held, origin)
    assert start.base.endswith("rounds/algebra/1/model")
    assert (start.settings["epochs"], start.settings["min_tokens"]) == (3, 600_000)
    (Path(start.base) / "training.json").write_text("{}")
    with pytest.raises(Conflict, match="not those that were trained"):
        warm_start.origin(held)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"training": {"labels": 2}}, "another labels"),
        ({"training": {"neutral": "bad"}}, "another neutral"),
        ({"seed": 2}, "another seed"),
        ({"hold_out": 0.5}, "fewer problems held out"),
    ],
)
def test_a_warm_start_from_what_does_not_fit_is_refused_by_its_reason(
    project: Project, scorer: Any, config: dict[str, Any], said: str
) -> None:
    label_solutions(project, problems=12)
    given = {"hold_out": 0.4, "start_from": "current"}
    with pytest.raises(InvalidInput) as refused:
        rounds.start_round(project=project, config=given)
    assert "no current model" in refused.value.errors[0].message
    evaluated(project, scorer, guesses)
    with pytest.raises(InvalidInput) as refused:
        rounds.start_round(project=project, config={**given, **config})
    assert refused.value.errors[0].field == "start_from"
    assert said in refused.value.errors[0].message
