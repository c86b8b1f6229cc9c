"""Exports: the same snapshot gives the same bytes, and what is damaged or cut shows."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation import exports, snapshots
from annotation.errors import Conflict, InvalidInput
from annotation.formats import stepwise
from annotation.imports import import_files
from annotation.models import Annotation, Project, Score, Snapshot, Solution
from tests.annotation.conftest import Lines
from tests.annotation.records import completion, record

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def snapshot(project: Project, lines: Lines) -> Snapshot:
    """Four records: right, wrong at step 2, a neutral step, quality control."""
    quality_control = record(4) | {"is_quality_control_question": True}
    path = lines(record(1), record(2, ratings=(1, -1)), record(3, ratings=(0, 1)), quality_control)
    import_files(project=project, paths=[path])
    return snapshots.freeze(project=project)


def rows(snapshot: Snapshot, format: str, **more: str) -> list[dict[str, Any]]:
    return [
        json.loads(line) for line in b"".join(exports.export(snapshot=snapshot, format=format, **more)).splitlines()
    ]


def test_prm800k_is_the_snapshots_own_file(snapshot: Snapshot) -> None:
    assert b"".join(exports.export(snapshot=snapshot, format="prm800k")) == snapshots.file_of(snapshot).read_bytes()


def test_stepwise_has_two_classes_and_says_how_neutral_counts(snapshot: Snapshot) -> None:
    good, bad = rows(snapshot, "stepwise"), rows(snapshot, "stepwise", neutral="bad")
    assert [row["labels"] for row in good] == [[True, True], [True, False], [True, True]]
    assert [row["labels"] for row in bad] == [[True, True], [True, False], [False, True]]
    assert ({row["neutral"] for row in good}, {row["neutral"] for row in bad}) == ({"good"}, {"bad"})
    assert good[0]["prompt"] == "What is $1 + 1$?"
    assert good[0]["completions"] == ["We add 1 to 1.", "# Answer\n\n2"]


def test_stepwise_follows_the_path_that_a_phase_1_solution_took() -> None:
    steps = [
        {"completions": [completion("no", -1), completion("yes", 0)], "human_completion": None, "chosen_completion": 1},
        {
            "completions": [completion("bad", -1)],
            "human_completion": {"text": "mine", "rating": None, "source": "human", "flagged": False},
            "chosen_completion": None,
        },
        {"completions": [completion("unsure", None, True)], "human_completion": None, "chosen_completion": 0},
        {"completions": [completion("never reached")], "human_completion": None, "chosen_completion": 0},
    ]
    phase_1 = record(1)
    phase_1["label"] |= {"steps": steps}
    line = stepwise.write_record(phase_1, neutral="good")
    assert line is not None
    assert json.loads(line)["completions"] == ["yes", "mine"]
    assert json.loads(line)["labels"] == [True, True]


@pytest.mark.parametrize("reason", ["give_up", "bad_problem"])
def test_stepwise_leaves_out_what_is_not_for_training(reason: str) -> None:
    given_up = record(1)
    given_up["label"]["finish_reason"] = reason
    assert stepwise.write_record(given_up, neutral="good") is None
    screening = record(1) | {"is_initial_screening_question": True}
    assert stepwise.write_record(screening, neutral="good") is None
    empty = record(1)
    empty["label"]["steps"] = [{"completions": None, "human_completion": None, "chosen_completion": None}]
    assert stepwise.write_record(empty, neutral="good") is None


def test_scored_samples_are_the_labelled_solutions_with_the_newest_score_of_that_time(
    project: Project, lines: Lines
) -> None:
    import_files(project=project, paths=[lines(record(1), record(2))])
    labelled = Solution.objects.order_by("pk")
    probs = [{"-1": 0.0, "0": 0.25, "1": 0.75}] * 2
    for scorer, score in (("round 1", 0.5), ("round 2", 0.75)):
        Score.objects.create(solution=labelled[0], scorer=scorer, rating_probs=probs, prm_score=score)
    snapshot = snapshots.freeze(project=project)
    Score.objects.create(solution=labelled[1], scorer="later", rating_probs=probs, prm_score=0.1)
    found = rows(snapshot, "scored-samples")
    assert [(row["scorer"], row["prm_score"], row["rating_probs"]) for row in found] == [("round 2", 0.75, probs)]
    assert (found[0]["is_correct"], found[0]["answer"]) == (True, "2")


def test_exported_scored_samples_can_be_imported(project: Project, lines: Lines, tmp_path: Path) -> None:
    import_files(project=project, paths=[lines(record(1))])
    Score.objects.create(solution=Solution.objects.get(), scorer="s", rating_probs=[], prm_score=0.5)
    path = tmp_path / "scored.jsonl"
    path.write_bytes(b"".join(exports.export(snapshot=snapshots.freeze(project=project), format="scored-samples")))
    assert import_files(project=project, paths=[path]).counts["duplicates"] == 0
    assert Score.objects.count() == 2


def test_the_same_snapshot_gives_the_same_bytes_whatever_came_after(
    snapshot: Snapshot, project: Project, lines: Lines
) -> None:
    def digests() -> list[str]:
        return [
            hashlib.sha256(b"".join(exports.export(snapshot=snapshot, format=format))).hexdigest()
            for format in exports.FORMATS
        ]

    before = digests()
    import_files(project=project, paths=[lines(record(9), name="more.jsonl")])
    Score.objects.create(solution=Solution.objects.order_by("pk")[0], scorer="s", rating_probs=[], prm_score=0.5)
    assert digests() == before
    for path in snapshots.file_of(snapshot).parent.glob("*.stepwise-*"):
        path.unlink()
    assert digests() == before


def test_the_summary_tells_rows_and_hash_of_every_format(snapshot: Snapshot) -> None:
    found = exports.summary(snapshot=snapshot)
    assert found["prm800k"] == {
        "rows": 4,
        "sha256": snapshot.sha256,
        "bytes": snapshots.file_of(snapshot).stat().st_size,
    }
    for rule in exports.NEUTRALS:
        body = b"".join(exports.export(snapshot=snapshot, format="stepwise", neutral=rule))
        assert found["stepwise"][rule]["sha256"] == hashlib.sha256(body).hexdigest()
        assert found["stepwise"][rule]["rows"] == 3


@pytest.mark.parametrize("format", ["qwen-chat", "csv", "", "../prm800k"])
def test_a_format_that_is_not_built_is_refused_and_the_built_ones_are_named(snapshot: Snapshot, format: str) -> None:
    with pytest.raises(InvalidInput, match="prm800k, stepwise, scored-samples"):
        exports.export(snapshot=snapshot, format=format)


def test_f30_a_damaged_file_is_never_handed_out_whole(snapshot: Snapshot) -> None:
    path = snapshots.file_of(snapshot)
    length = path.stat().st_size
    path.write_bytes(path.read_bytes().replace(b"We add 1 to 2", b"We add 7 to 2"))
    got = 0
    with pytest.raises(Conflict) as refused:  # noqa: PT012 (how much came before it is the point)
        for piece in exports.export(snapshot=snapshot, format="prm800k"):
            got += len(piece)
    assert refused.value.code == "file_damaged"
    assert got < length


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_freezes_and_writes_a_whole_file(
    project: Project, lines: Lines, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, output = lines(record(1), record(2)), tmp_path / "out.jsonl"
    import_files(project=project, paths=[path])
    call_command("export_dataset", "algebra", "--format", "prm800k", "--output", str(output), "--json")
    said = json.loads(capsys.readouterr().out)
    assert output.read_bytes() == path.read_bytes()
    assert (said["rows"], said["sha256"]) == (2, hashlib.sha256(path.read_bytes()).hexdigest())
    assert said["snapshot"] == Snapshot.objects.get().pk


def test_the_command_gives_an_older_snapshot_and_keeps_rows_alone_on_stdout(
    snapshot: Snapshot, project: Project, lines: Lines, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    import_files(project=project, paths=[lines(record(9), name="more.jsonl")])
    call_command("export_dataset", "algebra", "--format", "prm800k", "--snapshot", str(snapshot.pk), "--json")
    said = capfdbinary.readouterr()
    assert said.out == snapshots.file_of(snapshot).read_bytes()
    assert json.loads(said.err)["snapshot"] == snapshot.pk


def test_the_command_refuses_what_is_not_there(snapshot: Snapshot, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    for arguments, reason in (
        (["nowhere", "--format", "prm800k"], "no project nowhere"),
        (["algebra", "--format", "openr"], "no export format"),
        (["algebra", "--format", "prm800k", "--snapshot", "999999"], "no snapshot 999999"),
    ):
        with pytest.raises(CommandError, match=reason):
            call_command("export_dataset", *arguments, "--output", str(output))
    assert not output.exists()
    assert Annotation.objects.count() == 4
