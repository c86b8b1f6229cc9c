"""The demo: what it holds, that it is made once only, and that its desk, its snapshot and its pool are ready."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from activelearning import rounds
from activelearning.demo import LABELLED, POOL_EACH, POOLED, SLUG, Demo, make_demo
from activelearning.domains import arithmetic, handwritten
from annotation import accounts, labelling, queue, snapshots
from annotation.errors import Conflict
from annotation.labelling import Submission
from annotation.models import (
    Annotation,
    AuditEntry,
    Labeller,
    Problem,
    Project,
    Role,
    Solution,
    User,
    Verdict,
    WorkItem,
    WorkState,
)
from tests.activelearning.domains.test_handwritten import label_of

pytestmark = pytest.mark.django_db
HAND_WRITTEN = sum(len(problem.attempts) for problem in handwritten.PROBLEMS)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Demo]:
    """Made once for all tests of this module, and gone after them; each test's own changes are rolled back before."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_demo()
        transaction.set_rollback(True)


def rows() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


def of_role(role: Role) -> User:
    return User.objects.get(memberships__project__slug=SLUG, memberships__role=role)


def test_the_demo_is_one_project_with_labelled_sums_a_pool_and_a_first_batch(demo: Demo) -> None:
    assert set(Project.objects.all()) == {demo.project, demo.steps}
    assert demo.problems == LABELLED + len(handwritten.PROBLEMS) == Problem.objects.filter(project=demo.project).count()
    assert demo.labelled == LABELLED == Annotation.objects.count()
    assert demo.pool == POOLED * POOL_EACH == Solution.objects.pool(demo.project).count()
    waiting = WorkItem.objects.filter(project=demo.project, state=WorkState.OPEN)
    assert demo.queued == HAND_WRITTEN == waiting.count()
    assert "Great" in demo.project.instructions


def test_every_solution_that_has_an_answer_is_graded(demo: Demo) -> None:
    assert not Solution.objects.filter(verdict="").exists()
    hand = Solution.objects.filter(external_id__startswith="hand-")
    wrong = sum(a.answer != problem.answer for problem in handwritten.PROBLEMS for a in problem.attempts)
    assert hand.filter(verdict=Verdict.WRONG).count() == wrong
    assert hand.filter(verdict=Verdict.RIGHT).count() == HAND_WRITTEN - wrong


def test_a_second_call_changes_nothing(demo: Demo) -> None:
    before = rows()
    with pytest.raises(Conflict, match="empty database"):
        make_demo()
    assert rows() == before


def test_the_desk_serves_hand_written_problems_and_tells_nothing_of_gold(
    demo: Demo, signed_in: Callable[[User], Client]
) -> None:
    reply = signed_in(of_role(Role.LABELLER)).post(f"/api/v1/projects/{SLUG}/claims/", {}, "application/json")
    assert reply.status_code == 200
    claims = reply.json()["claims"]
    assert len(claims) == 2
    written = {problem.text for problem in handwritten.PROBLEMS}
    assert {claim["problem"]["text"] for claim in claims} <= written
    assert "gold" not in reply.text
    assert "hand-" not in reply.text


def test_all_problems_come_round_before_one_comes_again(demo: Demo) -> None:
    served = list(WorkItem.objects.filter(project=demo.project, state=WorkState.OPEN).order_by("-priority", "pk"))
    first = served[: len(handwritten.PROBLEMS)]
    assert len({item.problem_id for item in first}) == len(first)
    assert all(a.problem_id != b.problem_id for a, b in pairwise(served))


def test_gold_names_the_first_wrong_step_of_each_hand_written_solution(demo: Demo) -> None:
    stored = {
        (solution.problem.text, tuple(solution.steps)): (solution.gold_first_errors, solution.alternatives)
        for solution in Solution.objects.filter(external_id__startswith="hand-").select_related("problem")
    }
    expected = {
        (problem.text, attempt.steps): (
            [] if attempt.first_error is None else [attempt.first_error],
            {str(step): list(texts) for step, texts in attempt.alternatives.items()},
        )
        for problem in handwritten.PROBLEMS
        for attempt in problem.attempts
    }
    assert stored == expected
    assert not Solution.objects.exclude(external_id__startswith="hand-").filter(gold_first_errors__isnull=False)


def test_a_person_labels_what_the_desk_serves_as_its_author_would(demo: Demo) -> None:
    attempts = {a.steps: a for problem in handwritten.PROBLEMS for a in problem.attempts}
    labeller = accounts.labeller_of(project=demo.project, user=of_role(Role.LABELLER))
    for _ in range(6):
        handout = queue.claim(labeller=labeller)[0]
        solution = handout.work_item.solution
        assert solution is not None
        label = label_of(attempts[tuple(solution.steps)])
        labelling.submit(claim=handout, submission=Submission(client_key=uuid4(), label=label))
    assert Annotation.objects.filter(labeller=labeller).count() == 6


def test_the_snapshot_freezes_and_holds_the_oracles_lines(demo: Demo, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    snapshot = snapshots.freeze(project=demo.project)
    lines = [json.loads(line) for line in snapshots.file_of(snapshot).read_text("utf-8").splitlines()]
    assert len(lines) == snapshot.rows == LABELLED
    assert {line["labeler"] for line in lines} == {str(arithmetic.ORACLE)}
    for line in lines:
        rated = tuple(step["completions"][0]["rating"] for step in line["label"]["steps"])
        question = line["question"]
        assert rated == arithmetic.oracle(question["problem"], question["pre_generated_steps"])


def test_the_oracle_has_a_name_and_no_account(demo: Demo) -> None:
    oracle = Labeller.objects.get(project=demo.project)
    assert (oracle.name, oracle.user) == ("Oracle", None)


def test_the_pool_has_convincing_wrong_answers_to_find_for_most_problems(demo: Demo) -> None:
    pool = Solution.objects.pool(demo.project)
    wrong = pool.filter(verdict=Verdict.WRONG).values("problem").distinct().count()
    right = pool.filter(verdict=Verdict.RIGHT).values("problem").distinct().count()
    assert wrong >= 0.9 * POOLED
    assert right >= 0.8 * POOLED
    # Nobody is shown the same text twice.
    texts = [(problem, tuple(steps)) for problem, steps in pool.values_list("problem", "steps")]
    assert len(set(texts)) == len(texts)


def test_a_round_may_start_at_once(demo: Demo) -> None:
    started = rounds.start_round(project=demo.project, config={}, actor=of_role(Role.RESEARCHER))
    assert started.stages.count() == 8


def test_the_accounts_sign_in_with_passwords_that_stand_nowhere(demo: Demo) -> None:
    assert [account.role for account in demo.accounts] == [Role.ADMIN, Role.RESEARCHER, Role.LABELLER]
    for account in demo.accounts:
        user = of_role(account.role)
        assert user.email == account.email
        assert user.check_password(account.password)
        assert user.is_operator == (account.role == Role.ADMIN)
        assert account.password not in user.password
        assert account.password not in repr(demo)
        assert not any(account.password in str(entry.data) for entry in AuditEntry.objects.all())
    assert len({account.password for account in demo.accounts}) == 3
