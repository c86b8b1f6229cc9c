"""F03 to F10 in a real browser: keys used twice, double presses, two tabs, leases, a closed browser, an ended session, wrong clocks."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.test import Client
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, Playwright, Request, Route, expect

from annotation import accounts, queue
from annotation.models import Annotation, Project, Role, StepRating, User, WorkItem, WorkState
from tests.browsers import FLAGS, chromium_path
from tests.factories import make_numbered_queue
from tests.faults.desk_driver import DeskTab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESS = "/projects/algebra/label/"


@pytest.fixture
def queued(project: Project) -> None:
    make_numbered_queue(project, count=4)


@pytest.fixture
def as_labeller(labeller: User, signed_in: Callable[[User], Client]) -> Callable[[BrowserContext, Any], BrowserContext]:
    """Gives a context the labeller's session."""

    def act(context: BrowserContext, live_server: Any) -> BrowserContext:
        session = signed_in(labeller).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        return context

    return act


@pytest.fixture
def context(browser: Browser, live_server: Any, queued: None, as_labeller: Any) -> Iterator[BrowserContext]:
    """A browser of its own, signed in as the labeller. Whatever breaks outside: no error may escape in a page."""
    made = as_labeller(browser.new_context(base_url=live_server.url), live_server)
    escaped: list[str] = []
    made.on("page", lambda page: page.on("pageerror", lambda error: escaped.append(str(error))))
    yield made
    made.close()
    assert escaped == []


@pytest.fixture
def desk(context: BrowserContext) -> DeskTab:
    return DeskTab(context.new_page(), ADDRESS).open()


def ratings_of(annotation: Annotation) -> list[int]:
    return list(StepRating.objects.filter(annotation=annotation).order_by("step").values_list("rating", flat=True))


def stored() -> list[tuple[int, list[int]]]:
    """Revision and ratings of every stored label, in order."""
    return [(one.revision, ratings_of(one)) for one in Annotation.objects.order_by("pk")]


def submissions(page: Page) -> list[dict[str, Any]]:
    """The bodies of the submissions that the page sends from now on."""
    bodies: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/submission/"):
            bodies.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    return bodies


def test_f03_a_key_used_again_for_another_body_is_refused_kept_and_sent_anew(desk: DeskTab) -> None:
    sent = submissions(desk.page)
    desk.label(1, 0, 1)
    desk.expect_state("saved")

    def reuse_key(route: Route) -> None:
        body = {**json.loads(route.request.post_data or "{}"), "client_key": sent[0]["client_key"]}
        route.continue_(post_data=json.dumps(body))

    desk.page.route("**/submission/", reuse_key, times=1)
    desk.label(0, -1)
    notice = desk.page.get_by_test_id("aside")
    expect(notice).to_have_attribute("data-code", "key_reused")
    assert stored() == [(0, [1, 0, 1])]
    notice.get_by_role("button", name="Open it again").click()
    desk.submit_as_it_is()
    expect(notice).to_have_count(0)
    desk.expect_state("saved")
    assert stored() == [(0, [1, 0, 1]), (0, [0, -1])]
    assert len({body["client_key"] for body in sent}) == len(sent)


def test_f04_a_double_click_and_enter_held_down_make_one_label_each(desk: DeskTab) -> None:
    sent = submissions(desk.page)
    desk.press(1, 1, 1)
    desk.page.get_by_test_id("submit").dblclick()
    desk.expect_problem("Problem number 2")
    desk.press(1, -1)
    for _ in range(20):  # the first press, then what a held key repeats
        desk.page.keyboard.down("Enter")
    desk.page.keyboard.up("Enter")
    desk.expect_problem("Problem number 3")
    desk.expect_state("saved")
    assert stored() == [(0, [1, 1, 1]), (0, [1, -1])]
    assert len(sent) == 2
    assert desk.look().ratings == ()


def test_f05_of_two_tabs_the_first_wins_and_the_second_sees_it_and_may_revise(
    context: BrowserContext, desk: DeskTab
) -> None:
    other = DeskTab(context.new_page(), ADDRESS).open()
    desk.press(1, 1)
    desk.put_away()
    desk.expect_state("saved")
    other.press(0, -1)
    # Drafts carry a version: the second is told, and nothing of the first is overwritten.
    expect(other.page.get_by_test_id("other-copy")).to_be_visible()
    assert [mark[0] for mark in WorkItem.objects.get(draft__isnull=False).draft["marks"]] == [1, 1, None]
    desk.label(1)
    desk.expect_state("saved")

    other.page.get_by_role("button", name="Keep mine").click()
    other.submit_as_it_is()
    notice = other.page.get_by_test_id("aside")
    expect(notice).to_have_attribute("data-code", "already_labelled")
    assert stored() == [(0, [1, 1, 1])]
    notice.get_by_role("button", name="Last ten items").click()
    other.page.get_by_test_id("history-0").click()
    other.expect_problem("Problem number 1")
    assert other.look().ratings == (1, 1, 1)
    other.page.keyboard.press("ArrowUp")
    other.press(0)
    other.submit()
    other.expect_state("saved")
    assert stored() == [(0, [1, 1, 1]), (1, [1, 1, 0])]


