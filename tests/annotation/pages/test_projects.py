"""Pages of projects: each role finds its one next thing, and a labeller finds nothing of the others."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation import accounts, projects, queue
from annotation.models import Membership, Project, Role, User, WorkItem
from tests.factories import make_problem, make_queue, make_solution

SignedIn = Callable[[User], Client]


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_a_stranger_is_asked_to_sign_in_and_comes_back(db: None) -> None:
    answer = Client().get("/projects/algebra/queue/?page=2")
    assert answer.headers["Location"] == "/accounts/login/?next=/projects/algebra/queue/%3Fpage%3D2"


def test_home_lists_my_projects_with_one_thing_to_do(labeller: User, project: Project, signed_in: SignedIn) -> None:
    projects.create_project(slug="secret", name="Secret")
    page = text(signed_in(labeller), "/")
    assert "Algebra" in page
    assert "Secret" not in page
    assert page.count('class="button primary"') == 1
    assert "/projects/algebra/label/" in page


def test_home_asks_the_database_the_same_however_many_projects_there_are(
    labeller: User, project: Project, signed_in: SignedIn
) -> None:
    client = signed_in(labeller)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text(client, "/")
        return len(captured)

    before = queries()
    for n in range(5):
        more = projects.create_project(slug=f"more-{n}")
        Membership.objects.create(user=labeller, project=more, role=Role.LABELLER)
    assert queries() == before


def test_an_admin_without_a_second_factor_is_advised_and_a_labeller_is_not(
    admin: User, labeller: User, signed_in: SignedIn
) -> None:
    assert "second factor" in text(signed_in(admin), "/")
    assert "second factor" not in text(signed_in(labeller), "/")


def test_an_operator_creates_a_project_and_is_its_admin(db: None, signed_in: SignedIn) -> None:
    operator, _ = accounts.create_account(email="root@example.org", is_operator=True)
    client = signed_in(operator)
    assert "Make the first project" in text(client, "/")
    answer = client.post("/projects/new/", {"name": "Algebra", "slug": "algebra", "instructions": " Be kind. \r\n"})
    assert answer.headers["Location"] == "/projects/algebra/"
    made = Project.objects.get()
    assert (made.name, made.instructions) == ("Algebra", " Be kind. \r\n")
    assert Membership.objects.get().role == Role.ADMIN
    assert "Import a dataset" in text(client, "/projects/algebra/")


def test_a_refused_project_keeps_what_was_typed_and_says_why(project: Project, signed_in: SignedIn) -> None:
    operator, _ = accounts.create_account(email="root@example.org", is_operator=True)
    client = signed_in(operator)
    bad = client.post("/projects/new/", {"name": "Other", "slug": "Not Good"})
    assert bad.status_code == 400
    assert "Use lower-case letters" in bad.content.decode()
    assert 'value="Other"' in bad.content.decode()
    taken = client.post("/projects/new/", {"name": "Other", "slug": "algebra"})
    assert "There is a project algebra already." in taken.content.decode()


def test_nobody_but_an_operator_creates_projects(admin: User, signed_in: SignedIn) -> None:
    client = signed_in(admin)
    assert client.post("/projects/new/", {"name": "Mine", "slug": "mine"}).status_code == 403
    assert Project.objects.count() == 1


def test_the_overview_shows_a_labeller_their_own_day_and_no_counts(
    labeller: User, project: Project, signed_in: SignedIn
) -> None:
    make_queue(project, solutions=7)
    page = text(signed_in(labeller), "/projects/algebra/")
    assert "There is work on the desk for you." in page
    assert "Labelled today" in page
    for hidden in ("What is here", "Labels given", "Labels wanted", "Labellers so far", ">7<"):
        assert hidden not in page


def test_the_overview_shows_a_researcher_what_is_here(researcher: User, project: Project, signed_in: SignedIn) -> None:
    make_queue(project, solutions=7)
    assert "<dd>7</dd>" in text(signed_in(researcher), "/projects/algebra/")


@pytest.mark.parametrize(
    ("role", "tabs"),
    [
        (Role.LABELLER, ["Overview", "Label"]),
        (Role.REVIEWER, ["Overview", "Label"]),
        (Role.RESEARCHER, ["Overview", "Label", "Queue"]),
        (Role.ADMIN, ["Overview", "Label", "Queue", "People", "Settings"]),
    ],
)
def test_the_tabs_are_those_that_the_role_may_open(
    role: Role, tabs: list[str], member: Callable[..., User], project: Project, signed_in: SignedIn
) -> None:
    client = signed_in(member(role))
    page = text(client, "/projects/algebra/")
    navigation = page.split('aria-label="Project"')[1].split("</nav>")[0]
    for word in ("Overview", "Label", "Queue", "People", "Settings"):
        assert (f">{word}</a>" in navigation) == (word in tabs)
    for link in [part.split('"')[0] for part in navigation.split('href="')[1:]]:
        assert client.get(link).status_code == 200


def test_settings_are_changed_and_a_pause_stops_new_work(
    admin: User, labeller: User, project: Project, signed_in: SignedIn
) -> None:
    make_queue(project)
    client = signed_in(admin)
    body = {"name": "Algebra I", "instructions": "Grade $x$.", "paused": "on", "slug": "stolen"}
    assert client.post("/projects/algebra/settings/", body).status_code == 302
    project.refresh_from_db()
    assert (project.slug, project.name, project.instructions, project.paused) == (
        "algebra",
        "Algebra I",
        "Grade $x$.",
        True,
    )
    refused = signed_in(labeller).post("/api/v1/projects/algebra/claims/")
    assert (refused.status_code, refused.json()["code"]) == (409, "paused")
    assert "The project is paused" in text(signed_in(labeller), "/projects/algebra/")


def test_the_queue_page_draws_a_first_batch_from_the_pool(
    researcher: User, project: Project, signed_in: SignedIn
) -> None:
    problem = make_problem(project)
    for n in range(5):
        make_solution(problem, steps=[f"Step {n}."])
    client = signed_in(researcher)
    assert "Queue a first batch" in text(client, "/projects/algebra/queue/")
    body = {"count": 3, "labels_each": 2, "seed": 7, "name": "Pilot"}
    assert client.post("/projects/algebra/queue/", body).status_code == 302
    assert WorkItem.objects.count() == 6
    page = text(client, "/projects/algebra/queue/")
    assert "Pilot" in page
    assert "2 solutions in the pool can still be queued" in page


def test_the_queue_page_says_what_is_missing_when_the_pool_is_empty(researcher: User, signed_in: SignedIn) -> None:
    client = signed_in(researcher)
    assert "Nothing to queue yet" in text(client, "/projects/algebra/queue/")
    refused = client.post("/projects/algebra/queue/", {"count": 3, "labels_each": 1, "seed": 7})
    assert refused.status_code == 400
    assert WorkItem.objects.count() == 0


def test_the_queue_page_asks_the_database_the_same_however_many_batches_there_are(
    researcher: User, project: Project, signed_in: SignedIn
) -> None:
    client = signed_in(researcher)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text(client, "/projects/algebra/queue/")
        return len(captured)

    problem = make_problem(project)
    pool = [make_solution(problem, steps=[f"Step {n}."]) for n in range(6)]
    queue.enqueue(project=project, entries=[queue.QueueEntry(solution_id=pool[0].pk)], name="first")
    before = queries()
    for solution in pool[1:]:
        queue.enqueue(project=project, entries=[queue.QueueEntry(solution_id=solution.pk)], name="more")
    assert queries() == before


HOSTILE = "<script>alert(1)</script>\"'&{{ 7|add:7 }}"


def test_hostile_names_and_instructions_are_shown_as_text(admin: User, project: Project, signed_in: SignedIn) -> None:
    client = signed_in(admin)
    User.objects.filter(pk=admin.pk).update(name=HOSTILE)
    client.post("/projects/algebra/settings/", {"name": HOSTILE, "instructions": HOSTILE})
    for path in ("/", "/projects/algebra/", "/projects/algebra/people/", "/projects/algebra/settings/", "/account/"):
        page = text(client, path)
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page


def test_every_page_sends_a_policy_without_inline_script_and_is_kept_by_no_cache(
    admin: User, signed_in: SignedIn
) -> None:
    client = signed_in(admin)
    for path in (
        "/",
        "/projects/algebra/",
        "/projects/algebra/people/",
        "/account/tokens/",
        "/accounts/2fa/",
        "/nowhere/",
    ):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe-inline" not in policy.replace("style-src-attr 'unsafe-inline'", "")
        assert "no-store" in answer.headers["Cache-Control"] or "no-cache" in answer.headers["Cache-Control"]
        page = answer.content.decode()
        assert "<style" not in page
        assert " onclick" not in page
        assert "<script>" not in page


def test_a_step_by_step_project_is_made_on_the_page_and_its_queue_draws_problems(db: None, signed_in: SignedIn) -> None:
    operator, _ = accounts.create_account(email="root@example.org", is_operator=True)
    client = signed_in(operator)
    client.post("/projects/new/", {"name": "Steps", "slug": "steps", "protocol": "step-by-step"})
    project = Project.objects.get(slug="steps", protocol="step-by-step")
    for number in range(3):
        make_problem(project, text=f"p{number}")
    assert "3 problems can still be queued" in client.get("/projects/steps/queue/").text
    answer = client.post("/projects/steps/queue/", {"count": 2, "labels_each": 2, "seed": 1})
    assert answer.status_code == 302
    assert WorkItem.objects.filter(project=project, solution=None, generation=None, state="open").count() == 4
    page = client.get("/projects/steps/queue/").text
    assert "1 problem can still be queued" in page
    assert "no live supplier is set" in page
    assert "Go to the rounds" not in client.get("/projects/steps/").text
