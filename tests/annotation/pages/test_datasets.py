"""Pages of datasets: upload a file and read what came of it, freeze the labels, find the downloads."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotation import imports, snapshots
from annotation.imports import import_files
from annotation.models import Import, JobState, Project, Role, Snapshot, User
from tests.annotation.conftest import Lines
from tests.annotation.records import record, solution

pytestmark = pytest.mark.usefixtures("data_dir")
SignedIn = Callable[[User], Client]
IMPORTS, DATA = "/projects/algebra/imports/", "/projects/algebra/data/"


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def a_file(*rows: Any, name: str = "mine.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"".join(json.dumps(row).encode() + b"\n" for row in rows))


def test_a_file_is_uploaded_watched_and_there(admin: User, project: Project, signed_in: SignedIn) -> None:
    client = signed_in(admin)
    assert 'enctype="multipart/form-data"' in text(client, IMPORTS)
    sent = client.post(IMPORTS, {"file": a_file(solution(1), solution(2)), "format": "auto", "kind": "queue"})
    job = Import.objects.get()
    assert sent.headers["Location"] == f"/imports/{job.pk}/"
    waiting = text(client, f"/imports/{job.pk}/")
    assert 'http-equiv="refresh"' in waiting
    imports.run_import(pk=job.pk)
    done = text(client, f"/imports/{job.pk}/")
    assert "refresh" not in done
    assert "All of it is in" in done
    assert "mine.jsonl" in text(client, IMPORTS)


def test_a_running_import_shows_how_far_it_is(admin: User, project: Project, signed_in: SignedIn) -> None:
    progress = {"stage": "insert", "rows": 4000, "total": 10000}
    job = Import.objects.create(
        project=project, file_name="x", format="prm800k", state=JobState.RUNNING, progress=progress
    )
    assert "4,000 of 10,000 rows" in text(signed_in(admin), f"/imports/{job.pk}/")


def test_refused_lines_are_listed_as_text(admin: User, project: Project, signed_in: SignedIn) -> None:
    client = signed_in(admin)
    client.post(
        IMPORTS,
        {"file": a_file({"problem": "x", "<script>alert(1)</script>": 1}, name="<b>.jsonl"), "format": "problems"},
    )
    job = Import.objects.get()
    imports.run_import(pk=job.pk)
    Import.objects.update(refused=[{"file": "f", "line": 7, "field": "<i>", "reason": "<script>alert(1)</script>"}])
    page = text(client, f"/imports/{job.pk}/")
    assert "Refused lines" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "Nothing was imported" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": "auto"}, "This field is required"),
        ({"file": a_file(record(1)), "format": "prm800k", "kind": "queue"}, "does not fit the format"),
        ({"file": a_file(record(1)), "format": "xlsx"}, "xlsx"),
    ],
)
def test_a_form_that_does_not_fit_comes_back_with_the_reason(
    fields: dict[str, Any], said: str, admin: User, project: Project, signed_in: SignedIn
) -> None:
    answer = signed_in(admin).post(IMPORTS, fields)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Import.objects.exists()


def test_the_upload_form_needs_its_csrf_token_and_checks_who_asks_first(
    admin: User, labeller: User, project: Project, settings: LazySettings
) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(IMPORTS, {"file": a_file(solution(1))}).status_code == 302
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(IMPORTS, {"file": a_file(solution(1))}).status_code == 403
    settings.UPLOAD_MAX_BYTES = 10
    assert client.post(IMPORTS, {"file": a_file(solution(1))}).status_code == 413
    client.force_login(labeller, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(IMPORTS, {"file": a_file(solution(1))}).status_code == 403
    assert not Import.objects.exists()


def test_labels_are_frozen_and_offered_for_download(
    researcher: User, project: Project, lines: Lines, signed_in: SignedIn
) -> None:
    client = signed_in(researcher)
    assert "No labels yet" in text(client, DATA)
    import_files(project=project, paths=[lines(record(1), record(2))])
    assert "2 finished labels" in text(client, DATA)
    assert client.post(DATA).headers["Location"] == DATA
    snapshot = Snapshot.objects.get()
    page = text(client, DATA)
    assert snapshot.sha256 in page
    for query in ("format=prm800k", "format=stepwise&amp;neutral=good", "format=scored-samples"):
        assert f"/api/v1/snapshots/{snapshot.pk}/export/?{query}" in page
    client.post(DATA)
    assert Snapshot.objects.count() == 1


def test_freezing_nothing_says_so(researcher: User, project: Project, signed_in: SignedIn) -> None:
    client = signed_in(researcher)
    client.post(DATA)
    assert "nothing to freeze" in text(client, DATA)


def test_each_role_finds_only_its_pages(
    member: Callable[..., User], project: Project, lines: Lines, signed_in: SignedIn
) -> None:
    job = import_files(project=project, paths=[lines(solution(1))])
    wanted = {
        Role.LABELLER: (403, 403, 404),
        Role.REVIEWER: (403, 403, 404),
        Role.RESEARCHER: (403, 200, 404),
        Role.ADMIN: (200, 200, 200),
    }
    for role, statuses in wanted.items():
        client = signed_in(member(role))
        found = tuple(client.get(path).status_code for path in (IMPORTS, DATA, f"/imports/{job.pk}/"))
        assert found == statuses, role


@pytest.mark.parametrize("path", [IMPORTS, DATA])
def test_lists_ask_the_database_the_same_however_long_they_are(
    path: str, admin: User, project: Project, lines: Lines, signed_in: SignedIn, data_dir: Path
) -> None:
    client = signed_in(admin)

    def add(n: int) -> None:
        import_files(project=project, paths=[lines(record(n), name=f"{n}.jsonl")], actor=admin)
        snapshots.freeze(project=project, actor=admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text(client, path)
        return len(captured)

    add(1)
    before = queries()
    for n in range(2, 6):
        add(n)
    assert queries() == before
