"""A long solution is rendered without ever holding up the page: sixty steps with 180 formulas, none of it longer than 100 ms on end."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from annotation import queue
from annotation.models import Project, User
from annotation.queue import QueueEntry
from tests.attacks.watched import never_freezing, watched_page
from tests.factories import make_problem, make_solution

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_MS = 100
STEPS = 60
STEP = (
    "Step {n} of {name}: with $\\frac{{a_{{{n}}}^2 + b}}{{\\sqrt{{c + {n}}}}}$ we have"
    " \\(x_{{{n}}} = \\sum_{{i=0}}^{{{n}}} \\binom{{{n}}}{{i}} y^i\\), and so\n"
    "\\[\\left(\\frac{{1}}{{{n}}} + z\\right)^2 = \\int_0^{{{n}}} e^{{-t^2}} \\, dt.\\]"
)
RENDERED = "(name) => document.querySelector('[data-testid=step-0]')?.textContent.includes(name) && !document.querySelector('[aria-busy]')"


def test_sixty_steps_with_180_formulas_never_block_the_page_for_100_ms(
    browser: Browser, live_server: Any, project: Project, labeller: User, signed_in: Any
) -> None:
    names = ["the first", "the second", "the third"]
    for name in names:
        steps = [STEP.format(n=n, name=name) for n in range(1, STEPS + 1)]
        solution = make_solution(make_problem(project, text=f"The problem of {name}."), steps=steps)
        queue.enqueue(project=project, entries=[QueueEntry(solution_id=solution.pk)], name=name, generation=0)
    context, watched = watched_page(browser, live_server.url, signed_in(labeller), "en")
    page = watched.page
    page.goto(f"/projects/{project.slug}/label/")
    page.wait_for_function(RENDERED, arg=names[0])
    with never_freezing(watched, MOST_MS):
        # With the scripts in the browser's store: what is measured is the rendering, not their compilation.
        page.reload()
        page.wait_for_function(RENDERED, arg=names[0])
        expect(page.locator("[data-testid^=step-] .formula")).to_have_count(3 * STEPS)
    with never_freezing(watched, MOST_MS):
        for _ in range(STEPS):
            page.keyboard.press("1")
        page.keyboard.press("Enter")
        page.wait_for_function(RENDERED, arg=names[1])
        expect(page.locator("[data-testid^=step-] .formula")).to_have_count(3 * STEPS)
    watched.assert_harmless()
    context.close()


# Whether the characters on either side of the formula stand on the lines of its first and its last box.
TOGETHER = """() => {
    const passage = document.querySelector('[data-testid=step-0] .passage');
    const formula = passage.querySelector('.formula');
    const boxes = [...formula.querySelectorAll('.katex-base')].map((box) => box.getBoundingClientRect());
    const texts = [];
    const walker = document.createTreeWalker(passage, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) if (!formula.contains(walker.currentNode)) texts.push(walker.currentNode);
    const place = (node, at) => {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        return range.getBoundingClientRect();
    };
    const follows = texts.find((node) => formula.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);
    const leads = texts[texts.indexOf(follows) - 1];
    const sameLine = (a, b) => Math.abs((a.top + a.bottom) / 2 - (b.top + b.bottom) / 2) < 12;
    const apart = [];
    if (!sameLine(place(leads, leads.data.length - 1), boxes[0])) apart.push('leads');
    if (!sameLine(place(follows, 0), boxes.at(-1))) apart.push('follows');
    const [opens, closes] = [boxes.at(-2), boxes.at(-1)];
    if (!sameLine(opens, closes)) apart.push('brackets');
    return { apart, lines: new Set(boxes.map((box) => Math.round(box.bottom / 12))).size };
}"""


def test_no_bracket_or_full_stop_is_left_alone_by_its_formula_at_the_end_of_a_line(
    browser: Browser, live_server: Any, project: Project, labeller: User, signed_in: Any
) -> None:
    step = "We multiply both sides (to clear the denominator ($x - 1 \\ge 2(x + 2)$).)"
    solution = make_solution(make_problem(project, text="Solve."), steps=[step])
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=solution.pk)], name="one", generation=0)
    context, watched = watched_page(browser, live_server.url, signed_in(labeller), "en")
    watched.page.goto(f"/projects/{project.slug}/label/")
    watched.page.wait_for_function(RENDERED, arg="We multiply")
    expect(watched.page.locator("[data-testid=step-0] .formula")).to_have_count(1)
    seen = []
    for width in range(320, 560, 3):
        watched.page.set_viewport_size({"width": width, "height": 800})
        seen.append(watched.page.evaluate(TOGETHER))
    assert [found["apart"] for found in seen] == [[]] * len(seen)
    assert {found["lines"] for found in seen} > {1}  # the formula itself still goes over two lines where it must
    context.close()


def test_a_wide_formula_in_the_problem_keeps_clear_of_a_long_reference_answer(
    browser: Browser, live_server: Any, project: Project, labeller: User, signed_in: Any
) -> None:
    wide = "Let \\(\\overbrace{" + " + ".join(f"x_{{{n}}}" for n in range(40)) + "}^{s}\\)."
    solution = make_solution(make_problem(project, text=wide, answer="a long answer " * 8), steps=["We add."])
    queue.enqueue(project=project, entries=[QueueEntry(solution_id=solution.pk)], name="wide", generation=0)
    context, watched = watched_page(browser, live_server.url, signed_in(labeller), "en")
    watched.page.goto(f"/projects/{project.slug}/label/")
    watched.page.wait_for_function(RENDERED, arg="We add.")
    expect(watched.page.locator(".statement .formula")).to_have_count(1)
    for width in (320, 900, 1024, 1280):
        watched.page.set_viewport_size({"width": width, "height": 800})
        assert watched.page.evaluate("() => witness.outside()") == [], width
    context.close()
