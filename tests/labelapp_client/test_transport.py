"""One request and what comes of it: typed errors, counted tries, pauses that the server names; files that are whole or not there."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import labelapp_client
from labelapp_client import (
    ApiError,
    Client,
    Damaged,
    RoundFailed,
    Unavailable,
    Unreachable,
    WaitedTooLong,
    client,
    transport,
)

Handler = Callable[[httpx.Request], httpx.Response]
ROUND = {
    "id": 7, "number": 2, "state": "running", "error": "", "config": {}, "metrics": None, "model": None, "snapshot": 3,
    "batch": {"id": 1, "name": "first", "generation": 1}, "created_at": "2026-11-23T14:50:58.1Z", "finished_at": None,
    "stages": [{"name": "train", "state": "running", "progress": {"done": 1}, "result": {}, "error": ""}],
    "said_by_a_newer_server": 1,
}  # fmt: skip


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the client would have slept."""
    slept: list[float] = []
    for module in (transport, client):
        monkeypatch.setattr(module, "pause", slept.append)
    return slept


def of(handler: Handler, **more: Any) -> Client:
    return Client("https://labels.example.org/", token="secret", transport=httpx.MockTransport(handler), **more)


def in_turn(*answers: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """A server that gives these answers one after another, and what it was asked."""
    left, asked = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return answer, asked


def refusal(status: int, code: str = "busy", **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"code": code, "message": "Not now.", "errors": []}, headers=names)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "Invalid"), (401, "NotSignedIn"), (403, "Forbidden"), (404, "NotFound"), (409, "Conflict"), (413, "TooLarge"),
     (429, "TooManyRequests"), (503, "Unavailable"), (500, "ApiError")],
)  # fmt: skip
def test_a_refusal_is_an_error_of_its_own_kind(status: int, kind: str) -> None:
    body = {"code": "c", "message": "No.", "errors": [{"field": "budget", "message": "is too much"}], "number": 4}
    with pytest.raises(ApiError) as raised:
        of(lambda _: httpx.Response(status, json=body)).round(1)
    error = raised.value
    assert type(error) is getattr(labelapp_client, kind)
    assert (error.status, error.code, error.message, error.data) == (status, "c", "No.", {"number": 4})
    assert [(one.field, one.message) for one in error.errors] == [("budget", "is too much")]
    assert "budget: is too much" in str(error)


def test_a_refusal_that_is_no_json_is_told_all_the_same() -> None:
    with pytest.raises(Unavailable, match="502"):
        of(lambda _: httpx.Response(502, text="<h1>Bad gateway</h1>")).projects()
    with pytest.raises(ApiError, match="labelapp's address"):
        of(lambda _: httpx.Response(200, text="<h1>Another site</h1>")).projects()


def test_the_token_is_sent_and_a_redirect_does_not_carry_it_elsewhere() -> None:
    handler, asked = in_turn(httpx.Response(302, headers={"Location": "https://elsewhere.example.org/"}))
    with pytest.raises(ApiError):
        of(handler).projects()
    assert [str(request.url) for request in asked] == ["https://labels.example.org/api/v1/projects/"]
    assert asked[0].headers["Authorization"] == "Bearer secret"


def test_busy_is_asked_again_when_the_server_says_and_no_more_often_than_was_allowed(pauses: list[float]) -> None:
    busy = [refusal(503, Retry_After="2"), refusal(429, Retry_After="5")]
    handler, asked = in_turn(*busy, httpx.Response(201, json=ROUND))
    assert of(handler).start_round("algebra", budget=3).number == 2
    assert pauses == [2, 5]
    assert {request.content for request in asked} == {b'{"budget":3}'}
    handler, asked = in_turn(*[refusal(429, Retry_After="1")] * 3)
    with pytest.raises(labelapp_client.TooManyRequests) as raised:
        of(handler, tries=3).start_round("algebra")
    assert (len(asked), raised.value.retry_after) == (3, 1)


@pytest.mark.parametrize("answer", [refusal(503), refusal(429, Retry_After="3600"), refusal(409, Retry_After="1")])
def test_a_refusal_without_a_near_time_is_not_asked_again(answer: httpx.Response, pauses: list[float]) -> None:
    handler, asked = in_turn(answer)
    with pytest.raises(ApiError):
        of(handler).round(1)
    assert (len(asked), pauses) == (1, [])


def test_a_lost_read_is_repeated_and_a_lost_write_is_not(pauses: list[float]) -> None:
    lost = httpx.ReadTimeout("timed out")
    handler, _ = in_turn(lost, lost, httpx.Response(200, json=ROUND))
    assert of(handler).round(7).number == 2
    assert pauses == [0.5, 1.0]
    handler, asked = in_turn(lost)
    with pytest.raises(Unreachable, match=r"labels\.example\.org"):
        of(handler).start_round("algebra")
    assert len(asked) == 1


def test_a_write_that_was_never_sent_is_repeated(pauses: list[float]) -> None:
    handler, asked = in_turn(httpx.ConnectError("refused"), httpx.Response(201, json=ROUND))
    assert of(handler).start_round("algebra").id == 7
    assert len(asked) == 2


