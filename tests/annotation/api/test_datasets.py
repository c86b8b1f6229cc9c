"""API of datasets: who may upload, freeze and download; what an upload may be; how a download shows that it is whole."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation import accounts, imports, projects
from annotation.imports import import_files
from annotation.models import AuditEntry, Import, JobState, Project, Role, Snapshot, Solution, User
from tests.annotation.conftest import Lines
from tests.annotation.records import record, solution

pytestmark = pytest.mark.usefixtures("data_dir")
SignedIn = Callable[[User], Client]
Member = Callable[..., User]
UPLOAD = "/api/v1/projects/algebra/imports/"
FREEZE = "/api/v1/projects/algebra/snapshots/"


def jsonl(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def a_file(content: bytes, name: str = "mine.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/html")


def bearer(user: User, *scopes: str) -> dict[str, str]:
    _, secret = accounts.issue_token(user=user, name="script", scopes=list(scopes))
    return {"Authorization": f"Bearer {secret}"}


def test_an_upload_is_202_and_its_import_tells_how_it_went(admin: User, project: Project, signed_in: SignedIn) -> None:
    client = signed_in(admin)
    answer = client.post(UPLOAD, {"file": a_file(jsonl(solution(1), solution(2))), "as": "queue"})
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["file_name"]) == ("pending", "mine.jsonl")
    imports.run_import(pk=answer.json()["id"])
    told = client.get(answer.headers["Location"]).json()
    assert (told["state"], told["kind"], told["counts"]["queue"]) == ("done", "queue", 2)
    assert told["progress"] == {"stage": "done", "rows": 2, "total": 2}


def test_a_refused_upload_lists_its_lines(admin: User, project: Project, signed_in: SignedIn) -> None:
    client = signed_in(admin)
    answer = client.post(UPLOAD, {"file": a_file(b'{"problem": "x", "answer": 1}\n'), "format": "problems"})
    imports.run_import(pk=answer.json()["id"])
    told = client.get(f"/api/v1/imports/{answer.json()['id']}/").json()
    assert (told["state"], told["refused_count"]) == ("failed", 1)
    assert told["refused"] == [{"file": "mine.jsonl", "line": 1, "field": "answer", "reason": "must be text"}]


def test_an_upload_by_token_needs_the_admin_scope(admin: User, project: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    refused = client.post(UPLOAD, {"file": a_file(jsonl(solution(1)))}, headers=bearer(admin, "export", "read"))
    assert refused.status_code == 403
    taken = client.post(UPLOAD, {"file": a_file(gzip.compress(jsonl(solution(1))))}, headers=bearer(admin, "admin"))
    assert taken.status_code == 202
    imports.run_import(pk=taken.json()["id"])
    assert Solution.objects.count() == 1


def test_a_session_needs_the_csrf_token(admin: User, project: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.post(UPLOAD, {"file": a_file(jsonl(solution(1)))})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    token = client.cookies["csrftoken"].value
    answer = client.post(UPLOAD, {"file": a_file(jsonl(solution(1)))}, headers={"X-CSRFToken": token})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "file"),
        ({"file": "no file"}, "file"),
        ({"file": a_file(b"x"), "format": "xlsx"}, "format"),
        ({"file": a_file(b"x"), "as": "gold"}, "as"),
        ({"file": a_file(b"x"), "format": "prm800k", "as": "queue"}, "as"),
        ({"file": a_file(b"x"), "path": "/etc/passwd"}, "path"),
    ],
)
def test_a_bad_request_names_its_field_and_stores_nothing(
    fields: dict[str, Any], field: str, admin: User, project: Project, signed_in: SignedIn, data_dir: Path
) -> None:
    answer = signed_in(admin).post(UPLOAD, fields)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Import.objects.exists()
    assert list((data_dir / "uploads").iterdir()) == []


def test_a54_an_upload_over_the_limit_is_413_before_it_is_read(
    admin: User, project: Project, signed_in: SignedIn, settings: LazySettings, data_dir: Path
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    answer = signed_in(admin).post(UPLOAD, {"file": a_file(b"x" * 2000)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert list((data_dir / "uploads").iterdir()) == []


@pytest.mark.parametrize("body", [b"", b"--x\r\nContent-Disposition: nonsense\r\n\r\nfile", b"\x00" * 100])
def test_what_is_no_form_is_400(body: bytes, admin: User, project: Project, signed_in: SignedIn) -> None:
    answer = signed_in(admin).post(UPLOAD, body, content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    answer = signed_in(admin).post(UPLOAD, body, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert signed_in(admin).post(UPLOAD, b"{}", content_type="application/json").status_code == 415


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\r\nSet-Cookie: x=1.jsonl", "\u202elnosj.jsonl", "x" * 4000, "C:\\a\\b.jsonl"]
)
def test_a44_the_senders_name_is_for_show_alone(
    name: str, admin: User, project: Project, signed_in: SignedIn, data_dir: Path
) -> None:
    answer = signed_in(admin).post(UPLOAD, {"file": a_file(jsonl(solution(1)), name=name)})
    assert answer.status_code == 202
    job = Import.objects.get()
    assert job.path.startswith("uploads/upload-")
    assert len(job.file_name) <= 255
    assert job.file_name.isprintable()
    assert "/" not in job.file_name
    assert [path.name for path in (data_dir / "uploads").iterdir()] == [job.path.removeprefix("uploads/")]


def test_roles_below_admin_upload_nothing_and_see_no_import(
    member: Member, admin: User, project: Project, signed_in: SignedIn
) -> None:
    taken = signed_in(admin).post(UPLOAD, {"file": a_file(jsonl(solution(1)))}).json()
    for role in (Role.LABELLER, Role.REVIEWER, Role.RESEARCHER):
        client = signed_in(member(role))
        assert client.post(UPLOAD, {"file": a_file(b"x")}).status_code == 403
        assert client.get(f"/api/v1/imports/{taken['id']}/").status_code == 404
    assert Client().post(UPLOAD, {"file": a_file(b"x")}).status_code == 401
    stranger, _ = accounts.create_account(email="stranger@example.org")
    assert signed_in(stranger).post(UPLOAD, {"file": a_file(b"x")}).status_code == 404
    assert Import.objects.count() == 1


# --- snapshots ------------------------------------------------------------------------------------------------------


@pytest.fixture
def frozen(project: Project, lines: Lines, researcher: User, signed_in: SignedIn) -> dict[str, Any]:
    import_files(project=project, paths=[lines(record(1), record(2, ratings=(0, -1)))])
    answer = signed_in(researcher).post(FREEZE, content_type="application/json")
    assert answer.status_code == 201
    told: dict[str, Any] = answer.json()
    return told


def test_freezing_tells_rows_and_lineage_and_again_is_the_same(
    frozen: dict[str, Any], researcher: User, signed_in: SignedIn
) -> None:
    assert (frozen["rows"], frozen["project"], frozen["lineage"]["labellers"]) == (2, "algebra", 1)
    assert signed_in(researcher).post(FREEZE, {}, content_type="application/json").json() == frozen


def test_freezing_nothing_is_409(project: Project, researcher: User, signed_in: SignedIn) -> None:
    answer = signed_in(researcher).post(FREEZE, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_freeze")


def test_a_download_is_what_the_snapshot_says_in_every_format(
    frozen: dict[str, Any], researcher: User, signed_in: SignedIn
) -> None:
    client = signed_in(researcher)
    formats = client.get(f"/api/v1/snapshots/{frozen['id']}/").json()["formats"]
    wanted = [
        ("format=prm800k", formats["prm800k"]),
        ("format=stepwise&neutral=good", formats["stepwise"]["good"]),
        ("format=stepwise&neutral=bad", formats["stepwise"]["bad"]),
        ("format=scored-samples", formats["scored-samples"]),
    ]
    for query, facts in wanted:
        answer = client.get(f"/api/v1/snapshots/{frozen['id']}/export/?{query}")
        body = answer.getvalue()
        digest = hashlib.sha256(body)
        assert (digest.hexdigest(), len(body), body.count(b"\n")) == (facts["sha256"], facts["bytes"], facts["rows"])
        assert answer.headers["Content-Length"] == str(len(body))
        assert answer.headers["X-Dataset-SHA256"] == facts["sha256"]
        assert answer.headers["X-Dataset-Rows"] == str(facts["rows"])
        assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"


def test_a45_a_download_opens_as_nothing_but_a_file(
    frozen: dict[str, Any], researcher: User, signed_in: SignedIn
) -> None:
    answer = signed_in(researcher).get(f"/api/v1/snapshots/{frozen['id']}/export/?format=prm800k")
    assert (
        answer.headers["Content-Disposition"] == f'attachment; filename="algebra-snapshot-{frozen["id"]}-prm800k.jsonl"'
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["", "format=csv", "format=api", "format=json", "format=stepwise&neutral=maybe"])
def test_an_unknown_format_is_400(query: str, frozen: dict[str, Any], researcher: User, signed_in: SignedIn) -> None:
    answer = signed_in(researcher).get(f"/api/v1/snapshots/{frozen['id']}/export/?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_download_is_on_the_audit_trail(frozen: dict[str, Any], researcher: User, signed_in: SignedIn) -> None:
    signed_in(researcher).get(f"/api/v1/snapshots/{frozen['id']}/export/?format=prm800k")
    entry = AuditEntry.objects.get(action="dataset.exported")
    assert (entry.actor, entry.data["snapshot"], entry.data["sha256"]) == (researcher, frozen["id"], frozen["sha256"])


def test_a29_who_may_not_see_the_project_finds_no_snapshot(
    frozen: dict[str, Any], member: Member, researcher: User, signed_in: SignedIn
) -> None:
    other = projects.create_project(slug="other")
    elsewhere = member(Role.ADMIN, name="elsewhere", in_project=other)
    for user in (elsewhere, member(Role.LABELLER), member(Role.REVIEWER)):
        client = signed_in(user)
        assert client.get(f"/api/v1/snapshots/{frozen['id']}/").status_code == 404
        assert client.get(f"/api/v1/snapshots/{frozen['id']}/export/?format=prm800k").status_code == 404
    assert Client().get(f"/api/v1/snapshots/{frozen['id']}/").status_code == 401
    with_token = Client().get(f"/api/v1/snapshots/{frozen['id']}/", headers=bearer(researcher, "read"))
    assert with_token.status_code == 403
    assert Client().get(f"/api/v1/snapshots/{frozen['id']}/", headers=bearer(researcher, "export")).status_code == 200
    assert Snapshot.objects.count() == 1
    assert Import.objects.get().state == JobState.DONE
