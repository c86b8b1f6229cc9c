"""Samples by any server that speaks OpenAI's interface; vLLM first (`docs/generators.md` has its command).

What a server answers is not trusted: no redirects, no proxies, its name resolved once and that address connected to, so much time and so
many bytes and no more, nothing compressed, strict JSON of the known shape. A busy or broken server is asked again, more and more slowly.
"""

import ipaddress
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from activelearning.generators.samples import NO_REPLY, REFUSED, Sample, Sampled, Take, Tick, Wanted
from activelearning.generators.sampling import Sampling
from activelearning.generators.servers import Server
from annotation.formats.strict_json import StrictJSONError, loads

LARGEST_REPLY = 16 * 1024 * 1024  # bytes
AT_ONCE = 64  # samples of one request; more of a problem come by several
TRIES = 4
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before asking again
BREAKER = 5  # problems one after another without a proper reply: the server is given up
CONNECT_SECONDS = 5.0
TICK = 0.5
# Whoever may not reach a server learns nothing of what is there instead: one text for all that can go wrong on the way.
AWAY = "The generator's server {name} gives no proper reply."


class ServerAway(OSError):
    """The server does not answer properly, whatever it is asked: it is tried again by the next attempt."""


class ServerRefused(ValueError):
    """The server will not have us, whatever it is asked: its key or its model is wrong. The text says which status it answered."""


class NoReply(Exception):
    """One request brought nothing; `pause` is what the server asked us to wait, in seconds."""

    def __init__(self, *, pause: float | None = None) -> None:
        super().__init__()
        self.pause = pause


class RequestRefused(Exception):
    """The server will not have this one request (400, 413, 422): the problem is too long for it, say."""


def generate(
    server: Server,
    wanted: Sequence[Wanted],
    sampling: Sampling,
    *,
    take: Take,
    tick: Tick,
    first_pause: float = FIRST_PAUSE,
) -> None:
    """Each problem's samples as they come, `server.requests` problems at once. Raises `ServerAway`, `ServerRefused`."""
    threads = ThreadPoolExecutor(server.requests, thread_name_prefix="sampling")
    with Client(server) as client:
        try:
            sampled = partial(client.sampled, sampling=sampling, first_pause=first_pause)
            _through(server, deque(wanted), partial(threads.submit, sampled), take, tick)
        finally:
            client.stop()
            # Not waited for: a request under way ends by its own time-out, and a cancelled round is to be gone within seconds.
            threads.shutdown(wait=False, cancel_futures=True)


def _through(
    server: Server, left: deque[Wanted], ask: Callable[[Wanted], Future[Sampled]], take: Take, tick: Tick
) -> None:
    asked: set[Future[Sampled]] = set()
    in_a_row = 0
    while left or asked:
        while left and len(asked) < server.requests:
            asked.add(ask(left.popleft()))
        done, asked = wait(asked, timeout=TICK, return_when=FIRST_COMPLETED)
        tick()
        for future in done:
            found = future.result()
            in_a_row = in_a_row + 1 if found.failed == NO_REPLY and not found.samples else 0
            if in_a_row >= BREAKER:
                raise ServerAway(AWAY.format(name=server.name))
            take(found)