def test_f07_a_lease_that_is_over_costs_nothing_and_an_item_given_on_is_kept_as_a_late_label(
    desk: DeskTab, project: Project, member: Callable[..., User]
) -> None:
    def end_all_leases() -> None:
        WorkItem.objects.filter(claimed_by__isnull=False).update(claimed_until=Now() - timedelta(minutes=1))

    desk.press(1, 1)
    desk.put_away()
    desk.expect_state("saved")
    end_all_leases()
    desk.label(1)  # nobody took it: a label as any other
    desk.expect_state("saved")
    assert [annotation.late for annotation in Annotation.objects.all()] == [False]

    end_all_leases()
    colleague = accounts.labeller_of(project=project, user=member(Role.LABELLER, name="colleague"))
    taken = queue.claim(labeller=colleague)
    assert [claim.work_item.problem.text for claim in taken] == ["Problem number 2.", "Problem number 3."]
    desk.press(0)
    desk.put_away()
    expect(desk.page.get_by_test_id("lease-lost")).to_be_visible()
    desk.press(1, 1)
    desk.submit()
    desk.expect_state("saved")
    late = Annotation.objects.get(late=True)
    assert (ratings_of(late), late.work_item.state) == ([0, 1, 1], WorkState.CLOSED)
    # The colleague's own item is still theirs to label.
    assert WorkItem.objects.get(pk=taken[0].work_item_id).state == WorkState.OPEN


def test_f08_a_browser_closed_offline_brings_everything_back(
    playwright: Playwright, live_server: Any, queued: None, as_labeller: Any, tmp_path: Path
) -> None:
    def started() -> BrowserContext:
        launch = playwright.chromium.launch_persistent_context
        return launch(str(tmp_path), executable_path=chromium_path(), args=FLAGS, base_url=live_server.url)

    context = as_labeller(started(), live_server)
    desk = DeskTab(context.new_page(), ADDRESS).open()
    desk.page.route("**/api/**", lambda route: route.abort("internetdisconnected"))
    desk.label(1, 0, 1)
    desk.expect_state("trouble", "offline, 1 waiting")
    desk.press(-1)
    context.close()
    assert stored() == []

    context = as_labeller(started(), live_server)
    page = context.new_page()
    sent = submissions(page)
    desk = DeskTab(page, ADDRESS).open()
    desk.expect_state("saved")
    desk.expect_problem("Problem number 2")
    assert desk.look().ratings == (-1,)
    assert stored() == [(0, [1, 0, 1])]
    desk.submit_as_it_is()
    desk.expect_problem("Problem number 3")
    desk.expect_state("saved")
    assert stored() == [(0, [1, 0, 1]), (0, [-1])]
    assert len(sent) == 2
    context.close()


@pytest.mark.parametrize("days", [2, -2])
def test_f10_a_clock_that_is_days_off_and_jumps_changes_neither_leases_nor_times(
    context: BrowserContext, days: int
) -> None:
    shifted = """(() => {
      const real = Date, shift = () => (window.__shift ?? %d) * 86_400_000;
      window.Date = class extends real {
        constructor(...given) { given.length ? super(...given) : super(real.now() + shift()); }
        static now() { return real.now() + shift(); }
      };
    })()"""
    context.add_init_script(shifted % days)
    desk = DeskTab(context.new_page(), ADDRESS).open()
    desk.press(1)
    desk.page.evaluate(f"window.__shift = {-days}")  # the clock is set in the middle of an item
    desk.press(1, 1)
    desk.submit()
    desk.expect_problem("Problem number 2")
    desk.label(0, -1)
    desk.expect_state("saved")
    first, second = Annotation.objects.order_by("pk")
    assert [ratings_of(one) for one in (first, second)] == [[1, 1, 1], [0, -1]]
    assert first.submitted_at <= second.submitted_at
    assert all(0 <= one.total_time < 120_000 for one in (first, second))
    held = WorkItem.objects.filter(claimed_by__isnull=False).annotate(now=Now())
    assert len(held) == 2
    for item in held:
        left = item.claimed_until - item.now  # type: ignore[operator]
        assert timedelta(0) < left <= timedelta(seconds=settings.LEASE_SECONDS)


