"""A solution's page: who may see it, what it says of model and labellers, and that what people wrote stays text."""

import re
from collections.abc import Callable, Sequence
from itertools import count
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activelearning import rounds
from activelearning.models import ModelKind, RewardModel, Selected
from annotation import accounts, labelling, projects, queue
from annotation.labelling import Submission
from annotation.models import Import, JobState, Project, Purpose, Role, Score, Solution, User
from annotation.queue import QueueEntry
from tests.factories import label, make_problem, make_solution

pytestmark = pytest.mark.django_db

STEPS = ["We add.", "That is five.", "So it is six.", "It is six."]
GOOD, OKAY, BAD = (0.05, 0.15, 0.8), (0.1, 0.6, 0.3), (0.9, 0.06, 0.04)
names = count(1)


def make_model(project: Project, name: str = "algebra-prm-1", **fields: object) -> RewardModel:
    given = {"kind": ModelKind.PRM, "path": "m", "sha256": "0" * 64, **fields}
    return RewardModel.objects.create(project=project, name=name, **given)


def score(solution: Solution, *steps: Sequence[float], scorer: str = "algebra-prm-1") -> Score:
    probs = [dict(zip(("-1", "0", "1"), step, strict=True)) for step in steps]
    product = 1.0
    for step in steps:
        product *= step[1] + step[2]
    return Score.objects.create(solution=solution, scorer=scorer, rating_probs=probs, prm_score=product)


def labelled(solution: Solution, *ratings: int, name: str = "", note: str = "", reason: str = "", **more: str) -> User:
    """By a labeller of their own, through the verbs."""
    found, _ = accounts.create_account(
        email=f"l{next(names)}@example.org", name=name, project=solution.project, role=Role.LABELLER, password="x" * 12
    )
    queue.enqueue(
        project=solution.project, entries=[QueueEntry(solution_id=solution.pk)], name="one", generation=0, labels_each=1
    )
    claim = queue.claim(labeller=accounts.labeller_of(project=solution.project, user=found))[0]
    given = label(*ratings, steps=solution.steps, **more)
    labelling.submit(
        claim=claim, submission=Submission(client_key=uuid4(), label=given, error_note=note, reason=reason)
    )
    return found


@pytest.fixture
def solution(project: Project) -> Solution:
    problem = make_problem(project, text="What is $2 + 3$?", answer="5")
    return make_solution(problem, steps=STEPS, answer="6", verdict="wrong", purpose=Purpose.LABEL)


@pytest.fixture
def browser(researcher: User, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(researcher)


def path_of(solution: Solution, scorer: str = "") -> str:
    return f"/projects/algebra/solutions/{solution.pk}/" + (f"?scorer={scorer}" if scorer else "")


def page_of(browser: Client, solution: Solution, scorer: str = "") -> str:
    answer = browser.get(path_of(solution, scorer))
    assert answer.status_code == 200
    return answer.content.decode()


def step_of(page: str, number: int) -> str:
    """One step's part of the page, without its tags."""
    found = re.search(
        rf'<li class="read-step[^>]* id="step-{number}">(.*?)<(?:li class="read-step|/ol>)', page, re.DOTALL
    )
    assert found
    return " ".join(re.sub(r"<title>.*?</title>|<[^>]+>", " ", found[1]).split())


# --- who ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "status"), [
    (Role.LABELLER, 404), (Role.REVIEWER, 200), (Role.RESEARCHER, 200), (Role.ADMIN, 200),
])  # fmt: skip
def test_reviewers_researchers_and_admins_see_it_labellers_do_not(
    solution: Solution, member: Callable[..., User], signed_in: Callable[[User], Client], role: Role, status: int
) -> None:
    assert signed_in(member(role)).get(path_of(solution)).status_code == status


