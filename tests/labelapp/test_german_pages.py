"""Every page in German, walked as its readers: nothing English is left over, whether it was marked and not translated or never marked."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.core.mail import EmailMessage
from django.test import Client

from activelearning.models import Round, RoundState, Selected, Stage
from annotation.models import Import, JobState, User
from tests.attacks import stage as theatre
from tests.attacks.walk import addresses, is_shadowed, path_of

PO = Path(__file__).resolve().parents[2] / "locale" / "de" / "LC_MESSAGES" / "django.po"
GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de", "HTTP_ACCEPT": "text/html"}
SHOWN_ATTRIBUTES = ("aria-label", "title", "placeholder", "alt", "data-label", "content")
# What people and machines wrote, and what is said in no language: names, addresses, code.
NOT_OURS = {"script", "style", "code", "pre", "bdi", "textarea"}
VOID = {"meta", "link", "input", "br", "img", "hr"}
# Words that German does not have; one of them makes a text English.
ENGLISH = re.compile(
    r"\b(?:the|and|of|is|are|to|with|you|your|this|for|it|be|by|from|that|have|has|were|can|than|its|they|there|a)\b",
    re.IGNORECASE,
)
PAGES = re.compile(r"^(?!api/|health/|static)")


class VisibleText(HTMLParser):
    """The texts of a page that a reader sees or hears, without what people wrote."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        foreign = given.get("lang") not in (None, "de")
        if tag not in VOID and (self._hidden or tag in NOT_OURS or foreign):
            self._hidden.append(tag)
        elif not self._hidden and tag != "meta":
            self.texts += [text for name in SHOWN_ATTRIBUTES if (text := given.get(name))]

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and tag == self._hidden[-1]:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.texts.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def english() -> set[str]:
    """What is marked for translation and said otherwise in German."""
    with PO.open("rb") as file:
        messages = [message for message in read_po(file) if isinstance(message.id, str) and message.id]
    return {str(message.id) for message in messages if message.id != message.string}


@pytest.fixture
def stage(db: None, settings: Any, tmp_path: Path) -> theatre.Stage:
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return theatre.build()


def signed_in(stage: theatre.Stage, role: str) -> Client:
    """By the form, so that pages which ask for a fresh sign-in open."""
    client = Client()
    client.post("/accounts/login/", {"login": stage.users[role].email, "password": theatre.PASSWORD}, **GERMAN)
    return client


def left_over(page: str, english: set[str], stage: theatre.Stage) -> list[str]:
    ours = re.compile("|".join(map(re.escape, ["Algebra", *(user.email for user in stage.users.values())])))
    found = []
    for text in VisibleText(page).texts:
        rest = ours.sub("", text)
        if text in english or ENGLISH.search(rest):
            found.append(text)
    return found


def pages(stage: theatre.Stage) -> list[str]:
    paths = {address: path_of(address, stage.parameters) for address in addresses() if PAGES.match(address)}
    return [path for address, path in paths.items() if not is_shadowed(address, path)]


def walk(client: Client, paths: list[str], english: set[str], stage: theatre.Stage) -> list[str]:
    """What is English on the pages that this client sees; nothing where all is well."""
    wrong: list[str] = []
    for path in paths:
        answer = client.get(path, follow=True, **GERMAN)
        if answer.status_code == 405 or not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = answer.content.decode()
        wrong += [f"{path}: {text}" for text in left_over(page, english, stage)]
        if 'lang="de"' not in page[:200]:
            wrong.append(f"{path}: does not say that it is German")
    return list(dict.fromkeys(wrong))


def test_no_page_in_german_has_english_words(stage: theatre.Stage, english: set[str]) -> None:
    User.objects.filter(pk=stage.users["admin"].pk).update(is_operator=True)
    _everything_done(stage)
    paths = pages(stage)
    assert len(paths) > 40
    wrong = walk(signed_in(stage, "admin"), paths, english, stage)
    wrong += walk(signed_in(stage, "labeller"), [path for path in paths if "/accounts/" not in path], english, stage)
    wrong += walk(Client(), [path for path in paths if "/accounts/" in path or "/invitations/" in path], english, stage)
    assert not wrong, "\n".join(wrong)


def _everything_done(stage: theatre.Stage) -> None:
    """An import and a round that are over, with what their workers stored in English."""
    Import.objects.update(
        state=JobState.DONE,
        kind="queue",
        error="2 lines were refused, so nothing was imported.",
        refused=[{"file": "x", "line": 1, "field": "steps", "reason": "has 3 entries, more than 2"}],
        counts={"rows": 3, "problems": 1, "solutions": 1, "annotations": 1, "queue": 1, "scores": 1, "duplicates": 1},
    )
    Stage.objects.update(
        state=JobState.DONE, error="", result={"summary": "1,200 solutions of 300 problems are in the pool."}
    )
    Selected.objects.update(reason="wrong answer, score 0.9871")
    Round.objects.update(state=RoundState.FAILED, error="The scorer left solutions without a score; see its log.")


FORMS = (
    "/projects/new/",
    "/projects/algebra/settings/",
    "/projects/algebra/queue/",
    "/projects/algebra/people/",
    "/projects/algebra/imports/",
    "/projects/algebra/rounds/new/",
    "/account/tokens/",
    "/accounts/password/change/",
)


def test_every_form_is_refused_in_german(stage: theatre.Stage, english: set[str]) -> None:
    User.objects.filter(pk=stage.users["admin"].pk).update(is_operator=True)
    client = signed_in(stage, "admin")
    for path in FORMS:
        answer = client.post(path, {"slug": "Not A Slug", "seed": "x", "password1": "1"}, **GERMAN)
        page = answer.content.decode()
        assert 'class="error"' in page, path
        assert (path, left_over(page, english, stage)) == (path, [])


@pytest.mark.parametrize("address", ["admin@example.org", "nobody@example.org"])
def test_a_forgotten_password_is_answered_in_german(
    stage: theatre.Stage, mailoutbox: list[EmailMessage], address: str
) -> None:
    Client().post("/accounts/password/reset/", {"email": address}, **GERMAN)
    (mail,) = mailoutbox
    said = f"{mail.subject}\n{mail.body}".replace(address, "")
    assert "Passwort" in said
    assert [line for line in said.splitlines() if ENGLISH.search(line) and "http" not in line] == []


def test_english_on_a_page_would_be_seen(stage: theatre.Stage, english: set[str]) -> None:
    page = (
        Client()
        .get("/accounts/login/", HTTP_ACCEPT_LANGUAGE="en")
        .content.decode()
        .replace('<html lang="en"', '<html lang="de"')
    )
    assert {"Sign in", "Skip to content"} <= set(left_over(page, english, stage))
    assert left_over("<p>Ein Satz und an English one with words.</p>", english, stage)
