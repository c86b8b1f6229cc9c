"""`manage.py demo`: prints passwords once, leaves what is there alone, and goes on where it was broken off."""

import json
import logging
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client

from activelearning import demo
from activelearning.domains import handwritten
from annotation import accounts, projects
from annotation.models import Annotation, Membership, Project, Solution, User, WorkItem

pytestmark = pytest.mark.django_db
EMAILS = ["admin@demo.example", "researcher@demo.example", "labeller@demo.example"]


@pytest.fixture(autouse=True)
def a_small_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "LABELLED", 5)
    monkeypatch.setattr(demo, "POOLED", 2)
    whole_numbers = [problem for problem in handwritten.PROBLEMS if problem.answer.isdigit()]
    monkeypatch.setattr(handwritten, "PROBLEMS", tuple(whole_numbers[:3]))


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("demo", *arguments, stdout=out)
    return out.getvalue()


def rows() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


def test_it_prints_a_table_with_which_each_account_signs_in(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = said()
    table = [line.split() for line in text.splitlines() if "@demo.example" in line]
    assert [line[:2] for line in table] == [["admin", EMAILS[0]], ["researcher", EMAILS[1]], ["labeller", EMAILS[2]]]
    for _, email, password in table:
        assert User.objects.get(email=email).check_password(password)
        assert text.count(password) == 1
        assert password not in caplog.text
    _, email, password = table[2]
    reply = client.post("/accounts/login/", {"login": email, "password": password})
    assert reply.status_code == 302


def test_json_says_the_same_as_one_object() -> None:
    made = json.loads(said("--json"))
    assert made["made"] is True
    assert made["project"] == "demo"
    assert made["labelled"] == 5
    assert [account["email"] for account in made["accounts"]] == EMAILS
    assert all(User.objects.get(email=a["email"]).check_password(a["password"]) for a in made["accounts"])


def test_a_second_run_changes_nothing_and_says_so() -> None:
    said()
    before = rows()
    with pytest.raises(CommandError, match="empty database"):
        said()
    assert "empty database" in said("--if-empty")
    assert json.loads(said("--if-empty", "--json"))["made"] is False
    assert rows() == before


def test_somebody_elses_account_or_project_is_left_alone() -> None:
    accounts.create_account(email="operator@example.org", is_operator=True)
    assert "empty database" in said("--if-empty")
    User.objects.all().delete()
    projects.create_project(slug="demo", name="Our own demo")
    assert "empty database" in said("--if-empty")
    assert not Membership.objects.exists()
    assert not Solution.objects.exists()


def test_a_demo_that_was_broken_off_is_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(demo, "_accounts", broken)
        with pytest.raises(KeyboardInterrupt):
            demo.make_demo()
    assert Project.objects.exists()
    assert not WorkItem.objects.filter(state="open", project__slug="demo").exists()
    made = json.loads(said("--if-empty", "--json"))
    assert made["made"] is True
    assert (made["labelled"], made["labelled"]) == (5, Annotation.objects.count())
    counted = WorkItem.objects.filter(state="open", project__slug="demo").count()
    assert made["queued"] == counted > 0
    assert Project.objects.count() == 2