def test_strangers_and_other_projects_people_do_not(
    solution: Solution, member: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    elsewhere = projects.create_project(slug="geometry", name="Geometry")
    other = signed_in(member(Role.ADMIN, name="other", in_project=elsewhere))
    assert Client().get(path_of(solution)).status_code == 302
    assert other.get(path_of(solution)).status_code == 404
    assert other.get(f"/projects/geometry/solutions/{solution.pk}/").status_code == 404


def test_what_an_unfinished_import_brought_is_not_there_and_evaluation_solutions_are(
    browser: Client, project: Project, solution: Solution
) -> None:
    running = Import.objects.create(project=project, file_name="x", format="solutions", state=JobState.RUNNING)
    Solution.objects.filter(pk=solution.pk).update(imported_by=running)
    assert browser.get(path_of(solution)).status_code == 404
    Solution.objects.filter(pk=solution.pk).update(imported_by=None, purpose=Purpose.EVALUATION)
    assert browser.get(path_of(solution)).status_code == 200


def test_labellers_are_named_to_admins_alone(
    browser: Client, solution: Solution, admin: User, member: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    labelled(solution, 1, 1, 1, 1, name="Emmy Noether")
    labelled(solution, 1, -1, name="Sophie Germain")
    for reader in (browser, signed_in(member(Role.REVIEWER))):
        page = page_of(reader, solution)
        assert "Noether" not in page
        assert step_of(page, 2).endswith("Bad labeller 2 Great labeller 1")
    page = page_of(signed_in(admin), solution)
    assert step_of(page, 2).endswith("Bad Sophie Germain Great Emmy Noether")


# --- what is said ---------------------------------------------------------------------------------------------------


def test_each_step_shows_three_chances_and_the_first_under_one_half_is_marked(
    browser: Client, project: Project, solution: Solution
) -> None:
    make_model(project, is_current=True)
    score(solution, GOOD, OKAY, BAD, BAD)
    page = page_of(browser, solution)
    assert "Bad 5% Okay 15% Great 80%" in step_of(page, 1)
    assert "<title>Bad 5.0%, Okay 15.0%, Great 80.0%</title>" in page
    assert [n for n in range(1, 5) if "First predicted error" in step_of(page, n)] == [3]
    assert "First predicted error P(good) 10.0%" in step_of(page, 3)
    assert re.findall(r'<rect class="(\w+)" x="([\d.]+)%" width="([\d.]+)%"', page)[:3] == [
        ("bad", "0.000", "5.000"), ("okay", "5.000", "15.000"), ("great", "20.000", "80.000"),
    ]  # fmt: skip
    assert "The model calls step 3 wrong; nobody has labelled it yet." in page
    assert "0.009" in page, "the product: .95 · .9 · .1 · .1"


def test_a_model_that_counts_neutral_as_bad_is_read_by_its_own_rule(
    browser: Client, project: Project, solution: Solution
) -> None:
    make_model(project, training={"neutral": "bad"})
    score(solution, GOOD, OKAY, BAD, BAD)
    page = page_of(browser, solution)
    assert "First predicted error P(good) 30.0%" in step_of(page, 2)
    assert "which is P(Great) alone" in page


@pytest.mark.parametrize(("ratings", "said", "at"), [
    ([(1, 1, -1)], "1 labeller says step 3. They agree.", None),
    ([(1, -1), (0, -1)], "2 labellers say step 2. They part at step 2.", 2),
    ([(1, 1, 1, 1), (1, 1, -1)], "1 labeller says step 3; 1 labeller finds no wrong step. They part at step 3.", 3),
    ([(1, 1, 0, -1)], "1 labeller says step 4. They part at step 3.", 3),
    ([(1, -1), (1, 1, 1, 1)], "1 labeller says step 2; 1 labeller finds no wrong step. They part at step 2 , step 3.", 2),
])  # fmt: skip
def test_it_says_where_model_and_labellers_part(
    browser: Client, project: Project, solution: Solution, ratings: list[tuple[int, ...]], said: str, at: int | None
) -> None:
    score(solution, GOOD, GOOD, BAD, BAD)
    for given in ratings:
        labelled(solution, *given)
    page = page_of(browser, solution)
    lede = re.search(r'<p class="lede">(.*?)</p>', page, re.DOTALL)
    assert lede
    words = re.sub(r"\s+([.])", r"\1", " ".join(re.sub(r"<[^>]+>", " ", lede[1]).split()))
    assert words == f"The model calls step 3 wrong; {said}"
    marked = [n for n in range(1, 5) if "They part here" in step_of(page, n)]
    assert marked[:1] == ([] if at is None else [at])


def test_the_step_where_they_part_says_who_says_what(browser: Client, solution: Solution) -> None:
    score(solution, GOOD, GOOD, BAD, BAD)
    labelled(solution, 1, -1)
    labelled(solution, 1, 1, 1, 1)
    page = page_of(browser, solution)
    assert "1 labeller calls this step wrong, the model does not" in step_of(page, 2)
    assert "the model calls this step wrong, 1 labeller does not" in step_of(page, 3)


def test_who_gave_up_says_neither_that_it_is_right_nor_that_it_is_wrong(browser: Client, solution: Solution) -> None:
    score(solution, GOOD, GOOD, BAD, BAD)
    labelled(solution, 1, 1, finish_reason="give_up", reason="Too long.")
    page = page_of(browser, solution)
    assert "1 labeller did not finish." in page
    assert "They part" not in page
    assert "Too long." in page


def test_an_answer_that_the_last_step_states_stands_apart_from_it(browser: Client, project: Project) -> None:
    steps = ["We add.", "So it is $5$.\n\n# Answer\n\n5"]
    page = page_of(browser, make_solution(make_problem(project, text="p"), steps=steps))
    assert step_of(page, 2) == "2 So it is $5$. Answer 5"


def test_an_amendment_is_what_counts(browser: Client, solution: Solution) -> None:
    labelled(solution, 1, -1)
    changed = Submission(client_key=uuid4(), label=label(1, 1, -1, steps=STEPS))
    labelling.amend(annotation=solution.annotations.get(), submission=changed)
    page = page_of(browser, solution)
    assert "1 labeller says step 3" in page
    assert "step 2" not in page


def test_one_of_several_scorers_is_chosen_the_current_model_first(
    browser: Client, project: Project, solution: Solution
) -> None:
    make_model(project, is_current=True)
    score(solution, GOOD, GOOD, GOOD, GOOD)
    score(solution, BAD, GOOD, GOOD, GOOD, scorer="imported")
    assert "The model calls no step wrong" in page_of(browser, solution)
    page = page_of(browser, solution, "imported")
    assert "The model calls step 1 wrong" in page
    assert '<a href="?scorer=imported" aria-current="true">' in page
    assert "The model calls no step wrong" in page_of(browser, solution, "nobody")


def test_without_scores_or_without_a_word_on_steps_it_says_so(browser: Client, solution: Solution) -> None:
    assert "No model has scored this solution; nobody has labelled it yet." in page_of(browser, solution)
    Score.objects.create(solution=solution, scorer="outcome", rating_probs=[], orm_score=0.25)
    page = page_of(browser, solution)
    assert "The model says nothing of its steps" in page
    assert "0.250" in page


def test_it_names_the_rounds_that_chose_it_and_leads_researchers_to_round_and_model(
    browser: Client,
    project: Project,
    solution: Solution,
    member: Callable[..., User],
    signed_in: Callable[[User], Client],
) -> None:
    started = rounds.start_round(project=project, config={})
    model = make_model(project, round=started)
    score(solution, GOOD, GOOD, BAD, BAD)
    Selected.objects.create(
        round=started, solution=solution, rank=7, score=0.9, strategy="uniform", reason="chosen by chance"
    )
    page = page_of(browser, solution)
    assert "rank 7" in page
    assert "chosen by chance" in page
    assert f'href="/projects/algebra/models/{model.pk}/"' in page
    assert 'href="/projects/algebra/rounds/1/"' in page
    page = page_of(signed_in(member(Role.REVIEWER)), solution)
    assert "rank 7" in page
    assert "/rounds/" not in page, "a reviewer may not open a round"
    assert "/models/" not in page


# --- what people wrote ----------------------------------------------------------------------------------------------


def test_hostile_text_stays_text_in_a_box_of_its_own(browser: Client, project: Project) -> None:
    evil = "<script>pwned(1)</script>\u202e</bdi><svg onload=pwned(2)>"
    problem = make_problem(project, text=evil, answer=evil, solution=evil)
    solution = make_solution(problem, steps=[evil, evil], answer=evil, generator=evil[:100])
    score(solution, BAD, BAD, scorer=evil[:90])
    score(solution, BAD, BAD, scorer="another")
    labelled(solution, -1, name=evil[:100], note=evil)
    page = page_of(browser, solution)
    main = page.partition("<main")[2]
    assert "<script>" not in main
    assert "<svg onload" not in main
    boxed = re.findall(r"<(bdi|title)\b[^>]*>[^<]*\u202e[^<]*</\1>", main)
    assert len(boxed) == main.count("\u202e") == 9


def test_it_costs_the_same_queries_however_much_was_scored_and_labelled(
    browser: Client, project: Project, solution: Solution
) -> None:
    make_model(project)
    score(solution, GOOD, GOOD, BAD, BAD)
    labelled(solution, 1, -1)
    counts = []
    for n in range(3):
        with CaptureQueriesContext(connection) as captured:
            page_of(browser, solution)
        counts.append(len(captured))
        make_model(project, f"algebra-prm-{n + 2}")
        score(solution, GOOD, GOOD, BAD, BAD, scorer=f"algebra-prm-{n + 2}")
        labelled(solution, 1, 1, 1, 1)
        labelled(solution, 1, -1)
    assert counts[0] == counts[-1], counts
    assert counts[0] <= 14