class Client:
    """Asks one server; safe to use from several threads."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._stopped = False
        self._host = urlsplit(server.url).hostname or ""
        try:
            self._address = _pinned(server.url)
            headers = {"Accept-Encoding": "identity", "Host": urlsplit(server.url).netloc}
            if key := server.key():
                headers["Authorization"] = f"Bearer {key}"
        except OSError as error:
            raise ServerAway(AWAY.format(name=server.name)) from error
        self._http = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(server.seconds, connect=min(CONNECT_SECONDS, server.seconds)),
            follow_redirects=False,
            trust_env=False,  # no proxy of the environment's
            limits=httpx.Limits(max_connections=server.requests),
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """No more tries, and no more waiting for what is under way."""
        self._stopped = True
        self._http.close()

    def sampled(self, one: Wanted, sampling: Sampling, *, first_pause: float = FIRST_PAUSE) -> Sampled:
        """All samples of a problem that are to be had, and why the others are not. Raises `ServerRefused`."""
        found: list[Sample] = []
        try:
            while (missing := sampling.samples - len(found)) > 0:
                # Without chance all samples are the same one, and vLLM refuses to be asked for several.
                count = min(missing, AT_ONCE) if sampling.temperature else 1
                prompt = sampling.prompt_for(one.problem)
                new = self._samples(self._body(prompt, sampling, count=count, seed=one.seed + len(found)), first_pause)
                found += new if sampling.temperature else new * missing
        except NoReply:
            return Sampled(id=one.id, samples=tuple(found), failed=NO_REPLY)
        except RequestRefused:
            return Sampled(id=one.id, samples=tuple(found), failed=REFUSED)
        return Sampled(id=one.id, samples=tuple(found))

    def continued(self, prompt: str, *, count: int, seed: int, sampling: Sampling) -> list[Sample]:
        """That many samples that go on from a prompt, asked for once. Raises `NoReply`, `RequestRefused`, `ServerRefused`."""
        asked = self._body(prompt, sampling, count=count, seed=seed)
        return _read(self._once(asked), chat=self.server.chat)

    def _body(self, prompt: str, sampling: Sampling, *, count: int, seed: int) -> dict[str, Any]:
        text = {"messages": [{"role": "user", "content": prompt}]} if self.server.chat else {"prompt": prompt}
        return {
            "model": self.server.model,
            **text,
            "n": count,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            "seed": seed & 0x7FFFFFFF,
            **({"stop": list(sampling.stop)} if sampling.stop else {}),
        }

    def _samples(self, asked: Mapping[str, Any], pause: float) -> list[Sample]:
        """Raises `NoReply` once it was tried often enough."""
        for attempt in range(1, TRIES + 1):
            try:
                return _read(self._once(asked), chat=self.server.chat)[: asked["n"]]
            except NoReply as reason:
                if attempt == TRIES or self._stopped:
                    raise
                self._sleep(min(reason.pause if reason.pause is not None else pause, LONGEST_PAUSE))
                pause *= 2
        raise NoReply

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopped and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, TICK))

    def _once(self, asked: Mapping[str, Any]) -> bytes:
        path = "/chat/completions" if self.server.chat else "/completions"
        end = time.monotonic() + self.server.seconds
        try:
            request = self._http.build_request(
                "POST", self._address + path, json=dict(asked), extensions={"sni_hostname": self._host}
            )
            reply = self._http.send(request, stream=True)
            try:
                _refuse(reply, self.server.name)
                return b"".join(_bounded(reply, end))
            finally:
                reply.close()
        # RuntimeError: the client was closed under us, by `stop`.
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, RuntimeError) as error:
            raise NoReply from error


def _pinned(url: str) -> str:
    """The address with its host resolved, once and for all: a name that changes later leads nowhere else.

    Addresses of the link itself (169.254.0.0/16, fe80::/10: a cloud's metadata) are never asked. Raises `OSError`.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    *_, found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)[0]
    ip = ipaddress.ip_address(str(found[0]).partition("%")[0])
    plain = getattr(ip, "ipv4_mapped", None) or ip
    if plain.is_link_local or plain.is_multicast or plain.is_unspecified:
        raise OSError("an address that is never asked")
    host = f"[{ip}]" if ip.version == 6 else str(ip)
    return urlunsplit((parts.scheme, f"{host}:{port}", parts.path, "", ""))


def _refuse(reply: httpx.Response, name: str) -> None:
    """Raises where the answer's head says that there is nothing to read."""
    if reply.status_code in (400, 413, 422):
        raise RequestRefused
    if reply.status_code in (401, 403, 404, 405):
        raise ServerRefused(
            f"The generator's server {name} answers {reply.status_code}: its address, key or model is not right."
        )
    if reply.status_code != 200 or reply.headers.get("Content-Encoding", "identity") != "identity":
        raise NoReply(pause=_asked_pause(reply))


def _asked_pause(reply: httpx.Response) -> float | None:
    said = reply.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 6 else None


def _bounded(reply: httpx.Response, end: float) -> Iterator[bytes]:
    size = 0
    for part in reply.iter_raw():
        size += len(part)
        if size > LARGEST_REPLY or time.monotonic() > end:
            raise NoReply
        yield part


def _read(body: bytes, *, chat: bool) -> list[Sample]:
    """The samples of a reply. Raises `NoReply` where it has another shape."""
    try:
        found = loads(body)
    except StrictJSONError as error:
        raise NoReply from error
    choices = found.get("choices") if isinstance(found, dict) else None
    if not isinstance(choices, list) or not choices:
        raise NoReply
    return [_sample(choice, chat=chat) for choice in choices]


def _sample(choice: Any, *, chat: bool) -> Sample:
    if not isinstance(choice, dict):
        raise NoReply
    message = choice.get("message")
    text = (message.get("content") if isinstance(message, dict) else None) if chat else choice.get("text")
    if not isinstance(text, str):
        raise NoReply
    return Sample(text, cut_off=choice.get("finish_reason") == "length")
