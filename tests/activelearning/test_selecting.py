"""The last two stages: what is written down of a choice, what is queued of it, and what never is."""

from pathlib import Path
from typing import Any

import pytest

from activelearning import known, pool, rounds, selecting
from activelearning.models import Selected
from annotation import queue
from annotation.errors import Conflict
from annotation.jobs import JobLost
from annotation.models import Batch, Project, Score, Solution, Verdict, WorkItem
from annotation.queue import QueueEntry
from tests.activelearning.loop import fill_pool, hold, label_solutions, label_these, reserve, scored_pool

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def chosen() -> list[int]:
    return list(Selected.objects.order_by("rank").values_list("solution", flat=True))


def test_undecided_solutions_and_evaluation_problems_are_never_convincing_wrong(project: Project) -> None:
    solutions = fill_pool(project, problems=4, each=2)
    reserved = reserve(project)
    undecided = solutions[1]
    Solution.objects.filter(pk=undecided.pk).update(verdict=Verdict.UNDECIDED)
    held = hold(project, "select", budget=100, per_problem=None, uniform_share=0.0)
    scored_pool(held, lambda s: s.pk / 1e6)
    Solution.objects.filter(pk=reserved.pk).update(verdict=Verdict.WRONG)
    pool.store(
        [Score(solution=reserved, scorer="scorer", rating_probs=[], prm_score=1.0)], project=project, scorer="scorer"
    )
    selecting.select(held)
    assert chosen() == [s.pk for s in reversed(solutions) if s.answer != s.problem.answer and s != undecided]


def test_a_verdict_that_changes_after_scoring_counts_as_it_is_now(project: Project) -> None:
    solutions = fill_pool(project, problems=1, each=4)
    held = hold(project, "select", budget=100, per_problem=None, uniform_share=0.0)
    scored_pool(held, lambda s: 0.5)
    right, wrong = solutions[0], solutions[1]
    right.verdict, wrong.verdict = Verdict.WRONG, Verdict.UNDECIDED
    pool.store_verdicts([right, wrong])
    selecting.select(held)
    assert set(chosen()) == {right.pk, solutions[3].pk}


def test_selecting_twice_under_one_seed_chooses_the_same(project: Project) -> None:
    fill_pool(project, problems=10, each=4)
    held = hold(project, "select", budget=12, uniform_share=0.5, seed=3)
    scored_pool(held, lambda s: (s.pk * 37 % 101) / 101)
    selecting.select(held)
    first = list(Selected.objects.order_by("rank").values_list("solution", "strategy", "reason"))
    selecting.select(hold(project, "select"))
    assert list(Selected.objects.order_by("rank").values_list("solution", "strategy", "reason")) == first
    assert sum(strategy == "uniform" for _, strategy, _ in first) == 6


def test_shares_are_exact_and_written_down_with_who_chose_what(project: Project) -> None:
    fill_pool(project, problems=20, each=4)
    shares = {"convincing_wrong": 0.6, "uncertainty": 0.2, "uniform": 0.2}
    held = hold(project, "select", budget=20, strategy=shares, uniform_share=0.0)
    scored_pool(held, lambda s: (s.pk * 37 % 101) / 101)
    result = selecting.select(held)
    assert result["shares"] == {"convincing_wrong": 12, "uncertainty": 4, "uniform": 4}
    assert result["summary"] == "20 chosen: 12 convincing wrong, 4 uncertain, 4 by chance."


