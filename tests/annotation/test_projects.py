"""Projects: made, changed, counted; and the first batch drawn from the pool."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotation import first_batch, projects
from annotation.errors import Conflict, InvalidInput
from annotation.models import AuditEntry, Membership, Project, Role, User, WorkItem
from annotation.models.projects import INSTRUCTIONS_MAX
from annotation.projects import Figures
from tests.factories import make_problem, make_queue, make_solution


@pytest.mark.parametrize("slug", ["", "Algebra", "a b", "a--b", "-a", "a_b", "é", "a/b", "x" * 61, "new"])
def test_a_short_name_that_would_not_do_in_an_address_is_refused(db: None, slug: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        projects.create_project(slug=slug, name="Algebra")
    assert [found.field for found in refused.value.errors] == ["slug"]
    assert not Project.objects.exists()


def test_a_short_name_is_given_once(project: Project) -> None:
    with pytest.raises(Conflict) as refused:
        projects.create_project(slug="algebra")
    assert refused.value.code == "slug_taken"


def test_the_maker_of_a_project_is_its_first_admin(labeller: User) -> None:
    made = projects.create_project(slug="geometry", actor=labeller)
    assert Membership.objects.get(project=made).role == Role.ADMIN
    assert AuditEntry.objects.get(action="project.created", project=made).actor == labeller


def test_a_change_is_written_down_and_no_change_is_not(project: Project, admin: User) -> None:
    projects.change_project(project=project, name="Algebra", instructions="", paused=False, actor=admin)
    assert not AuditEntry.objects.filter(action="project.changed").exists()
    projects.change_project(project=project, name="Algebra", instructions="Be kind.\n", paused=True, actor=admin)
    project.refresh_from_db()
    assert (project.instructions, project.paused) == ("Be kind.\n", True)
    assert AuditEntry.objects.get(action="project.changed").data["fields"] == ["instructions", "paused"]


def test_instructions_have_an_end(project: Project) -> None:
    most = "é" * INSTRUCTIONS_MAX
    projects.change_project(project=project, name="Algebra", instructions=most, paused=False)
    with pytest.raises(InvalidInput) as refused:
        projects.change_project(project=project, name="Algebra", instructions=f"{most}.", paused=False)
    assert [found.field for found in refused.value.errors] == ["instructions"]
    project.refresh_from_db()
    assert project.instructions == most


def test_figures_count_what_is_there_and_nothing_of_another_project(project: Project, labeller: User) -> None:
    other = projects.create_project(slug="geometry")
    make_queue(other, solutions=2)
    problem = make_problem(project, text="What is $1 + 1$?")
    make_solution(problem)
    make_queue(project, solutions=3, labels_each=2)
    found = projects.figures(project=project)
    assert found == Figures(problems=4, pool=1, open_items=6, annotations=0, labellers=0, members=1)


FIGURES = {"problems": 0, "pool": 0, "open_items": 0, "annotations": 0, "labellers": 0, "members": 1}


@pytest.mark.parametrize(
    ("role", "paused", "counts", "step"),
    [
        (Role.LABELLER, False, {}, "wait"),
        (Role.LABELLER, False, {"open_items": 3}, "label"),
        (Role.LABELLER, True, {"open_items": 3}, "wait"),
        (Role.REVIEWER, False, {"open_items": 3}, "label"),
        (Role.ADMIN, False, {}, "import"),
        (Role.RESEARCHER, False, {}, "wait"),
        (Role.RESEARCHER, False, {"problems": 9, "pool": 9}, "queue"),
        (Role.ADMIN, False, {"problems": 9, "open_items": 9}, "invite"),
        (Role.ADMIN, False, {"problems": 9, "open_items": 9, "members": 4}, "label"),
        (Role.ADMIN, False, {"problems": 9, "open_items": 4, "annotations": 5, "members": 4}, "freeze"),
        (Role.RESEARCHER, False, {"problems": 9, "pool": 2, "annotations": 5}, "freeze"),
        (Role.ADMIN, True, {"problems": 9}, "resume"),
        (Role.RESEARCHER, True, {"problems": 9}, "wait"),
    ],
)
def test_the_overview_names_one_thing_to_do_next(role: Role, paused: bool, counts: dict[str, int], step: str) -> None:
    assert projects.next_step(found=Figures(**{**FIGURES, **counts}), role=role, paused=paused) == step


def pool_of(project: Project, size: int) -> list[int]:
    problem = make_problem(project)
    return [make_solution(problem, steps=[f"Step {n}."]).pk for n in range(size)]


def test_a_first_batch_is_the_same_for_the_same_seed_and_another_for_another(db: None) -> None:
    drawn = []
    for slug, seed in (("a", 1), ("b", 1), ("c", 2)):
        project = projects.create_project(slug=slug)
        pool = pool_of(project, 40)
        batch = first_batch.queue_from_pool(project=project, count=10, seed=seed)
        drawn.append([pool.index(pk) for pk in batch.work_items.order_by("pk").values_list("solution_id", flat=True)])
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) == 10


def test_a_first_batch_asks_for_as_many_labels_of_each_as_wanted(project: Project) -> None:
    pool_of(project, 5)
    first_batch.queue_from_pool(project=project, count=3, seed=1, labels_each=2)
    assert WorkItem.objects.count() == 6
    assert WorkItem.objects.values("solution").distinct().count() == 3


def test_more_than_the_pool_holds_is_all_of_it_and_then_the_pool_is_empty(project: Project) -> None:
    pool_of(project, 3)
    assert first_batch.queue_from_pool(project=project, count=100, seed=1).work_items.count() == 3
    with pytest.raises(Conflict) as refused:
        first_batch.queue_from_pool(project=project, count=1, seed=1)
    assert refused.value.code == "empty_pool"


def test_create_project_says_what_it_made(db: None) -> None:
    out = StringIO()
    call_command("create_project", "algebra", "--protocol", "whole-solution", "--name", "Algebra", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"project": "algebra", "name": "Algebra", "protocol": "whole-solution"}
    assert Project.objects.get().name == "Algebra"


def test_create_project_refuses_a_bad_name_and_says_why(db: None) -> None:
    with pytest.raises(CommandError, match="slug: Use lower-case letters"):
        call_command("create_project", "Not Good", "--protocol", "whole-solution")
    with pytest.raises(CommandError):
        call_command("create_project", "good", "--protocol", "no-such-thing")
    assert not Project.objects.exists()
