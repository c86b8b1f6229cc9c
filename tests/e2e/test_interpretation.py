"""A researcher in a real browser: from a round to its model to a solution, whose maths is drawn; and the same page without any script."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from annotation.models import Project
from tests.attacks.stage import Stage
from tests.e2e import scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage(db: None, settings: Any, tmp_path: Path) -> Stage:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    return scene.build()


def test_from_a_round_two_clicks_lead_to_the_step_on_which_model_and_labellers_part(
    stage: Stage, open_as: Callable[[Client, str], Page]
) -> None:
    page = open_as(scene.session_of(stage.users["researcher"]), "en")
    page.goto("/projects/full/rounds/3/")
    page.get_by_role("link", name="Open the model").click()
    expect(page.get_by_role("heading", name="full-prm-3")).to_be_visible()
    page.locator("table").first.get_by_role("link").first.click()
    expect(
        page.get_by_text("The model calls step 5 wrong; 2 labellers say step 3. They part at step 3.")
    ).to_be_visible()
    step = page.locator("#step-3")
    expect(step).to_be_in_viewport()
    expect(step.locator(".katex").first).to_be_visible()
    expect(step.get_by_role("list", name="What the model says")).to_have_text("Bad 21%Okay 52%Great 27%")
    widths = step.locator("svg.strip rect[class]").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().width)"
    )
    assert [round(100 * width / sum(widths)) for width in widths] == [21, 52, 27]
    page.get_by_role("navigation", name="Scored by").get_by_role("link", name="imported").click()
    expect(page.get_by_text("The model calls step 1 wrong")).to_be_visible()


def test_without_a_script_the_texts_stand_as_they_were_written(
    stage: Stage, browser: Browser, live_server: Any
) -> None:
    client = scene.session_of(stage.users["researcher"])
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    name = configured.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    page = context.new_page()
    solution = Project.objects.get(slug="full").solutions.order_by("pk")[0]
    page.goto(f"/projects/full/solutions/{solution.pk}/")
    expect(page.get_by_text("So the denominator is $3x - 7$.")).to_be_visible()
    expect(page.get_by_text("They part here")).to_be_visible()
    context.close()