def test_the_batch_is_the_next_generation_and_goes_before_older_leftovers(project: Project) -> None:
    label_solutions(project, problems=1)
    old = fill_pool(project, problems=1, first=3000)
    queue.enqueue(
        project=project, entries=[QueueEntry(solution_id=old[0].pk, priority=4.5)], name="leftover", generation=6
    )
    fill_pool(project, problems=3, each=2)
    held = hold(project, "select", budget=3, uniform_share=0.0)
    scored_pool(held, lambda s: s.pk / 1e6)
    selecting.select(held)
    holding = hold(project, "queue")
    result = selecting.queue(holding)
    assert (result["items"], result["generation"]) == (3, 7)
    waiting = WorkItem.objects.filter(state="open").order_by("-priority").values_list("batch__name", flat=True)
    assert list(waiting) == ["Round 1", "Round 1", "Round 1", "leftover"]
    holding.round.refresh_from_db()
    assert selecting.queue(hold(project, "queue"))["batch"] == result["batch"]
    assert Batch.objects.filter(name="Round 1").count() == 1


def test_a_round_cancelled_before_its_batch_was_committed_queues_nothing(project: Project) -> None:
    fill_pool(project, problems=2)
    held = hold(project, "select", budget=2)
    scored_pool(held, lambda _: 0.5)
    selecting.select(held)
    holding = hold(project, "queue")
    rounds.cancel_round(round_=holding.round)
    with pytest.raises(JobLost):
        selecting.queue(holding)
    assert not Batch.objects.exists()


def test_known_solutions_are_mixed_in_evenly_and_marked_as_quality_control(project: Project) -> None:
    label_solutions(project, problems=2)
    Solution.objects.filter(pk__in=(golden := _golden(project))).update(gold_first_errors=[1])
    reserved = reserve(project)
    Solution.objects.filter(pk=reserved.pk).update(gold_first_errors=[0])
    fill_pool(project, problems=4, each=2)
    held = hold(project, "select", budget=4, uniform_share=0.0, quality_control=9)
    scored_pool(held, lambda s: s.pk / 1e6)
    selecting.select(held)
    assert Selected.objects.filter(strategy=known.NAME).count() == len(golden)
    selecting.queue(hold(project, "queue"))
    items = list(WorkItem.objects.filter(batch__name="Round 1").order_by("-priority"))
    assert [item.is_quality_control for item in items] == [False, True, False, False, True, False]
    assert {item.solution_id for item in items if item.is_quality_control} == golden


def _golden(project: Project) -> set[int]:
    return set(Solution.objects.to_label(project).order_by("pk").values_list("pk", flat=True)[:2])


def test_solutions_whose_labellers_agree_are_known_too_and_those_on_which_they_part_are_to_be_labelled_again(
    project: Project,
) -> None:
    label_solutions(project, problems=2)
    solutions = list(Solution.objects.to_label(project).order_by("pk"))
    _label_again(project, {solutions[0]: False, solutions[1]: True, solutions[2]: True})
    found = known.chosen(project=project, count=9, seed=1, besides=set())
    assert {one.solution for one in found} == {solutions[0].pk, solutions[1].pk}

    fill_pool(project, problems=2)
    held = hold(project, "select", budget=10, strategy={"relabel": 0.5, "convincing_wrong": 0.5}, uniform_share=0.2)
    scored_pool(held, lambda s: s.pk / 1e6)
    selecting.select(held)
    again = Selected.objects.get(strategy="relabel")
    assert (again.solution_id, again.score) == (solutions[2].pk, None)
    assert not set(chosen()) & {one.pk for one in solutions if one != solutions[2]}
    selecting.queue(hold(project, "queue"))
    assert WorkItem.objects.filter(solution=solutions[2], state="open").count() == 1


def _label_again(project: Project, made: dict[Solution, bool]) -> None:
    label_these(project, {solution.pk: wrong for solution, wrong in made.items()})


def test_what_was_queued_otherwise_meanwhile_is_not_queued_twice(project: Project) -> None:
    solutions = fill_pool(project, problems=1, each=2)
    held = hold(project, "select", budget=5, uniform_share=0.0)
    scored_pool(held, lambda _: 0.5)
    selecting.select(held)
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=s.pk) for s in solutions], name="by hand")
    with pytest.raises(Conflict, match="queued otherwise"):
        selecting.queue(hold(project, "queue"))
