"""The figure of the page of solutions comes after the list, and a sentence in its place where it does not."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from activelearning.models import ModelKind, RewardModel
from annotation.models import Project, User, Verdict
from tests.activelearning.test_explorer import SCORER, make_scored

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_figure_follows_the_list_or_says_why_not(
    project: Project, researcher: User, signed_in: Callable[[User], Any], open_as: Callable[..., Page]
) -> None:
    RewardModel.objects.create(project=project, kind=ModelKind.PRM, name=SCORER, path="m", sha256="0" * 64)
    make_scored(project, 1, 0.7, verdict=Verdict.RIGHT)
    page = open_as(signed_in(researcher), "en")
    page.goto("/projects/algebra/pool/")
    expect(page.locator("#figure svg rect.right")).to_have_count(1)
    page.route("**/*figure=1", lambda route: route.fulfill(status=503))
    page.goto("/projects/algebra/pool/")
    expect(page.locator("#figure [role=status]")).to_contain_text("could not be drawn")
    assert page.locator("table a").count() == 1
