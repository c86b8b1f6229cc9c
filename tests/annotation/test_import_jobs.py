"""Imports as jobs: unseen until they are whole, and gone when they are not; uploads and the command."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from annotation import accounts, import_work, imports, jobs, projects, queue, uploads
from annotation.imports import import_files
from annotation.jobs import this_process
from annotation.models import (
    Annotation,
    Import,
    JobState,
    Problem,
    Project,
    Solution,
    User,
)
from tests.annotation.conftest import Lines
from tests.annotation.records import nothing, problem, record, rows, solution

pytestmark = pytest.mark.usefixtures("data_dir")


# --- unseen until it is whole, and gone when it is not ----------------------------------------------------------------


def test_nothing_of_a_running_import_is_seen(
    project: Project, lines: Lines, labeller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    make_it_count = imports._make_it_count

    def look(*args: Any) -> None:
        me = accounts.labeller_of(project=project, user=labeller)
        seen.append((queue.claim(labeller=me), Problem.objects.landed().count(), Solution.objects.landed().count()))
        seen.append((Annotation.objects.landed().count(), Solution.objects.count()))
        make_it_count(*args)

    monkeypatch.setattr(imports, "_make_it_count", look)
    import_files(project=project, paths=[lines(solution(1))], kind="queue")
    assert seen == [([], 0, 0), (0, 1)]
    me = accounts.labeller_of(project=project, user=labeller)
    assert len(queue.claim(labeller=me)) == 1


CALLS = (
    "rows.insert_problems",
    "rows.insert_solutions",
    "import_work.insert_items",
    "import_work.insert_annotations",
    "rows.take_effect",
)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), DatabaseError("gone")])
def test_a_failure_anywhere_leaves_nothing_and_the_next_try_succeeds(
    call: str, error: Exception, project: Project, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F40: each step of the second chunk fails in turn."""
    monkeypatch.setattr(imports, "CHUNK_ROWS", 2)
    path = lines(*(record(n) for n in range(1, 6)))
    module, name = call.split(".")
    owner = getattr(imports, module)
    real, calls = getattr(owner, name), []

    def fail(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == (1 if name == "take_effect" else 2):
            raise error
        return real(*args, **kwargs)

    with monkeypatch.context() as broken:
        broken.setattr(owner, name, fail)
        with pytest.raises(type(error)):
            import_files(project=project, paths=[path])
    assert rows() == nothing()
    assert Import.objects.get().state == JobState.FAILED
    assert import_files(project=project, paths=[path]).counts["annotations"] == 5


KILLED = """
    import os, sys
    os.environ["DJANGO_SETTINGS_MODULE"] = "labelapp.settings"
    import django
    django.setup()
    from django.conf import settings
    from annotation import imports
    from annotation.models import Project
    chunks, land, count = 0, imports._land, imports._make_it_count
    imports.CHUNK_ROWS = 10

    def stop_at(number):
        if chunks == number:
            print("ready", flush=True)
            os.kill(os.getpid(), 9)

    def landing(*args, **kwargs):
        global chunks
        land(*args, **kwargs)
        chunks += 1
        stop_at(int(sys.argv[2]))

    imports._land = landing
    imports.import_files(project=Project.objects.get(slug="algebra"), paths=[sys.argv[1]])
"""


def killed_import(path: Path, *, after_chunks: int, data_dir: Path) -> None:
    """An import in a process of its own that is killed with -9 once so many chunks of ten are in."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = os.environ | {"DATABASE_URL": url, "LABELAPP_DATA_DIR": str(data_dir)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(path), str(after_chunks)],
        env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("percent", [10, 50, 99])
@pytest.mark.django_db(transaction=True)
def test_f26_a_killed_import_shows_nothing_and_a_second_run_completes(
    percent: int, lines: Lines, data_dir: Path
) -> None:
    project = projects.create_project(slug="algebra")
    path = lines(*(record(n) for n in range(1, 101)))
    killed_import(path, after_chunks=min(percent // 10, 9), data_dir=data_dir)
    assert Annotation.objects.count() == min(percent // 10, 9) * 10
    assert Annotation.objects.landed().count() == Problem.objects.landed().count() == 0
    assert Import.objects.get().state == JobState.RUNNING
    done = import_files(project=project, paths=[path])
    assert done.counts["annotations"] == done.counts["problems"] == 100
    assert rows() == {
        "Problem": 100, "Solution": 100, "Batch": 1, "WorkItem": 100, "Annotation": 100, "StepRating": 200, "Labeller": 1,
        "Score": 0, "StepTree": 0,
    }  # fmt: skip
    assert sorted(Import.objects.values_list("state", flat=True)) == [JobState.DONE, JobState.FAILED]


@pytest.mark.django_db(transaction=True)
def test_the_reaper_clears_up_after_a_killed_command(lines: Lines, data_dir: Path) -> None:
    projects.create_project(slug="algebra")
    killed_import(lines(*(record(n) for n in range(1, 31))), after_chunks=2, data_dir=data_dir)
    assert imports.reap() == []
    assert rows() == nothing()
    assert "run it again" in Import.objects.get().error


def running(project: Project, *, worker: str, name: str = "x", heartbeat_at: str = "2020-01-01T00:00Z") -> Import:
    return Import.objects.create(
        project=project,
        file_name=name,
        format="auto",
        state=JobState.RUNNING,
        attempt=1,
        worker=worker,
        heartbeat_at=heartbeat_at,
    )


def test_a_silent_command_of_another_machine_has_failed_after_a_while_and_not_before(project: Project) -> None:
    silent = running(project, worker="elsewhere/1/2/3")
    beating = running(projects.create_project(slug="other"), worker="elsewhere/1/2/4")
    jobs.beat(beating)
    imports.reap()
    silent.refresh_from_db()
    beating.refresh_from_db()
    assert (silent.state, beating.state) == (JobState.FAILED, JobState.RUNNING)


def test_a_second_import_waits_for_the_first(project: Project, lines: Lines) -> None:
    first = running(project, worker=this_process())
    jobs.beat(first)
    told: list[dict[str, Any]] = []

    def progress(what: dict[str, Any]) -> None:
        told.append(what)
        if what["stage"] == "wait":
            jobs.finish(first)

    import_files(project=project, paths=[lines(solution(1))], progress=progress)
    assert told[0]["stage"] == "wait"
    assert told[-1] == {"stage": "insert", "rows": 1, "total": 1}


def test_a_stale_worker_writes_nothing_more(project: Project, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """F17: another attempt took the import while this one was in the middle of it."""
    monkeypatch.setattr(imports, "CHUNK_ROWS", 1)
    land, landed = imports._land, []

    def overtaken(landing: Any, chunk: Any, **kwargs: Any) -> None:
        land(landing, chunk, **kwargs)
        landed.append(1)
        Import.objects.filter(pk=landing.job.pk).update(attempt=2)

    monkeypatch.setattr(imports, "_land", overtaken)
    with pytest.raises(jobs.JobLost):
        import_files(project=project, paths=[lines(solution(1), solution(2))])
    assert len(landed) == 1
    assert Solution.objects.count() == 1
    assert Solution.objects.landed().count() == 0


# --- uploads --------------------------------------------------------------------------------------------------------


def upload(project: Project, data_dir: Path, content: bytes, **more: Any) -> Import:
    path = data_dir / "uploads" / "upload-1"
    path.write_bytes(content)
    fields = {"file_name": "mine.jsonl", "format": "auto", "path": "uploads/upload-1"} | more
    return Import.objects.create(project=project, **fields)


def test_an_upload_is_imported_and_its_file_goes(project: Project, data_dir: Path, lines: Lines) -> None:
    job = upload(project, data_dir, lines(solution(1)).read_bytes())
    assert imports.reap() == [job.pk]
    imports.run_import(pk=job.pk)
    job.refresh_from_db()
    assert (job.state, job.format, job.kind, job.counts["pool"]) == (JobState.DONE, "solutions", "pool", 1)
    assert not uploads.path_of(job).exists()
    imports.run_import(pk=job.pk)  # a message that comes twice
    assert Solution.objects.count() == 1


def test_a_bad_upload_has_failed_with_its_lines_under_its_own_name(project: Project, data_dir: Path) -> None:
    job = upload(project, data_dir, b'{"problem": "x", "answer": 3}\n', format="problems")
    imports.run_import(pk=job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.refused == [{"file": "mine.jsonl", "line": 1, "field": "answer", "reason": "must be text"}]
    assert imports.reap() == []


def test_f20_an_upload_that_meets_a_full_disk_is_tried_again_and_then_succeeds(
    project: Project, data_dir: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = upload(project, data_dir, lines(solution(1)).read_bytes())

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(import_work, "open_batches", full)
        with pytest.raises(OSError, match="No space"):
            imports.run_import(pk=job.pk)
    job.refresh_from_db()
    assert job.state == JobState.PENDING
    assert Solution.objects.landed().count() == 0
    assert imports.reap() == [job.pk]
    imports.run_import(pk=job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt, Solution.objects.landed().count()) == (JobState.DONE, 2, 1)


def test_an_upload_waits_while_another_import_runs(project: Project, data_dir: Path, lines: Lines) -> None:
    running(project, worker=this_process())
    job = upload(project, data_dir, lines(solution(1)).read_bytes())
    imports.run_import(pk=job.pk)
    job.refresh_from_db()
    assert job.state == JobState.PENDING


def test_files_that_nobody_waits_for_are_swept_after_a_day(project: Project, data_dir: Path) -> None:
    job = upload(project, data_dir, b"x")
    stray, fresh = data_dir / "uploads" / "stray", data_dir / "uploads" / "fresh"
    stray.write_bytes(b"x")
    fresh.write_bytes(b"x")
    for path in (stray, uploads.path_of(job)):
        os.utime(path, (0, 0))
    uploads.sweep()
    assert (stray.exists(), fresh.exists(), uploads.path_of(job).exists()) == (False, True, True)


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_prints_one_json_object(project: Project, lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_dataset", "algebra", str(lines(solution(1), solution(1))), "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["duplicates"], said["counts"]["pool"]) == (2, 1, 1)
    assert len(said["sha256"]) == 64


def test_the_command_lists_refused_lines_as_file_line_field_reason(
    project: Project, lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    path = lines({"problem": "x"}, {"problem": "y", "answer": True})
    with pytest.raises(CommandError, match="2 lines were refused, so nothing was imported"):
        call_command("import_dataset", "algebra", str(path), "--format", "problems")
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"{path}:1: answer: ")
    assert said[1] == f"{path}:2: answer: must be text"


def test_the_command_knows_no_project_that_is_not_there(db: None, lines: Lines) -> None:
    with pytest.raises(CommandError, match="no project nowhere"):
        call_command("import_dataset", "nowhere", str(lines(problem(1))))
