"""The live supplier: asked once, in a worker's job; whatever it does the labeller has an open turn within the time set."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import TestCase

from annotation import jobs, labelling, queue, step_by_step, step_supply, tasks
from annotation.errors import Conflict, InvalidInput
from annotation.labelling import Submission
from annotation.models import Handout, JobState, Labeller, Project, Role, StepSupply, Turn, User, WorkItem
from tests.annotation import suppliers
from tests.annotation.conversations import (
    END,
    TREE,
    UNFINISHED,
    answer,
    conversation,
    join,
    label,
    make_project,
    marks,
    node,
    queue_problem,
    step,
)

pytestmark = pytest.mark.django_db
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def supplier(settings: LazySettings) -> Callable[[str], None]:
    def name(function: str) -> None:
        settings.STEP_SUPPLIER = f"tests.annotation.suppliers.{function}"

    name("good")
    suppliers.calls.clear()
    return name


@pytest.fixture
def steps(db: None) -> Project:
    return make_project()


@pytest.fixture
def ada(steps: Project, member: Callable[..., User]) -> Labeller:
    return join(steps, member(Role.LABELLER, name="ada", in_project=steps))


@pytest.fixture
def claim(steps: Project, ada: Labeller) -> Handout:
    """A problem without a tree: its first turn waits for the supplier."""
    queue_problem(steps)
    (handout,) = queue.claim(labeller=ada)
    return handout


def last(claim: Handout) -> Turn:
    return conversation(claim)[-1]


def work() -> None:
    """What a worker does with the messages that were sent."""
    for pk in jobs.due(kind=StepSupply).values_list("pk", flat=True):
        step_supply.run(pk=pk)


def test_a_turn_is_made_by_a_worker_and_opens_when_it_is_there(claim: Handout) -> None:
    assert (last(claim).state, last(claim).alternatives, suppliers.calls) == ("making", [], [])
    work()
    turn = last(claim)
    assert (turn.state, turn.alternatives, turn.failed) == ("open", ["One.", "Two."], False)
    assert sorted(turn.order) == [0, 1]
    supply = StepSupply.objects.get()
    assert supply.state == JobState.DONE
    problem = claim.work_item.problem.text
    assert suppliers.calls == [{"problem": problem, "steps": (), "count": step_supply.COUNT, "seed": supply.pk}]


def test_it_is_told_the_steps_so_far_the_labellers_own_among_them(claim: Handout) -> None:
    work()
    answer(claim, 0, -1, -1, written="Mine.")
    work()
    assert last(claim).alternatives == ["One after 1.", "Two after 1."]
    assert suppliers.calls[-1]["steps"] == ("Mine.",)


def test_a_tree_is_followed_first_and_the_supplier_goes_on_where_it_ends(steps: Project, ada: Labeller) -> None:
    queue_problem(steps, [node("We add."), node("So.", node(END))])
    (claim,) = queue.claim(labeller=ada)
    assert (last(claim).state, StepSupply.objects.count()) == ("open", 0)
    answer(claim, 0, -1, 1)
    assert StepSupply.objects.count() == 0
    answer(claim, 0, 1, -1)
    work()
    assert last(claim).alternatives == ["One after 1.", "Two after 1."]


def test_a_careless_supplier_is_tidied_up(claim: Handout, supplier: Callable[[str], None]) -> None:
    supplier("careless")
    work()
    assert last(claim).alternatives == ["One.", "a", "b", "c", "d"]
    assert len(last(claim).alternatives) == step_supply.COUNT


@pytest.mark.parametrize("kind", ["empty", "of_nothing", "no_list", "broken", "hanging", "not_there"])
def test_one_that_brings_nothing_ends_in_a_turn_that_the_labeller_writes(
    claim: Handout, supplier: Callable[[str], None], kind: str
) -> None:
    supplier(kind)
    work()
    turn = last(claim)
    assert (turn.state, turn.alternatives, turn.order, turn.failed) == ("open", [], [], True)
    supply = StepSupply.objects.get()
    assert supply.state == JobState.FAILED
    assert supply.error
    assert "model is away" not in supply.error
    supplier("good")
    assert [found.state for found in answer(claim, 0, written="Mine.")] == ["answered", "making"]


def test_one_that_keeps_a_labeller_waiting_is_overtaken_by_the_clock(claim: Handout) -> None:
    """No worker, a hanging one, a dead one: the labeller sees an open turn at once, the rows follow."""
    StepSupply.objects.update(requested_at=LONG_AGO)
    assert last(claim).overdue  # type: ignore[attr-defined]  # the query's annotation
    assert [turn.state for turn in answer(claim, 0, written="Mine.")] == ["answered", "making"]
    first, second = StepSupply.objects.order_by("pk")
    assert (first.state, first.error, second.state) == (JobState.FAILED, step_supply.TOO_LATE, JobState.PENDING)


def test_a_label_may_end_an_overdue_turn_but_none_that_is_still_being_made(claim: Handout) -> None:
    written = label([step([], [], None, END)])
    submission = Submission(client_key=UUID(int=1), label=written)
    with pytest.raises(InvalidInput) as refused:
        labelling.submit(claim=claim, submission=submission)
    assert refused.value.errors[0].field == "label.steps[0]"
    StepSupply.objects.update(requested_at=LONG_AGO)
    assert labelling.submit(claim=claim, submission=submission).annotation


def test_what_is_still_being_made_can_be_given_up(claim: Handout) -> None:
    submission = Submission(client_key=UUID(int=1), label=label([UNFINISHED], "give_up"), reason="No patience.")
    assert labelling.submit(claim=claim, submission=submission).annotation
    work()
    assert StepSupply.objects.get().state == JobState.CANCELLED
    assert suppliers.calls == []


def test_what_is_still_being_made_cannot_be_answered(claim: Handout) -> None:
    with pytest.raises(Conflict) as refused:
        answer(claim, 0, written="Mine.")
    assert refused.value.code == "still_making"


def test_the_reaper_ends_what_is_overdue_and_finds_what_nobody_was_told_of(claim: Handout) -> None:
    assert step_supply.reap() == [StepSupply.objects.get().pk]
    StepSupply.objects.update(requested_at=LONG_AGO)
    assert step_supply.reap() == []
    assert (last(claim).state, last(claim).failed) == ("open", True)


def test_a_worker_that_died_is_followed_by_another(claim: Handout) -> None:
    StepSupply.objects.update(
        state=JobState.RUNNING, attempt=1, heartbeat_at=Now(), worker=jobs.this_process().rsplit("/", 2)[0] + "/999999999/1"
    )  # fmt: skip
    (pk,) = step_supply.reap()
    step_supply.run(pk=pk)
    assert last(claim).alternatives == ["One.", "Two."]


def test_one_whose_workers_all_died_opens_the_turn(claim: Handout, settings: LazySettings) -> None:
    StepSupply.objects.update(
        state=JobState.RUNNING, attempt=settings.JOB_MAX_ATTEMPTS, heartbeat_at=LONG_AGO, worker="another machine"
    )
    assert step_supply.reap() == []
    assert (last(claim).state, last(claim).failed) == ("open", True)


def test_a_worker_that_comes_back_too_late_changes_nothing(claim: Handout, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(**asked: Any) -> list[str]:
        StepSupply.objects.update(requested_at=LONG_AGO)
        step_supply.reap()
        answer(claim, 0, written="Mine.")
        return ["Too late."]

    monkeypatch.setattr(suppliers, "good", late)
    (pk,) = jobs.due(kind=StepSupply).values_list("pk", flat=True)
    step_supply.run(pk=pk)
    first = conversation(claim)[0]
    assert (first.alternatives, first.failed, first.written) == ([], True, {"text": "Mine.", "flagged": False})


def test_nobody_asks_for_a_conversation_that_is_over(claim: Handout) -> None:
    queue.release(handout=claim)
    work()
    assert (StepSupply.objects.get().state, suppliers.calls) == (JobState.CANCELLED, [])


def test_a_second_message_asks_nobody_a_second_time(claim: Handout) -> None:
    pk = StepSupply.objects.get().pk
    tasks.supply_steps(pk)
    tasks.supply_steps(pk)
    tasks.supply_steps(pk + 1)
    assert len(suppliers.calls) == 1


# --- prepared ahead -------------------------------------------------------------------------------------------------


def test_what_was_guessed_rightly_is_there_at_once(claim: Handout) -> None:
    work()
    step_by_step.prepare(claim=claim, turn=0, chosen=1)
    step_by_step.prepare(claim=claim, turn=0, chosen=1)
    work()
    assert [call["steps"] for call in suppliers.calls] == [(), ("Two.",)]
    turns = answer(claim, 0, -1, 1)
    assert (turns[1].state, turns[1].alternatives) == ("open", ["One after 1.", "Two after 1."])
    assert len(suppliers.calls) == 2


def test_a_guess_that_is_still_being_made_is_waited_for_and_asked_for_once(claim: Handout) -> None:
    work()
    step_by_step.prepare(claim=claim, turn=0, chosen=0)
    assert answer(claim, 0, 1, -1)[1].state == "making"
    work()
    assert (last(claim).state, len(suppliers.calls)) == ("open", 2)


def test_a_wrong_guess_and_one_of_another_turn_do_nothing(claim: Handout) -> None:
    work()
    before = StepSupply.objects.count()
    for turn, chosen in ((0, 2), (1, 0), (7, 0)):
        step_by_step.prepare(claim=claim, turn=turn, chosen=chosen)
    answer(claim, 0, 1, -1)
    step_by_step.prepare(claim=claim, turn=0, chosen=1)
    step_by_step.prepare(claim=claim, turn=1, chosen=0)
    queue.release(handout=claim)
    assert StepSupply.objects.count() == before + 1


def test_nothing_is_prepared_behind_an_answer_in_a_tree_or_without_a_supplier(
    steps: Project, ada: Labeller, settings: LazySettings
) -> None:
    queue_problem(steps, [*TREE[:1], node(END), node("We draw.")])
    (claim,) = queue.claim(labeller=ada)
    step_by_step.prepare(claim=claim, turn=0, chosen=0)
    step_by_step.prepare(claim=claim, turn=0, chosen=1)
    settings.STEP_SUPPLIER = ""
    step_by_step.prepare(claim=claim, turn=0, chosen=2)
    assert not StepSupply.objects.exists()


def test_guesses_are_few(claim: Handout, supplier: Callable[[str], None]) -> None:
    supplier("careless")
    work()
    for chosen in range(5):
        step_by_step.prepare(claim=claim, turn=0, chosen=chosen)
    assert jobs.due(kind=StepSupply).count() == step_by_step.PREPARED_A_TURN


def test_one_that_failed_is_asked_again_when_the_labeller_comes_back_to_it(
    claim: Handout, supplier: Callable[[str], None]
) -> None:
    work()
    supplier("broken")
    answer(claim, 0, 1, -1)
    work()
    assert last(claim).failed
    answer(claim, 0, -1, 1)
    supplier("good")
    assert answer(claim, 0, 1, -1)[1].state == "making"
    work()
    assert (last(claim).failed, last(claim).alternatives) == (False, ["One after 1.", "Two after 1."])


def test_a_turn_that_waits_holds_no_ratings(claim: Handout) -> None:
    assert WorkItem.objects.get().state == "open"
    with pytest.raises(IntegrityError), transaction.atomic():
        Turn.objects.update(ratings=marks(1))


def test_where_the_scorer_makes_the_steps_no_worker_is_told_and_none_takes_them(
    steps: Project, ada: Labeller, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STEP_SUPPLIER = step_supply.SCORER
    told: list[Any] = []
    monkeypatch.setattr(step_supply.current_app, "send_task", lambda *message: told.append(message))
    with TestCase.captureOnCommitCallbacks(execute=True):
        queue_problem(steps)
        (claim,) = queue.claim(labeller=ada)
    work()
    assert (last(claim).state, suppliers.calls, told, step_supply.reap()) == ("making", [], [], [])
    assert step_supply.run_next(make=suppliers.good)
    assert (last(claim).state, last(claim).alternatives) == ("open", ["One.", "Two."])
    assert not step_supply.run_next(make=suppliers.good)
    settings.STEP_SUPPLIER = "tests.annotation.suppliers.good"
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer(claim, 0, 1, -1)
    assert len(told) == 1


def test_a_scorer_whose_model_fails_opens_the_turn_too(steps: Project, ada: Labeller, settings: LazySettings) -> None:
    settings.STEP_SUPPLIER = step_supply.SCORER
    queue_problem(steps)
    (claim,) = queue.claim(labeller=ada)
    assert step_supply.run_next(make=suppliers.broken)
    assert (last(claim).state, last(claim).failed) == ("open", True)
