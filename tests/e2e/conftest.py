"""A real Chromium, driven headless; every page it opens is watched for errors, refused requests and breaches of the content policy."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def requests_end_first(live_server: Any) -> Iterator[None]:
    """The tables are emptied when a test is over: a request that is still under way then would wait for that, and that for it."""
    yield
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(10)


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained of on `page`; none may be left when the test is over."""
    return []


@pytest.fixture
def page(browser: Browser, live_server: Any, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800})
    page = context.new_page()

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.location.get('url')}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def sign_in(page: Page) -> Callable[[str], None]:
    """Through the real form, as anybody does."""

    def act(email: str) -> None:
        page.goto("/accounts/login/")
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/accounts/login/" not in url)

    return act


@pytest.fixture
def open_as(browser: Browser, live_server: Any) -> Iterator[Callable[[Client, str], Page]]:
    """A browser with this client's session, in a language and the light theme, without motion."""
    opened = []

    def act(client: Client, language: str) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 1280, "height": 800}, reduced_motion="reduce", locale=language
        )
        opened.append(context)
        held = {name: morsel.value for name, morsel in client.cookies.items()}
        held |= {settings.LANGUAGE_COOKIE_NAME: language, "theme": "light"}
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in held.items()])
        return context.new_page()

    yield act
    for context in opened:
        context.close()
