"""A33-A41: hostile text as problem, step, alternative, answer, instructions and names, in a real Chromium on the real pages.

For each: it is shown as text; no dialog opens, no script runs, nothing is asked of another host, the content policy refuses nothing (it was
never tried), nothing blocks the page for half a second, nothing is painted outside its box, and the page goes on working.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db.models import CharField, TextField
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from annotation import queue
from annotation.models import Annotation, Batch, Import, JobState, Membership, Project, Role, Score, User
from annotation.models.projects import INSTRUCTIONS_MAX
from annotation.queue import QueueEntry
from tests.attacks import hostile_text
from tests.attacks import stage as theatre
from tests.attacks.hostile_text import ALL
from tests.attacks.walk import addresses, is_shadowed, path_of
from tests.attacks.watched import Watched, never_freezing, watched_page
from tests.e2e.desk import all_saved
from tests.factories import make_problem, make_solution

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTROL = "So $\\frac{1}{2} + \\sqrt{2}$ is as it was."


@pytest.fixture
def watch(browser: Browser, live_server: Any) -> Iterator[Callable[..., Watched]]:
    contexts = []

    def begin(client: Client, language: str = "en") -> Watched:
        context, watched = watched_page(browser, live_server.url, client, language)
        contexts.append(context)
        return watched

    yield begin
    for context in contexts:
        context.close()


@pytest.fixture
def desk(
    watch: Callable[..., Watched],
    project: Project,
    labeller: User,
    signed_in: Callable[[User], Client],
) -> Callable[[list[str]], Watched]:
    """The desk on one solution whose steps are a control text, these texts, the control text again; the second has them as alternatives."""

    def begin(texts: list[str]) -> Watched:
        problem = make_problem(project, text=texts[0], answer=texts[-1])
        steps = [CONTROL, *texts, CONTROL]
        solution = make_solution(problem, steps=steps, answer=texts[-1], alternatives={"1": [*texts, CONTROL]})
        queue.enqueue(project=project, entries=[QueueEntry(solution_id=solution.pk)], name="one", generation=0)
        Project.objects.filter(pk=project.pk).update(name=texts[0][:120], instructions=f"# {texts[-1]}\n\n{texts[0]}")
        User.objects.filter(pk=labeller.pk).update(name=texts[-1][:120])
        watched = watch(signed_in(labeller))
        open_desk(watched.page)
        return watched

    return begin


def open_desk(page: Page) -> None:
    page.goto("/projects/algebra/label/")
    expect(page.get_by_test_id("step-0")).to_be_visible()
    rendered(page)


def rendered(page: Page) -> None:
    page.wait_for_function("() => document.querySelectorAll('.passage[aria-busy]').length === 0")


def passage(page: Page, name: str) -> Any:
    return page.get_by_test_id(name).locator(".passage")


def shown(page: Page, kind: str = "step") -> list[str]:
    found: list[str] = page.evaluate("(kind) => witness.read(kind)", kind)
    return found


def goes_on_working(watched: Watched, texts: list[str]) -> None:
    """Rate, look at the raw text, open the alternatives: all of it by keys, and the control texts look alike, uncovered."""
    page = watched.page
    last = f"step-{len(texts) + 1}"
    assert passage(page, last).evaluate("(box) => witness.covered(box)") == []
    assert passage(page, "step-0").inner_html() == passage(page, last).inner_html()
    assert page.evaluate("() => witness.outside()") == []
    page.keyboard.press("1")
    expect(page.get_by_test_id("step-0")).to_have_attribute("data-rating", "1")
    page.keyboard.press("t")
    expect(passage(page, "step-1").locator("code.raw")).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.press("3")
    expect(page.get_by_test_id("alternative-0")).to_be_attached()
    rendered(page)
    assert passage(page, f"alternative-{len(texts)}").inner_html() == passage(page, "step-0").inner_html()
    page.keyboard.press("i")
    expect(page.get_by_test_id("dialog-instructions")).to_be_visible()
    rendered(page)
    assert page.evaluate("() => witness.outside()") == []
    page.keyboard.press("Escape")
    watched.assert_harmless()


def test_a33_markup_and_templates_are_shown_as_the_text_they_are(desk: Callable[[list[str]], Watched]) -> None:
    watched = desk(ALL["A33"])
    plain = [text for text in ALL["A33"] if not any(sign in text for sign in ("$", "\\(", "\u2028", "[asy]", "\x0c"))]
    assert len(plain) > 120
    assert [text for text in plain if text not in shown(watched.page)] == []
    goes_on_working(watched, ALL["A33"])


def test_a34_links_pictures_and_attributes_in_formulas_are_shown_as_their_source(
    desk: Callable[[list[str]], Watched],
) -> None:
    watched = desk(ALL["A34"])
    # Some may be known to the second part of KaTeX: until it is here they have no note.
    expect(watched.page.locator("[data-testid^=step-] .unrendered-note")).to_have_count(len(ALL["A34"]))
    assert shown(watched.page)[1:-1] == [f"{text} " for text in ALL["A34"]]
    assert watched.page.locator("[data-testid^=step-] .passage a").count() == 0
    goes_on_working(watched, ALL["A34"])


def test_the_watch_notices_what_hostile_text_would_do(desk: Callable[[list[str]], Watched]) -> None:
    watched = desk([CONTROL])
    for deed in (
        "pwned(1)",
        "fetch('https://canary.example/x').catch(() => 0)",
        "alert(1)",
        "setTimeout(() => undefined_name)",
        "document.querySelector('.passage').append(document.createElement('img'))",
    ):
        watched.assert_harmless()
        watched.page.evaluate(f"() => {{ {deed} }}")
        watched.page.wait_for_timeout(100)
        with pytest.raises(AssertionError):
            watched.assert_harmless()
        for noticed in (watched.foreign, watched.dialogs, watched.complaints):
            noticed.clear()
        watched.page.evaluate("() => { seen.pwned = 0; seen.violations = []; }")
    with pytest.raises(AssertionError), never_freezing(watched, most=60):
        watched.page.evaluate("() => { const until = performance.now() + 1000; while (performance.now() < until); }")


@pytest.mark.parametrize("attack", ["A35", "A36"])
def test_a35_a36_nesting_and_expansion_end_as_their_source_and_block_nothing(
    desk: Callable[[list[str]], Watched], attack: str
) -> None:
    texts = ALL[attack]
    watched = desk(texts)
    refused = "(least) => document.querySelectorAll('.step .passage:has(.unrendered-note)').length >= least"
    # \bmod in a row and one chain of brackets are harmless, and may be rendered.
    watched.page.wait_for_function(refused, arg=len(texts) - 2)
    with never_freezing(watched):
        open_desk(watched.page)
        goes_on_working(watched, texts)


def test_a37_large_and_far_reaching_texts_together_stay_in_their_boxes_and_block_nothing(
    desk: Callable[[list[str]], Watched],
) -> None:
    watched = desk(ALL["A37"])
    assert watched.page.locator("*").count() < 400_000
    with never_freezing(watched):
        open_desk(watched.page)
        goes_on_working(watched, ALL["A37"])


if os.environ.get("LABELAPP_TEST_ALL"):  # two minutes; by default they are all on one page

    @pytest.mark.parametrize("text", ALL["A37"], ids=lambda text: f"{len(text)} of {text[:12]!a}")
    def test_a37_a_large_text_alone_blocks_nothing(desk: Callable[[list[str]], Watched], text: str) -> None:
        watched = desk([text])
        with never_freezing(watched):
            open_desk(watched.page)
            goes_on_working(watched, [text])


def test_a37_instructions_as_long_as_they_may_be_block_neither_the_desk_nor_the_projects_page(
    desk: Callable[[list[str]], Watched], project: Project
) -> None:
    watched = desk([CONTROL])
    floods = ("**a** ", "a\n\n", "\u202ea", "$x$ ", "בית ספר ")
    share = INSTRUCTIONS_MAX // len(floods)
    instructions = "\n\n".join((flood * share)[: share - 2] for flood in floods)
    Project.objects.filter(pk=project.pk).update(instructions=instructions)
    with never_freezing(watched):
        open_desk(watched.page)
        watched.page.keyboard.press("i")
        expect(watched.page.get_by_test_id("dialog-instructions").locator(".prose li, .prose p").first).to_be_attached()
        rendered(watched.page)
    with never_freezing(watched):
        watched.page.goto("/projects/algebra/")
        watched.page.wait_for_selector(".prose .passage")
        rendered(watched.page)
        expect(watched.page.locator(".prose .katex").first).to_be_attached()


def test_a38_a_definition_in_one_step_changes_no_other(desk: Callable[[list[str]], Watched]) -> None:
    watched = desk(ALL["A38"])
    assert "HACKED" not in "".join(
        watched.page.locator("[data-testid^=step-] .katex-html").all_text_contents()
    ).replace(" ", "")
    goes_on_working(watched, ALL["A38"])


def test_a39_unbalanced_delimiters_and_prices_swallow_nothing(desk: Callable[[list[str]], Watched]) -> None:
    watched = desk(ALL["A39"])
    read = shown(watched.page)[1:-1]
    assert len(read) == len(ALL["A39"])
    for text, seen in zip(ALL["A39"], read, strict=True):
        words = re.findall(r"(?<![\\a-z{])[a-z]{4,}", text)
        assert [word for word in words if word not in seen] == [], text
    prices = [text for text in ALL["A39"] if re.search(r"\$\d", text)]
    assert [text for text in prices if text not in read] == []
    watched.page.keyboard.press("1")
    watched.page.keyboard.press("t")
    assert passage(watched.page, "step-1").locator("code.raw").text_content() == ALL["A39"][0]
    watched.page.keyboard.press("t")
    watched.page.keyboard.press("z")
    goes_on_working(watched, ALL["A39"])


def test_a40_what_would_not_be_seen_is_marked_and_the_stored_bytes_stay(
    desk: Callable[[list[str]], Watched], project: Project
) -> None:
    texts = ALL["A40"]
    watched = desk(texts)
    page = watched.page
    harmless = ("cyrillic", "עברית", "مرحبا")
    for number, text in enumerate(texts, start=1):
        marks = page.locator(f"[data-testid=step-{number}] :is(.unseen, .odd-digit, code.unrendered)").count()
        assert marks > 0 or text.startswith(harmless), text.encode("unicode_escape")
        assert "\u202e" not in (passage(page, f"step-{number}").text_content() or "")
    goes_on_working(watched, texts)
    page.keyboard.press("Enter")
    all_saved(page)
    stored = json.loads(Annotation.objects.get().label)
    assert [step["completions"][0]["text"] for step in stored["steps"]] == [CONTROL, texts[0]]


def test_a41_text_that_plays_the_page_is_boxed_like_any_other(desk: Callable[[list[str]], Watched]) -> None:
    watched = desk(ALL["A41"])
    assert shown(watched.page)[1:-1] == ALL["A41"]
    boxes = watched.page.locator("[data-testid^=step-] > .body > bdi.passage")
    assert boxes.count() == len(ALL["A41"]) + 2
    assert watched.page.locator(".passage :is(button, [role], [tabindex])").count() == 0
    goes_on_working(watched, ALL["A41"])


def test_a33_to_a41_each_text_as_a_problem_and_as_an_answer_in_german_down_to_320_pixels(
    watch: Callable[..., Watched], project: Project, labeller: User, signed_in: Callable[[User], Client]
) -> None:
    texts = [text for name, group in ALL.items() if name != "A37" for text in group]
    apart = [texts[n : n + 20] for n in range(0, len(texts), 20)]
    made = [
        make_solution(
            make_problem(project, text="\n\n".join(some), answer="\n".join(some[:3])), steps=[f"Step of {n}."]
        )
        for n, some in enumerate(apart)
    ]
    entries = [QueueEntry(solution_id=solution.pk, priority=-n) for n, solution in enumerate(made)]
    queue.enqueue(project=project, entries=entries, name="apart", generation=0)
    watched = watch(signed_in(labeller), "de")
    page = watched.page
    open_desk(page)
    for n in range(len(apart)):
        expect(passage(page, "step-0")).to_have_text(f"Step of {n}.")
        rendered(page)
        watched.assert_harmless()
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("() => witness.outside()") == []
        page.keyboard.press("1")
        page.keyboard.press("Enter")
    expect(page.get_by_text("Gerade gibt es nichts")).to_be_visible()
    expect(page.get_by_test_id("save-state")).to_contain_text("gespeichert")
    watched.assert_harmless()
    assert Annotation.objects.count() == len(apart)


def test_a33_to_a41_each_text_as_a_step_on_a_solutions_page_down_to_320_pixels(
    watch: Callable[..., Watched], project: Project, researcher: User, signed_in: Callable[[User], Client]
) -> None:
    texts = [text for name, group in ALL.items() if name != "A37" for text in group]
    problem = make_problem(project, text=texts[0], answer=texts[-1], solution="\n".join(texts[:20]))
    solution = make_solution(problem, steps=[CONTROL, *texts, CONTROL], answer=texts[1], generator=texts[2][:200])
    score = {"-1": 0.7, "0": 0.2, "1": 0.1}
    Score.objects.create(solution=solution, scorer=texts[3][:100], rating_probs=[score] * len(solution.steps))
    watched = watch(signed_in(researcher))
    page = watched.page
    page.goto(f"/projects/algebra/solutions/{solution.pk}/")
    page.wait_for_function("() => document.querySelector('[data-passages][data-drawn]')")
    # What is out of sight is drawn when nothing else is to do.
    page.wait_for_function("() => !document.querySelector('.passage[aria-busy]')", timeout=60_000)
    steps = page.locator(".read-step .passage")
    assert steps.first.inner_html() == steps.last.inner_html()
    assert steps.first.locator(".katex").count() > 0
    assert "\u202e" not in (page.locator("main").text_content() or "")
    assert page.locator("main .unseen").count() > 20
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("() => witness.outside()") == []
    watched.assert_harmless()


def test_a33_to_a41_each_text_as_a_problem_and_as_an_answer_in_the_list_of_solutions_down_to_320_pixels(
    watch: Callable[..., Watched], project: Project, researcher: User, signed_in: Callable[[User], Client]
) -> None:
    texts = [text for group in ALL.values() for text in group]
    for n, text in enumerate(texts):
        problem = make_problem(project, text=f"{CONTROL} {n} {text}", answer=text[:500])
        make_solution(problem, steps=["A step."], answer=text[:500], generator=text[:200])
    watched = watch(signed_in(researcher))
    page = watched.page
    page.goto("/projects/algebra/pool/")
    seen = 0
    while True:
        page.wait_for_function("() => document.querySelector('[data-passages][data-drawn]')")
        page.wait_for_function("() => !document.querySelector('.passage[aria-busy]')", timeout=60_000)
        seen += page.locator("tbody th .katex:has(.mfrac):has(.sqrt)").locator("xpath=ancestor::tr").count()
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("() => witness.outside()") == []
        watched.assert_harmless()
        further = page.get_by_role("link", name="Next page")
        if further.count() == 0:
            break
        with page.expect_navigation():
            further.click()
    assert seen >= len(texts)  # what stands before each text is drawn, whatever follows it


def names_everywhere(project: Project, texts: list[str]) -> None:
    """A person, a batch, an import and a project of each name, and the stage's own free texts replaced by them."""
    people = User.objects.bulk_create(User(email=f"h{n}@example.org", name=t[:120]) for n, t in enumerate(texts))
    Membership.objects.bulk_create(Membership(user=user, project=project, role=Role.REVIEWER) for user in people)
    Batch.objects.bulk_create(Batch(project=project, name=text[:120], generation=0) for text in texts)
    Import.objects.bulk_create(
        Import(project=project, file_name=t[:200], format="prm800k", state=JobState.FAILED, error=t) for t in texts
    )
    for named in apps.get_models():
        for free in named._meta.get_fields():
            if isinstance(free, CharField | TextField):
                for n, row in enumerate(named.objects.filter(**{f"{free.name}__startswith": "canary-"})):
                    text = texts[n % len(texts)][: free.max_length or 10_000]
                    named.objects.filter(pk=row.pk).update(**{free.name: text})


def test_a33_names_of_people_files_batches_models_and_projects_on_every_page(
    watch: Callable[..., Watched], settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    stage = theatre.build()
    project = Project.objects.get(slug=stage.parameters["slug"])
    names_everywhere(project, hostile_text.A33)
    Project.objects.filter(pk=project.pk).update(name=hostile_text.A33[7], instructions="\n\n".join(hostile_text.A33))
    client = stage.client("admin")
    watched = watch(client)
    visited = 0
    for address in addresses():
        path = path_of(address, stage.parameters)
        if path.startswith(("/api/", "/accounts/logout")) or is_shadowed(address, path):
            continue
        answer = client.get(path)
        if answer.status_code != 200 or not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        watched.page.goto(path)
        watched.assert_harmless()
        visited += 1
    assert visited > 15
    watched.page.goto(f"/projects/{project.slug}/people/")
    text = watched.page.locator("main").text_content() or ""
    assert all(name.strip()[:40] in text for name in hostile_text.A33 if name.isprintable())
