"""Snapshots: the live labels at one moment, byte for byte, the same content being the same snapshot."""

import hashlib
import json
import os
import threading
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation import accounts, labelling, projects, queue, snapshots
from annotation.errors import Conflict
from annotation.imports import import_files
from annotation.labelling import Submission
from annotation.models import Annotation, AuditEntry, Import, JobState, Labeller, Project, Snapshot, User
from tests.annotation.conftest import Lines
from tests.annotation.records import LABELLER, record
from tests.factories import label, make_queue

pytestmark = pytest.mark.usefixtures("data_dir")


def content(snapshot: Snapshot) -> bytes:
    return snapshots.file_of(snapshot).read_bytes()


def submit(project: Project, user: User, *ratings: int) -> Annotation:
    me = accounts.labeller_of(project=project, user=user)
    claim = queue.claim(labeller=me)[0]
    receipt = labelling.submit(claim=claim, submission=Submission(client_key=uuid.uuid4(), label=label(*ratings)))
    return Annotation.objects.get(pk=receipt.annotation)


def test_the_six_real_lines_come_back_byte_for_byte_in_their_order(project: Project, shared_data: Path) -> None:
    path = shared_data / "prm800k" / "six_real_lines.jsonl"
    import_files(project=project, paths=[path])
    snapshot = snapshots.freeze(project=project)
    assert content(snapshot) == path.read_bytes()
    assert snapshot.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert snapshot.rows == 6
    assert snapshot.lineage["use"] == {"screening": 1, "training": 5}
    assert snapshot.lineage["finish_reason"] == {"found_error": 1, "give_up": 1, "solution": 4}


def test_a_label_made_here_stands_in_the_snapshot_under_the_hash_of_its_receipt(
    project: Project, labeller: User
) -> None:
    make_queue(project, solutions=2)
    made = [submit(project, labeller, 1, 0, 1), submit(project, labeller, 1, -1)]
    snapshot = snapshots.freeze(project=project)
    lines = content(snapshot).splitlines()
    assert [hashlib.sha256(line).hexdigest() for line in lines] == [annotation.sha256 for annotation in made]
    assert list(snapshots.annotation_ids(snapshot)) == [annotation.pk for annotation in made]
    assert snapshot.lineage["origin"] == {"labelled here": 2}


def test_only_the_live_revision_counts_and_the_older_snapshot_stays_as_it_was(project: Project, labeller: User) -> None:
    make_queue(project)
    first = submit(project, labeller, 1, 1, 1)
    before = snapshots.freeze(project=project)
    kept = content(before)
    labelling.amend(annotation=first, submission=Submission(client_key=uuid.uuid4(), label=label(1, -1)))
    after = snapshots.freeze(project=project)
    assert (before.rows, after.rows) == (1, 1)
    assert before.pk != after.pk
    assert content(before) == kept
    assert json.loads(content(after))["label"]["finish_reason"] == "found_error"


def test_the_same_content_is_the_same_snapshot(project: Project, lines: Lines, admin: User) -> None:
    import_files(project=project, paths=[lines(record(1))])
    first = snapshots.freeze(project=project, actor=admin)
    assert snapshots.freeze(project=project) == first
    assert AuditEntry.objects.filter(action="snapshot.frozen").count() == 1
    import_files(project=project, paths=[lines(record(2), name="more.jsonl")])
    assert snapshots.freeze(project=project) != first


def test_the_same_content_in_another_project_is_another_snapshot(project: Project, lines: Lines) -> None:
    other = projects.create_project(slug="other")
    path = lines(record(1))
    for each in (project, other):
        import_files(project=each, paths=[path])
    first, second = snapshots.freeze(project=project), snapshots.freeze(project=other)
    assert first.sha256 == second.sha256
    assert first.path != second.path


def test_nothing_to_freeze_is_said_so_and_leaves_no_file(project: Project, data_dir: Path) -> None:
    with pytest.raises(Conflict) as refused:
        snapshots.freeze(project=project)
    assert refused.value.code == "nothing_to_freeze"
    assert [path for path in (data_dir / "snapshots").rglob("*") if path.is_file()] == []


def test_labels_of_an_import_that_is_not_done_are_not_frozen(project: Project, lines: Lines) -> None:
    import_files(project=project, paths=[lines(record(1))])
    Import.objects.update(state=JobState.FAILED)
    with pytest.raises(Conflict):
        snapshots.freeze(project=project)


