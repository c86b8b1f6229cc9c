"""Samples by a server: what is asked, what is believed of the answer, and that a bad server costs time and nothing else. A59 to A62."""

import contextlib
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from activelearning import live_steps
from activelearning.generators import openai_api
from activelearning.generators.openai_api import AWAY, ServerAway, ServerRefused
from activelearning.generators.samples import NO_REPLY, REFUSED, Sample, Sampled, Wanted
from activelearning.generators.sampling import Sampling
from activelearning.generators.servers import Server, ServersRefused, parse

Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class Fake:
    """A server that answers as `answer` says; `asked` are the bodies it got."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.answer: Answer = samples_of("One.\n# Answer\n1")
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                fake.asked.append(body | {"path": self.path})
                fake.heads.append(dict(self.headers))
                with contextlib.suppress(OSError):  # whoever asked has gone
                    fake.answer(self, body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def server(self, **facts: Any) -> Server:
        return parse({"fake": {"url": self.url, "model": "m", "seconds": 5, **facts}})["fake"]


def reply(handler: BaseHTTPRequestHandler, body: bytes, *, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in ({"Content-Length": str(len(body))} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def samples_of(*texts: str, finish: str = "stop") -> Answer:
    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        chosen = [texts[place % len(texts)] for place in range(body["n"])]
        reply(handler, json.dumps({"choices": [{"text": t, "finish_reason": finish} for t in chosen]}).encode())

    return answer


def says(body: bytes, **how: Any) -> Answer:
    return lambda handler, _: reply(handler, body, **how)


@pytest.fixture
def fake() -> Iterator[Fake]:
    found = Fake()
    yield found
    found.http.shutdown()
    found.http.server_close()


def sampled(server: Server, count: int = 1, **sampling: Any) -> list[Sampled]:
    found: list[Sampled] = []
    wanted = [Wanted(id=number, problem=f"Problem {number}?", seed=100 * number) for number in range(count)]
    settings = Sampling(**{"samples": 2, **sampling})
    openai_api.generate(server, wanted, settings, take=found.append, tick=lambda: None, first_pause=0.01)
    return sorted(found, key=lambda one: one.id)


def test_each_problem_is_asked_for_by_its_own_seed_and_samples_come_back_in_order(fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    fake.answer = samples_of("One.\n# Answer\n1", "Two")
    found = sampled(fake.server(key_file=str(tmp_path / "key")), 3, samples=70, stop=("END",), max_tokens=9)
    assert [len(one.samples) for one in found] == [70, 70, 70]
    assert found[0].samples[:2] == (Sample("One.\n# Answer\n1"), Sample("Two"))
    asked = sorted((body["seed"], body["n"]) for body in fake.asked)
    assert asked == [(0, 64), (64, 6), (100, 64), (164, 6), (200, 64), (264, 6)]
    body = fake.asked[0]
    assert body["path"] == "/v1/completions"
    assert (body["model"], body["stop"], body["max_tokens"]) == ("m", ["END"], 9)
    assert "Problem: Problem " in body["prompt"]
    assert {head["Authorization"] for head in fake.heads} == {"Bearer s3cret"}


def test_a_model_that_talks_is_asked_as_one_and_no_chance_means_one_request(fake: Fake) -> None:
    fake.answer = says(json.dumps({"choices": [{"message": {"content": "Hi"}, "finish_reason": "length"}]}).encode())
    found = sampled(fake.server(chat=True), temperature=0)
    assert found[0].samples == (Sample("Hi", cut_off=True),) * 2
    assert [(body["path"], body["n"]) for body in fake.asked] == [("/v1/chat/completions", 1)]
    assert fake.asked[0]["messages"][0]["content"].endswith("Solution:\n")


def test_a_busy_or_broken_server_is_asked_again_after_the_pause_that_it_wants(fake: Fake) -> None:
    answers = [
        says(b"", status=503),
        says(b"", status=429, Retry_After="1"),
        says(b"<html>"),
        samples_of("One.\n# Answer\n1"),
    ]
    fake.answer = lambda handler, body: answers[len(fake.asked) - 1](handler, body)
    began = time.monotonic()
    assert len(sampled(fake.server())[0].samples) == 2
    assert time.monotonic() - began >= 1
    assert len(fake.asked) == 4


def test_what_one_problem_is_refused_for_costs_that_problem_alone(fake: Fake) -> None:
    def answer(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        refused = "Problem 1?" in body["prompt"]
        says(b"too long", status=400)(handler, body) if refused else samples_of("x")(handler, body)

    fake.answer = answer
    found = sampled(fake.server(), 3)
    assert [(len(one.samples), one.failed) for one in found] == [(2, ""), (0, REFUSED), (2, "")]
    assert len(fake.asked) == 3


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_or_model_ends_it_at_once_with_the_status(fake: Fake, status: int) -> None:
    fake.answer = says(b"who are you?", status=status)
    with pytest.raises(ServerRefused, match=f"fake answers {status}"):
        sampled(fake.server(requests=1), 9)
    assert len(fake.asked) == 1


BOMB = gzip.compress(b"0" * 40_000_000, 1)


def bomb(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    reply(handler, BOMB, Content_Encoding="gzip")


def huge(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b" " * 1_000_000)


def many_headers(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 100_000 + b"\r\n")


BAD: dict[str, Answer] = {
    "redirect": says(b"", status=302, Location="http://169.254.169.254/latest"),
    "html": says(b"<html>hello</html>"),
    "broken json": says(b'{"choices": ['),
    "twice the same key": says(b'{"choices": [], "choices": [{"text": "x"}]}'),
    "NaN": says(b'{"choices": [{"text": "x", "logprob": NaN}]}'),
    "no choices": says(b'{"choices": []}'),
    "numbers for texts": says(b'{"choices": [{"text": 3}]}'),
    "a list": says(b"[]"),
    "gzip": bomb,
    "huge": huge,
    "many headers": many_headers,
    "an error": says(b"", status=500),
}


@pytest.mark.parametrize("name", BAD)
def test_a60_a61_a62_whatever_a_bad_server_answers_one_text_says_that_nothing_came(fake: Fake, name: str) -> None:
    fake.answer = BAD[name]
    assert [one.failed for one in sampled(fake.server())] == [NO_REPLY]
    with pytest.raises(ServerAway, match=AWAY.format(name="fake")):
        sampled(fake.server(), 9)


def test_a61_a_server_that_drips_or_says_nothing_is_left_when_its_time_is_up(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drips(handler: BaseHTTPRequestHandler, _: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.1)

    monkeypatch.setattr(openai_api, "TRIES", 1)
    over = threading.Event()
    for answer in (drips, lambda *_: over.wait(10)):
        fake.answer = answer
        began = time.monotonic()
        assert sampled(fake.server(seconds=1))[0].failed == NO_REPLY
        assert time.monotonic() - began < 5
    over.set()


def test_a61_a_round_that_is_cancelled_waits_for_no_server(fake: Fake) -> None:
    over = threading.Event()
    fake.answer = lambda *_: over.wait(20)

    def cancelled() -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        openai_api.generate(
            fake.server(), [Wanted(id=1, problem="p", seed=1)], Sampling(), take=lambda _: None, tick=cancelled
        )
    assert time.monotonic() - began < 5
    over.set()


def test_a60_a_name_is_resolved_once_and_that_address_is_asked(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    port = fake.http.server_address[1]
    resolved: list[str] = []

    def resolve(host: str, *rest: Any, **more: Any) -> Any:
        resolved.append(host)
        where = "127.0.0.1" if len(resolved) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, port))]

    monkeypatch.setattr(
        openai_api.socket, "getaddrinfo", lambda *a, **k: resolve(*a, **k) if a[0] == "gpu1" else REAL(*a, **k)
    )
    assert len(sampled(fake.server(url=f"http://gpu1:{port}/v1"), 4)[3].samples) == 2
    assert resolved == ["gpu1"]
    assert {head["Host"] for head in fake.heads} == {f"gpu1:{port}"}


REAL = socket.getaddrinfo


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[::ffff:169.254.169.254]", "2852039166", "0xA9FEA9FE", "0.0.0.0", "[fe80::1]", "224.0.0.1"]
)  # fmt: skip
def test_a59_addresses_of_the_link_itself_are_never_asked_in_any_spelling(host: str) -> None:
    server = parse({"fake": {"url": f"http://{host}/v1", "model": "m"}})["fake"]
    with pytest.raises(ServerAway, match=AWAY.format(name="fake")):
        sampled(server)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"url": "file:///etc/passwd"}, "url must begin with http"),
        ({"url": "gopher://127.0.0.1/"}, "url must begin with http"),
        ({"url": "http://user:pw@gpu1/v1"}, "url must not hold a user or a password"),
        ({"url": "http://gpu1:x/v1"}, "url is not an address"),
        ({"url": "http://gpu1/v1?x=1"}, "url must have nothing behind"),
        ({"url": ""}, "url is missing"),
        ({"model": ""}, "model is missing"),
        ({"key": "s3cret"}, "key is not a known field"),
        ({"seconds": 0}, "seconds must be"),
        ({"requests": True}, "requests must be"),
        ({"chat": "yes"}, "chat must be"),
    ],
)
def test_a59_a_server_that_cannot_be_asked_safely_is_refused_by_its_name_and_field(
    facts: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ServersRefused, match=f"gpu: {reason}"):
        parse({"gpu": {"url": "http://gpu1/v1", "model": "m", **facts}})


def test_live_steps_are_first_lines_without_repeats_and_an_answer_joins_its_step(fake: Fake, settings: Any) -> None:
    fake.answer = samples_of("So four.\n\n# Answer\n\n4\n", "We add.\nThen", "We add.", "\n# Answer\n4", "")
    settings.GENERATORS = {"fake": {"url": fake.url, "model": "m"}}
    settings.STEP_GENERATOR = "fake"
    made = live_steps.next_steps(problem="p", steps=("First\nline",), count=3, seed=1)
    assert made == ["So four.\n\n# Answer\n\n4", "We add."]
    assert fake.asked[0]["prompt"].endswith("Problem: p\nSolution:\nFirst line\n")
    assert fake.asked[0]["n"] == 6


@pytest.mark.parametrize(
    ("tail", "whole"),
    [
        ("We add", False),
        ("We add.\n", False),
        ("We add.\n\n", False),
        ("We add.\nT", True),
        ("\n\nWe add.\n\nThen", True),
        ("So four.\n\n#", False),
        ("So four.\n# Ans", False),
        ("So four.\n# Answer\n4", False),
        ("So four.\n#1 is", True),
    ],
)
def test_a_first_step_is_whole_once_the_next_line_is_no_answers(tail: str, whole: bool) -> None:
    assert live_steps.has_first_step(tail) is whole


def test_a_live_step_that_was_cut_off_is_not_offered(fake: Fake, settings: Any) -> None:
    settings.GENERATORS = {"fake": {"url": fake.url, "model": "m"}}
    settings.STEP_GENERATOR = "fake"
    fake.answer = samples_of("We add the tens and th", "So four.\n\n# Answer\n\n4", "We add.\nThen we", finish="length")
    assert live_steps.next_steps(problem="p", steps=(), count=3, seed=1) == ["So four.", "We add."]