class TestF09:
    """The session ends with unsent work: sign-in in place, work kept, CSRF renewed."""

    PASSWORD = "correct horse battery"

    def panel(self, desk: DeskTab) -> Any:
        return desk.page.get_by_test_id("sign-in")

    def sign_in(self, desk: DeskTab, password: str, email: str = "") -> None:
        if email:
            self.panel(desk).get_by_label("E-mail").fill(email)
        self.panel(desk).get_by_label("Password").fill(password)
        self.panel(desk).get_by_role("button", name="Sign in").click()

    def csrf(self, desk: DeskTab) -> str:
        jar = desk.page.context.cookies()
        return next(str(one["value"]) for one in jar if one["name"] == settings.CSRF_COOKIE_NAME)

    def test_f09_work_goes_on_and_the_same_person_signs_in_right_there(self, desk: DeskTab) -> None:
        token = self.csrf(desk)
        Session.objects.all().delete()
        desk.label(1, 1, 1)
        desk.expect_state("trouble", "signed out: sign in to send 1")
        expect(self.panel(desk)).to_be_visible()
        # The hands stay on the keys: the form has not taken the focus.
        desk.press(1, -1)
        assert desk.look().ratings == (1, -1)
        assert stored() == []
        self.sign_in(desk, "not the password")
        expect(self.panel(desk).get_by_test_id("sign-in-trouble")).to_contain_text("password")
        self.sign_in(desk, self.PASSWORD)
        expect(self.panel(desk)).to_have_count(0)
        desk.expect_state("saved")
        assert stored() == [(0, [1, 1, 1])]
        assert self.csrf(desk) != token
        assert desk.look().ratings == (1, -1)
        desk.submit()
        desk.expect_problem("Problem number 3")
        desk.expect_state("saved")
        assert stored() == [(0, [1, 1, 1]), (0, [1, -1])]

    def test_f09_too_many_tries_are_told_in_place(self, desk: DeskTab) -> None:
        from django.core.cache import cache

        Session.objects.all().delete()
        desk.label(1, 1, 1)
        for tries in range(1, 12):
            with desk.page.expect_response("**/accounts/login/"):
                self.sign_in(desk, f"wrong {tries}")
        expect(self.panel(desk).get_by_test_id("sign-in-trouble")).to_contain_text(re.compile("too many", re.I))
        cache.clear()  # a quarter of an hour later
        self.sign_in(desk, self.PASSWORD)
        desk.expect_state("saved")
        assert stored() == [(0, [1, 1, 1])]

    def test_f09_another_person_sees_whose_work_waits_and_none_of_it_and_it_is_kept(
        self, desk: DeskTab, member: Callable[..., User]
    ) -> None:
        second = member(Role.LABELLER, name="Berta")
        Session.objects.all().delete()
        desk.label(0, 0, 0)
        desk.press(1)
        desk.expect_state("trouble", "1")
        self.sign_in(desk, self.PASSWORD, email=second.email)
        told = desk.page.get_by_test_id("somebody-else")
        expect(told).to_contain_text("1 submission of labeller@example.org waits here")
        desk.press(1, 1)  # whatever is pressed now is still the first person's
        assert stored() == []
        self.panel(desk).get_by_role("button", name="Go on as the one").click()
        desk.expect_problem("Problem number 3")  # the first person still holds 1 and 2
        assert desk.look().ratings == ()
        desk.label(-1)
        desk.expect_state("saved")
        assert [str(one.labeller) for one in Annotation.objects.all()] == ["Berta"]

        Session.objects.all().delete()
        desk.label(1, 1, 1)
        self.sign_in(desk, self.PASSWORD, email="labeller@example.org")
        expect(told).to_contain_text("1 submission of Berta waits here")
        self.panel(desk).get_by_role("button", name="Go on as the one").click()
        desk.expect_problem("Problem number 2")
        assert desk.look().ratings == (1, 1, 1)
        desk.expect_state("saved")
        assert stored() == [(0, [-1]), (0, [0, 0, 0])]

    def test_f09_an_answer_from_before_the_session_ended_hides_nothing(self, context: BrowserContext) -> None:
        held: list[tuple[Route, APIResponse]] = []
        page = context.new_page()
        page.route("**/api/v1/me/preferences/", lambda route: held.append((route, route.fetch())), times=1)
        desk = DeskTab(page, ADDRESS).open()
        while not held:
            page.wait_for_timeout(20)
        Session.objects.all().delete()
        desk.label(1, 1, 1)
        expect(self.panel(desk)).to_be_visible()
        ((route, answer),) = held
        assert answer.ok
        with page.expect_response("**/submission/"):  # it seems to say that somebody is signed in: asked again at once
            route.fulfill(response=answer)
        desk.expect_state("trouble", "signed out: sign in to send 1")
        self.sign_in(desk, self.PASSWORD)
        desk.expect_state("saved")
        assert stored() == [(0, [1, 1, 1])]

    def test_f09_signed_in_again_in_another_tab_the_desk_goes_on_by_itself(
        self, context: BrowserContext, desk: DeskTab
    ) -> None:
        Session.objects.all().delete()
        desk.label(1, 1, 1)
        expect(self.panel(desk)).to_be_visible()
        page = context.new_page()
        page.goto("/accounts/login/")
        page.fill("input[name=login]", "labeller@example.org")
        page.fill("input[name=password]", self.PASSWORD)
        page.keyboard.press("Enter")
        desk.expect_state("saved")
        expect(self.panel(desk)).to_have_count(0)
        assert stored() == [(0, [1, 1, 1])]
