"""A round that starts by itself: when it is due, when it is not, and that a wrong setting is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from activelearning import automatic, pipeline, rounds, tasks
from activelearning.models import Loop, Round, RoundState
from annotation.errors import InvalidInput
from annotation.models import AuditEntry, Project
from tests.activelearning.loop import label_one_more, label_solutions
from tests.activelearning.test_evaluating import attempt_at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def after_a_round(project: Project) -> Callable[..., Round]:
    """`after_a_round(state)`: a project whose last round froze its labels and ended so; a round follows after two new labels."""

    def make(state: str = RoundState.DONE) -> Round:
        label_solutions(project, problems=8)
        found = rounds.start_round(project=project, config={"budget": 33})
        pipeline.freeze(attempt_at(found, "freeze"))
        Round.objects.filter(pk=found.pk).update(state=state)
        automatic.set_after(project=project, after=2, actor=None)
        return found

    return make


def test_it_starts_when_enough_new_labels_are_in_as_the_last_one_was_configured(
    project: Project, after_a_round: Any
) -> None:
    after_a_round()
    label_one_more(project, number=500)
    assert automatic.start_due() == []
    assert automatic.standing(project).as_dict() == {"auto_round_after": 2, "new_labels": 1, "waits_for": "labels"}
    label_one_more(project, number=501)
    tasks.reap()
    found = Round.objects.get(number=2)
    assert (found.state, found.config["budget"], found.created_by) == (RoundState.RUNNING, 33, None)
    assert AuditEntry.objects.filter(action="round.started").latest("pk").data == {"round": 2, "automatically": True}
    assert [automatic.was_started(round_) for round_ in Round.objects.order_by("number")] == [False, True]
    assert automatic.start_due() == []
    assert automatic.standing(project).waits_for == "the_running_round"


@pytest.mark.parametrize("state", [RoundState.FAILED, RoundState.CANCELLED])
def test_after_a_round_that_did_not_end_well_somebody_looks_first(
    project: Project, after_a_round: Any, state: str
) -> None:
    after_a_round(state)
    for number in (500, 501):
        label_one_more(project, number=number)
    assert automatic.start_due() == []
    assert automatic.standing(project).waits_for == "somebody"


def test_without_a_first_round_or_without_the_setting_nothing_starts(project: Project) -> None:
    label_solutions(project, problems=8)
    automatic.set_after(project=project, after=1, actor=None)
    assert automatic.start_due() == []
    assert automatic.standing(project).waits_for == "a_first_round"
    automatic.set_after(project=project, after=None, actor=None)
    assert Loop.objects.get().auto_round_after is None
    assert automatic.start_due() == []


def test_of_two_clocks_one_starts_it(project: Project, after_a_round: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    after_a_round()
    for number in (500, 501):
        label_one_more(project, number=number)
    seen = automatic.standing(project)
    assert len(automatic.start_due()) == 1
    monkeypatch.setattr(automatic, "standing", lambda _: seen)  # what the second clock saw before the first one started
    assert automatic.start_due() == []
    assert Round.objects.count() == 2


@pytest.mark.parametrize("after", [0, -1, 1.5, True, "10", automatic.MOST + 1])
def test_what_is_no_number_of_labels_is_refused(project: Project, after: object) -> None:
    with pytest.raises(InvalidInput):
        automatic.set_after(project=project, after=after, actor=None)
    assert not Loop.objects.exists()
