"""A bad line between a browser and the server: a proxy that decides of every request how it is to end."""

import contextlib
import json
import re
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

_HEAD_END = b"\r\n\r\n"


class Fate(Enum):
    PASS = "passed"
    CUT_BEFORE = "cut before the server had it"
    CUT_AFTER = "cut after the server had answered"
    HALF_OPEN = "answered, and the answer never arrives"
    ERROR = "500"
    BUSY = "503"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the line sees it."""

    method: str
    path: str
    body: bytes

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def is_submission(self) -> bool:
        return self.method == "POST" and self.path.endswith("/submission/")


class Line:
    """`fate` is asked for each request, in the thread that carries it; `delay` holds each one up for as many seconds."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.fate: Callable[[Asked], Fate] = lambda asked: Fate.PASS
        self.delay = 0.0
        self.retry_after = 1
        # Set: whoever is held half-open is let go.
        self.let_go = threading.Event()
        self.log: list[tuple[Asked, Fate]] = []
        # What came back to the browser, whole.
        self.passed: list[tuple[Asked, bytes]] = []
        line = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    line._carry(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def count(self, *fates: Fate) -> int:
        return sum(fate in fates for _, fate in self.log)

    def submissions(self) -> list[Asked]:
        return [asked for asked, _ in self.log if asked.is_submission]

    def receipts(self) -> dict[str, dict[str, Any]]:
        """Of each submission that was answered for good and whose answer came through, by its key."""
        found = {}
        for asked, answer in self.passed:
            head, _, body = answer.partition(_HEAD_END)
            if asked.is_submission and re.match(rb"HTTP/1\.\d 20[01] ", head):
                found[json.loads(asked.body)["client_key"]] = json.loads(body)["receipt"]
        return found

    def _carry(self, client: socket.socket) -> None:
        raw, asked = _read_request(client)
        if asked is None:
            return
        fate = self.fate(asked)
        self.log.append((asked, fate))
        if self.delay:
            time.sleep(self.delay)
        if fate is Fate.CUT_BEFORE:
            return _reset(client)
        if fate in (Fate.ERROR, Fate.BUSY):
            return client.sendall(self._refusal(fate))
        answer = self._ask_server(raw)
        if fate is Fate.PASS and answer:
            client.sendall(answer)
            return self.passed.append((asked, answer))
        if fate is Fate.HALF_OPEN:
            self.let_go.wait(60)
        _reset(client)

    def _ask_server(self, raw: bytes) -> bytes:
        """The whole answer; nothing where the server is not there or died over it."""
        answer = b""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.target_port)) as server:
            server.sendall(raw)
            while chunk := server.recv(65536):
                answer += chunk
        return answer if _is_whole(answer) else b""

    def _refusal(self, fate: Fate) -> bytes:
        status = "500 Internal Server Error" if fate is Fate.ERROR else "503 Service Unavailable"
        extra = f"Retry-After: {self.retry_after}\r\n" if fate is Fate.BUSY else ""
        return f"HTTP/1.1 {status}\r\n{extra}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()


def _read_request(client: socket.socket) -> tuple[bytes, Asked | None]:
    raw = b""
    while _HEAD_END not in raw:
        chunk = client.recv(65536)
        if not chunk:
            return raw, None
        raw += chunk
    head, _, body = raw.partition(_HEAD_END)
    length = re.search(rb"(?i)^content-length:\s*(\d+)", head, re.M)
    while length and len(body) < int(length.group(1)):
        body += client.recv(65536)
    # One request a connection: then the end of the answer is the end of the stream, and no browser repeats on a reused one.
    head = re.sub(rb"(?im)^connection:.*\r?\n?", b"", head).rstrip(b"\r\n") + b"\r\nConnection: close"
    method, path = head.split(b" ", 2)[:2]
    return head + _HEAD_END + body, Asked(method.decode(), path.decode(), body)


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(_HEAD_END)
    length = re.search(rb"(?i)^content-length:\s*(\d+)", head, re.M)
    return bool(end) and (length is None or len(body) == int(length.group(1)) or b" 304 " in head[:20])


def _reset(client: socket.socket) -> Any:
    """Close as a broken line does: with a reset, not in order."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
