"""What is asked of every page in a real browser: axe's rules in both themes, nothing moves, nothing is cut off where room is little."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# All that a second theme can break.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
NARROW, ZOOMED = 320, 640  # the narrowest page that WCAG asks for; 1280 at 200 %
MOST_SHIFT = 0.02
RUN = """async (options) => {
    const found = await axe.run(document, {...options, resultTypes: ['violations'], elementRef: false});
    return found.violations.flatMap(({id, help, nodes}) => nodes.slice(0, 3).map((node) => {
        const check = [...node.any, ...node.all, ...node.none][0];
        return `${id}: ${check ? check.message : help}: ${node.html.slice(0, 200)}`;
    }));
}"""
# A button's colour fades from one theme to the other: half-way it is in neither.
DRESS = """(theme) => {
    document.documentElement.dataset.theme = theme;
    return Promise.allSettled(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished));
}"""
SHIFT = """() => new Promise((resolve) => {
    let sum = 0;
    const watcher = new PerformanceObserver(() => {});
    watcher.observe({type: 'layout-shift', buffered: true});
    requestAnimationFrame(() => setTimeout(() => {
        for (const entry of watcher.takeRecords()) if (!entry.hadRecentInput) sum += entry.value;
        resolve(sum);
    }));
})"""
# Wider than the window: the page itself, or a text or control that sticks out and cannot be scrolled to.
STICKING_OUT = """async () => {
    // The desk parts its foot in script: it has seen the new width a frame later.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    const width = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth > width ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
    const scrolls = (node) => node && (/auto|scroll/.test(getComputedStyle(node).overflowX) || scrolls(node.parentElement));
    for (const node of document.querySelectorAll('a, button, input, select, textarea, summary, h1, h2, h3, p, dd, th, td, li')) {
        const box = node.getBoundingClientRect();
        const hidden = !box.width || !node.checkVisibility({visibilityProperty: true});
        if (hidden || node.closest('.visually-hidden, .skip-link')) continue;
        const out = (box.right > width + 1 || box.left < -1) && !scrolls(node.parentElement);
        if (out) wide.push(`sticks out: ${node.outerHTML.slice(0, 160)}`);
    }
    return wide;
}"""


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")


def axe(page: Page) -> list[str]:
    """What axe has against the page as it stands: all rules in the light theme, those on colour in the dark one."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    all_rules = {"runOnly": {"type": "tag", "values": RULES}}
    return _in(page, "light", all_rules) + _in(page, "dark", {"runOnly": {"type": "rule", "values": COLOUR_RULES}})


def _in(page: Page, theme: str, options: dict[str, Any]) -> list[str]:
    page.evaluate(DRESS, theme)
    return [f"{theme}: {violation}" for violation in page.evaluate(RUN, options)]


def moved(page: Page) -> list[str]:
    """Whether what is on the page has moved since it was opened, by more than may be (the score of layout shifts)."""
    score: float = page.evaluate(SHIFT)
    return [f"layout shift {score:.3f}"] if score > MOST_SHIFT else []


def cut_off(page: Page) -> list[str]:
    """What is wider than the window at 320 pixels and at 200 % zoom; the window is 1280 wide again afterwards."""
    found = []
    for width in (NARROW, ZOOMED):
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{width} px: {what}" for what in page.evaluate(STICKING_OUT)]
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


def wrong_with(page: Page) -> list[str]:
    """All of it, for a page that was just opened."""
    return [f"{page.url}: {what}" for what in [*moved(page), *axe(page), *cut_off(page)]]