def test_f20_a_full_disk_leaves_the_older_snapshot_and_no_part_of_the_new_one(
    project: Project, lines: Lines, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_files(project=project, paths=[lines(record(1))])
    first = snapshots.freeze(project=project)
    files = sorted((data_dir / "snapshots").rglob("*"))
    import_files(project=project, paths=[lines(record(2), name="more.jsonl")])

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            snapshots.freeze(project=project)
    assert sorted((data_dir / "snapshots").rglob("*")) == files
    assert list(Snapshot.objects.all()) == [first]
    assert snapshots.freeze(project=project).rows == 2


def test_a_lost_file_comes_back_with_the_next_freeze(project: Project, lines: Lines) -> None:
    import_files(project=project, paths=[lines(record(1))])
    snapshot = snapshots.freeze(project=project)
    kept = content(snapshot)
    snapshots.file_of(snapshot).unlink()
    assert snapshots.freeze(project=project) == snapshot
    assert content(snapshot) == kept


def test_freezing_asks_the_database_the_same_however_many_labels_there_are(project: Project, lines: Lines) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            snapshots.freeze(project=project)
        return len(captured)

    import_files(project=project, paths=[lines(record(1))])
    few = queries()
    import_files(project=project, paths=[lines(*(record(n) for n in range(2, 40)), name="more.jsonl")])
    assert queries() == few


@pytest.mark.django_db(transaction=True)
def test_f28_labels_that_arrive_while_it_is_written_are_in_the_next_snapshot(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = projects.create_project(slug="algebra")
    import_files(project=project, paths=[lines(*(record(n) for n in range(1, 21)))])
    monkeypatch.setattr(snapshots, "CHUNK", 5)
    line, written = snapshots._line, []

    def slow(row: dict[str, Any]) -> str:
        if not written:
            worker = threading.Thread(target=in_another_connection)
            worker.start()
            worker.join()
        written.append(row["pk"])
        return line(row)

    def in_another_connection() -> None:
        try:
            import_files(project=project, paths=[lines(*(record(n) for n in range(21, 41)), name="more.jsonl")])
        finally:
            connection.close()

    monkeypatch.setattr(snapshots, "_line", slow)
    assert snapshots.freeze(project=project).rows == 20
    assert snapshots.freeze(project=project).rows == 40


# --- import(export(x)) = x ------------------------------------------------------------------------------------------

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
some_text = text.filter(lambda value: bool(value.strip()))
ratings = st.sampled_from([-1, 0, 1, None])
completions = st.fixed_dictionaries({"text": text, "rating": ratings, "flagged": st.sampled_from([True, False, None])})
human = st.none() | st.fixed_dictionaries(
    {"text": text, "rating": st.none(), "source": st.just("human"), "flagged": st.booleans()}
)
steps = st.builds(
    lambda given, written, key: {"completions": given, "human_completion": written, "chosen_completion": None, **key},
    st.none() | st.lists(completions, min_size=1, max_size=3),
    human,
    st.dictionaries(st.sampled_from(["corrected_rating", "note"]), st.integers(-1, 1), max_size=2),
)
questions = st.builds(
    lambda problem, answer, more, reverse: dict(
        sorted({"problem": problem, "ground_truth_answer": answer, **more}.items(), reverse=reverse)
    ),
    some_text,
    st.none() | text,
    st.fixed_dictionaries(
        {},
        optional={
            "ground_truth_solution": st.none() | text,
            "pre_generated_steps": st.lists(some_text, min_size=1, max_size=3),
            "pre_generated_answer": st.none() | text,
            "pre_generated_verifier_score": st.none() | st.floats(0, 1),
        },
    ),
    st.booleans(),
)
records = st.builds(
    lambda when, generation, flags, question, given, time, reason: {
        "labeler": LABELLER,
        "timestamp": when.isoformat(),
        "generation": generation,
        "is_quality_control_question": flags[0],
        "is_initial_screening_question": flags[1],
        "question": question,
        "label": {"steps": given, "total_time": time, "finish_reason": reason},
    },
    st.datetimes(min_value=datetime(1900, 1, 1)),
    st.none() | st.integers(-1, 10),
    st.tuples(st.booleans(), st.booleans()),
    questions,
    st.lists(steps, min_size=1, max_size=4),
    st.integers(0, 10**9),
    st.sampled_from(["solution", "found_error", "give_up", "bad_problem"]),
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(records, min_size=1, max_size=5))
def test_whatever_is_imported_is_exported_byte_for_byte(
    found: list[dict[str, Any]], project: Project, lines: Lines
) -> None:
    mine = projects.create_project(slug=f"p-{Project.objects.count()}")
    path = lines(*found)
    import_files(project=mine, paths=[path])
    assert content(snapshots.freeze(project=mine)) == path.read_bytes()
    assert Labeller.objects.filter(project=mine).count() == 1