def test_an_upload_is_sent_whole_at_each_try(tmp_path: Path, pauses: list[float]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"every byte\n")
    handler, asked = in_turn(refusal(503, Retry_After="1"), refusal(400, "invalid"))
    with pytest.raises(labelapp_client.Invalid):
        of(handler).import_file("algebra", path, kind="pool")
    assert len(asked) == 2
    for request in asked:
        assert request.content.count(b"every byte\n") == 1
        assert b'name="as"\r\n\r\npool' in request.content


def test_a_round_is_waited_for_until_it_ends(pauses: list[float]) -> None:
    ended = ROUND | {"state": "failed", "error": "The pool is empty.", "finished_at": "2026-11-23T15:00:00Z"}
    handler, _ = in_turn(httpx.Response(200, json=ROUND), httpx.Response(200, json=ended))
    with pytest.raises(RoundFailed, match="Round 2 is failed: The pool is empty") as raised:
        of(handler).wait_for_round(7, every=3)
    assert raised.value.round.finished_at is not None
    assert pauses == [3]
    with pytest.raises(WaitedTooLong) as waited:
        of(lambda _: httpx.Response(200, json=ROUND)).wait_for_round(7, timeout=0)
    assert waited.value.last.state == "running"


def test_an_answer_becomes_a_record_and_what_a_newer_server_says_is_passed_over() -> None:
    found = of(lambda _: httpx.Response(200, json=ROUND)).round(7)
    assert found.created_at.isoformat() == "2026-11-23T14:50:58.100000+00:00"
    assert found.batch is not None
    assert found.batch.name == "first"
    assert found.stage is not None
    assert found.stage.progress == {"done": 1}


def test_rounds_are_asked_for_page_by_page_as_they_are_needed() -> None:
    pages = [
        {"results": [{**ROUND, "number": 2}], "next": "/api/v1/projects/algebra/rounds/?before=2"},
        {"results": [{**ROUND, "number": 1}], "next": None},
    ]
    handler, asked = in_turn(*(httpx.Response(200, json=page) for page in pages))
    found = of(handler).rounds("algebra")
    assert next(found).number == 2
    assert len(asked) == 1
    assert [one.number for one in found] == [1]
    assert str(asked[1].url).endswith("/api/v1/projects/algebra/rounds/?before=2")


def test_a_name_goes_into_the_address_as_one_part_of_it() -> None:
    handler, asked = in_turn(refusal(404))
    with pytest.raises(labelapp_client.NotFound):
        of(handler).models("../../accounts")
    assert asked[0].url.raw_path == b"/api/v1/projects/..%2F..%2Faccounts/models/"


# --- files ----------------------------------------------------------------------------------------------------------


def files_server(files: dict[str, bytes], *, sent: dict[str, bytes] | None = None) -> tuple[Handler, list[str]]:
    """A server with a model of these files, which may send others than it names; and what was asked of it."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path.partition("/files/")[2]
        asked.append(name)
        if name:
            return httpx.Response(200, content=(sent or files)[name])
        rows = [{"name": n, "sha256": hashlib.sha256(b).hexdigest(), "size": len(b)} for n, b in files.items()]
        return httpx.Response(200, content=json.dumps({"results": rows}))

    return answer, asked


FILES = {"training.json": b"{}", "adapter/config.json": b"{1}", "model.safetensors": b"weights"}


def test_a_models_folder_comes_whole_its_manifest_last_and_what_is_there_stays(tmp_path: Path) -> None:
    handler, asked = files_server(FILES)
    assert of(handler).download_model(7, tmp_path / "m") == tmp_path / "m"
    assert {name: (tmp_path / "m" / name).read_bytes() for name in FILES} == FILES
    assert asked == ["", "adapter/config.json", "model.safetensors", "training.json"]
    (tmp_path / "m" / "model.safetensors").write_bytes(b"weightz")
    del asked[:]
    of(handler).download_model(7, tmp_path / "m")
    assert asked == ["", "model.safetensors"]


@pytest.mark.parametrize("arrived", [b"weigh", b"weightz", b"weights and more"])
def test_a_file_that_comes_otherwise_than_it_was_named_is_not_kept(tmp_path: Path, arrived: bytes) -> None:
    handler, _ = files_server(FILES, sent=FILES | {"model.safetensors": arrived})
    with pytest.raises(Damaged, match=r"model\.safetensors"):
        of(handler).download_model(7, tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["config.json"]


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside", "..\\outside", "C:outside"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    handler, _ = files_server({"training.json": b"{}", name: b"x"})
    with pytest.raises(Damaged, match="not one of a model's folder"):
        of(handler).download_model(7, tmp_path / "m")
    assert not list(tmp_path.rglob("outside*"))


def test_a_body_cut_in_the_middle_is_unreachable_and_leaves_nothing(tmp_path: Path) -> None:
    class Cut(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            yield b"wei"
            raise httpx.ReadError("cut")

    def answer(request: httpx.Request) -> httpx.Response:
        listed = files_server(FILES)[0]
        return httpx.Response(200, stream=Cut()) if request.url.path.endswith("safetensors") else listed(request)

    with pytest.raises(Unreachable, match="cut"):
        of(answer).download_model(7, tmp_path)
    assert not list(tmp_path.glob("*safetensors*"))


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="https"):
        Client("labels.example.org", token="t")
