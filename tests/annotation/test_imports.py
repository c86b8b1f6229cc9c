"""Imports: all formats in, whole or not at all, the same twice adds nothing, and what died leaves nothing behind."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from annotation import accounts, import_work, imports, jobs, projects, queue, uploads
from annotation.errors import InvalidInput
from annotation.import_cleanup import this_process
from annotation.imports import ImportRefused, import_files
from annotation.models import (
    Annotation,
    AuditEntry,
    Batch,
    BatchState,
    Import,
    JobState,
    Labeller,
    Problem,
    Project,
    Purpose,
    Score,
    Solution,
    Split,
    StepRating,
    StepTree,
    User,
    Verdict,
    WorkItem,
    WorkState,
)
from tests.annotation.conftest import Lines
from tests.annotation.records import problem, record, solution

pytestmark = pytest.mark.usefixtures("data_dir")
TABLES = (Problem, Solution, Batch, WorkItem, Annotation, StepRating, Labeller, Score, StepTree)


def rows() -> dict[str, int]:
    return {table.__name__: table.objects.count() for table in TABLES}


def nothing() -> dict[str, int]:
    return dict.fromkeys((table.__name__ for table in TABLES), 0)


# --- real files -----------------------------------------------------------------------------------------------------


def test_processbench_as_a_queue_is_400_open_work_items(project: Project, shared_data: Path, labeller: User) -> None:
    done = import_files(project=project, paths=[shared_data / "processbench" / "gsm8k.json"], kind="queue")
    assert done.state == JobState.DONE
    assert (done.counts["queue"], done.counts["solutions"], done.counts["duplicates"]) == (400, 400, 0)
    batch = Batch.objects.get()
    assert (batch.name, batch.state) == ("gsm8k.json", BatchState.OPEN)
    assert batch.work_items.filter(state=WorkState.OPEN).count() == 400
    assert Solution.objects.filter(purpose=Purpose.LABEL, gold_first_errors__isnull=False).count() == 400
    assert len(queue.claim(labeller=accounts.labeller_of(project=project, user=labeller))) == 2


def test_the_gsm8k_solutions_become_a_graded_pool_of_5276(project: Project, shared_data: Path) -> None:
    done = import_files(project=project, paths=[shared_data / "gsm8k" / "example_model_solutions.jsonl"])
    assert (done.kind, done.counts["pool"], done.counts["problems"]) == ("pool", 5276, 1319)
    pool = Solution.objects.pool(project)
    assert pool.count() == 5276
    verdicts = Counter(pool.values_list("verdict", "published_correct"))
    agreed = verdicts[Verdict.RIGHT, True] + verdicts[Verdict.WRONG, False]
    assert agreed >= 0.999 * 5276, verdicts


def test_the_second_import_of_real_files_adds_nothing(project: Project, shared_data: Path) -> None:
    files = [shared_data / "prm800k" / "six_real_lines.jsonl", shared_data / "processbench" / "gsm8k.json"]
    kinds = ["annotations", "queue"]
    for path, kind in zip(files, kinds, strict=True):
        import_files(project=project, paths=[path], kind=kind)
    before = rows()
    for path, kind in zip(files, kinds, strict=True):
        done = import_files(project=project, paths=[path], kind=kind)
        assert done.counts["duplicates"] == done.counts["rows"]
    assert rows() == before


def test_a_real_phase_1_record_keeps_its_text_and_its_ratings(project: Project, shared_data: Path) -> None:
    path = shared_data / "prm800k" / "six_real_lines.jsonl"
    import_files(project=project, paths=[path])
    first = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    stored = Annotation.objects.order_by("pk").first()
    assert stored is not None
    assert stored.solution is None
    assert list(json.loads(stored.question)) == list(first["question"])
    assert json.loads(stored.label) == first["label"]
    assert (str(stored.labeller.uuid), stored.labeller.user) == (first["labeler"], None)
    rated = [(c["rating"], c["flagged"]) for step in first["label"]["steps"] for c in step["completions"] or []]
    assert list(stored.ratings.order_by("step", "completion").values_list("rating", "flagged")) == rated


# --- what the kinds mean --------------------------------------------------------------------------------------------


def test_annotations_stand_in_closed_items_of_a_closed_batch_in_the_files_order(project: Project, lines: Lines) -> None:
    path = lines(record(3), record(1, ratings=(1, -1)), record(2))
    done = import_files(project=project, paths=[path])
    assert done.counts["annotations"] == 3
    stored = list(Annotation.objects.order_by("pk").select_related("work_item__batch", "solution"))
    assert [annotation.total_time for annotation in stored] == [3000, 1000, 2000]
    assert {annotation.work_item.state for annotation in stored} == {WorkState.CLOSED}
    assert {annotation.work_item.batch.state for annotation in stored} == {BatchState.CLOSED}
    assert {annotation.work_item.generation for annotation in stored} == {3}
    assert {annotation.work_item.verifier_score for annotation in stored} == {0.25}
    assert stored[1].finish_reason == "found_error"
    assert stored[1].solution is not None
    assert stored[1].solution.purpose == Purpose.LABEL


def test_two_labels_of_one_solution_by_one_labeller_both_stay(project: Project, lines: Lines) -> None:
    again = record(1, ratings=(1, -1)) | {"timestamp": "2026-05-05T05:05:05.000005"}
    import_files(project=project, paths=[lines(record(1), again)])
    assert Annotation.objects.count() == 2
    assert Solution.objects.count() == 1


def test_a_record_that_a_file_has_twice_is_kept_twice_and_added_no_third_time(project: Project, lines: Lines) -> None:
    path = lines(record(1), record(2), record(1))
    assert import_files(project=project, paths=[path]).counts["annotations"] == 3
    assert import_files(project=project, paths=[path]).counts["annotations"] == 0
    more = lines(record(1), record(1), record(1), name="more.jsonl")
    assert import_files(project=project, paths=[more]).counts["annotations"] == 1


def test_queued_solutions_carry_what_the_file_says_and_nothing_is_queued_twice(project: Project, lines: Lines) -> None:
    path = lines(solution(1, generation=4), solution(2), solution(1, generation=4))
    done = import_files(project=project, paths=[path], kind="queue")
    assert (done.counts["queue"], done.counts["duplicates"]) == (2, 1)
    assert list(WorkItem.objects.order_by("pk").values_list("generation", flat=True)) == [4, 0]
    assert set(Solution.objects.values_list("verdict", flat=True)) == {Verdict.RIGHT}


def test_a_pool_solution_that_a_file_queues_leaves_the_pool(project: Project, lines: Lines) -> None:
    path = lines(solution(1), solution(2))
    import_files(project=project, paths=[path])
    assert Solution.objects.pool(project).count() == 2
    done = import_files(project=project, paths=[lines(solution(2), name="chosen.jsonl")], kind="queue")
    assert (done.counts["queue"], done.counts["solutions"]) == (1, 0)
    assert Solution.objects.pool(project).count() == 1


def test_answers_are_graded_on_the_way_in(project: Project, lines: Lines) -> None:
    rows_ = [
        solution(1),
        solution(2, answer="17"),
        solution(3, answer=r"\frac{8}{2}"),
        {"problem": "No reference here.", "steps": ["x"], "answer": "3"},
        {"problem": "What is $9 + 1$?", "ground_truth_answer": "10", "steps": ["no answer given"]},
    ]
    import_files(project=project, paths=[lines(*rows_)])
    found = Solution.objects.order_by("pk").values_list("verdict", "verdict_strict", "verdict_symbolic")
    assert list(found[:2]) == [(Verdict.RIGHT, True, True), (Verdict.WRONG, False, False)]
    assert found[2][0] != Verdict.WRONG
    assert list(found[3:]) == [("", None, None), ("", None, None)]


@pytest.mark.parametrize("problems_first", [True, False])
def test_an_answer_that_stands_in_another_file_of_the_import_grades_its_solutions(
    project: Project, lines: Lines, problems_first: bool
) -> None:
    bare = {"problem": "What is $1 + 1$?", "steps": ["It is 2."], "answer": "2"}
    solutions = lines(bare, name="solutions.jsonl")
    problems = lines({"problem": "What is $1 + 1$?", "answer": "2", "subject": "sums"}, name="problems.jsonl")
    import_files(project=project, paths=[problems, solutions] if problems_first else [solutions, problems])
    stored = Solution.objects.select_related("problem").get()
    assert (stored.verdict, stored.problem.answer, stored.problem.subject) == ("right", "2", "sums")


def test_scores_are_kept_with_their_solution(project: Project, lines: Lines) -> None:
    probs = [{"-1": 0.1, "0": 0.2, "1": 0.7}, {"-1": 0.5, "0": 0.25, "1": 0.25}]
    scored = {
        "problem": "What is $1 + 1$?", "steps": ["a", "b"], "answer": "2", "is_correct": True,
        "rating_probs": probs, "prm_score": 0.45, "orm_score": None,
    }  # fmt: skip
    assert import_files(project=project, paths=[lines(scored)]).counts["scores"] == 1
    score = Score.objects.get()
    assert (score.rating_probs, score.prm_score, score.orm_score) == (probs, 0.45, None)
    assert score.solution.published_correct is True
    assert import_files(project=project, paths=[lines(scored)]).counts["scores"] == 0


def test_a_score_for_a_solution_that_was_here_before_is_added(project: Project, lines: Lines) -> None:
    bare = {"problem": "What is $1 + 1$?", "steps": ["a"], "answer": "2"}
    import_files(project=project, paths=[lines(bare)])
    scored = bare | {"rating_probs": [{"-1": 0.0, "0": 0.0, "1": 1.0}], "prm_score": 1.0}
    done = import_files(project=project, paths=[lines(scored, name="scored.jsonl")])
    assert (done.counts["solutions"], done.counts["scores"]) == (0, 1)


def test_problems_are_one_by_their_exact_text_and_what_they_lack_is_filled_in(project: Project, lines: Lines) -> None:
    bare = {"problem": "What is $1 + 1$?", "steps": ["a"]}
    import_files(project=project, paths=[lines(bare)], kind="queue")
    white_space = problem(1) | {"problem": "What is $1 + 1$? "}
    done = import_files(project=project, paths=[lines(problem(1), white_space, name="problems.jsonl")])
    assert done.counts["problems"] == 1
    assert Problem.objects.get(text="What is $1 + 1$?").answer == "2"
    changed = import_files(
        project=project, paths=[lines(problem(1, solution="Count.") | {"answer": "3"}, name="c.jsonl")]
    )
    assert changed.counts["problems"] == 0
    stored = Problem.objects.get(text="What is $1 + 1$?")
    assert (stored.answer, stored.solution) == ("2", "Count.")


def test_a_problem_is_labelled_or_evaluated_never_both(project: Project, lines: Lines) -> None:
    import_files(project=project, paths=[lines(solution(1))])
    with pytest.raises(ImportRefused) as refused:
        import_files(project=project, paths=[lines(solution(2), solution(1), name="bench.jsonl")], kind="evaluation")
    assert [(line["line"], line["field"]) for line in refused.value.refused] == [(2, "problem")]
    import_files(project=project, paths=[lines(solution(2), name="b.jsonl")], kind="evaluation")
    assert Problem.objects.get(text="What is $2 + 1$?").split == Split.EVALUATE
    for kind in ("pool", "queue"):
        with pytest.raises(ImportRefused, match="1 line was refused"):
            import_files(project=project, paths=[lines(solution(2), name="again.jsonl")], kind=kind)
    with pytest.raises(ImportRefused):
        import_files(project=project, paths=[lines(record(2), name="labels.jsonl")])
    assert Solution.objects.count() == 2


def test_a_problem_may_say_that_it_is_for_evaluation(project: Project, lines: Lines) -> None:
    import_files(project=project, paths=[lines(problem(1, split="evaluate"), problem(2))])
    assert list(Problem.objects.order_by("pk").values_list("split", flat=True)) == [Split.EVALUATE, Split.LABEL]


def test_a_step_tree_is_kept_with_its_problem_and_queues_nothing(project: Project, lines: Lines) -> None:
    tree = {
        "problem": "What is $1 + 1$?",
        "answer": "2",
        "tree": [{"text": "Add.", "next": [{"text": "2", "next": []}]}],
    }
    done = import_files(project=project, paths=[lines(tree)])
    assert (done.counts["step_trees"], done.counts["queue"]) == (1, 0)
    assert StepTree.objects.get().tree == tree["tree"]
    assert import_files(project=project, paths=[lines(tree)]).counts["duplicates"] == 1


def test_prmbench_comes_in_for_evaluation(project: Project, shared_data: Path) -> None:
    path = sorted((shared_data / "prmbench").glob("*circular*"))[0]
    done = import_files(project=project, paths=[path])
    assert done.kind == "evaluation"
    assert done.counts["evaluation"] > 0
    assert not Solution.objects.exclude(purpose=Purpose.EVALUATION).exists()


# --- files ----------------------------------------------------------------------------------------------------------


def test_several_files_are_one_import(project: Project, lines: Lines) -> None:
    first, second = lines(problem(1), name="a.jsonl"), lines(solution(2), name="b.jsonl")
    done = import_files(project=project, paths=[first, second])
    assert (done.file_name, done.format, done.kind) == ("a.jsonl, b.jsonl", "mixed", "mixed")
    assert done.counts["problems"] == 2
    assert len(done.sha256) == 64
    bad = lines({"problem": 3}, name="c.jsonl")
    with pytest.raises(ImportRefused):
        import_files(project=project, paths=[lines(problem(8), name="d.jsonl"), bad], format="problems")
    assert Problem.objects.count() == 2


def test_gzip_is_unpacked_whatever_the_name(project: Project, lines: Lines, tmp_path: Path) -> None:
    packed = tmp_path / "packed.jsonl"
    packed.write_bytes(gzip.compress(lines(solution(1)).read_bytes()))
    assert import_files(project=project, paths=[packed]).counts["pool"] == 1


def test_standard_input_is_read_once_and_its_spool_goes(
    project: Project, lines: Lines, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(lines(solution(1), solution(2)).read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    done = import_files(project=project, paths=["-"])
    assert (done.file_name, done.counts["pool"]) == ("-", 2)
    assert list((data_dir / "uploads").iterdir()) == []


def test_a_gzip_bomb_is_refused_and_leaves_nothing(project: Project, tmp_path: Path, data_dir: Path) -> None:
    bomb = tmp_path / "bomb.jsonl.gz"
    line = json.dumps(problem(1)).encode() + b" " * 3_000_000 + b"\n"
    bomb.write_bytes(gzip.compress(line * 40, 9))
    with pytest.raises(ImportRefused) as refused:
        import_files(project=project, paths=[bomb], format="problems")
    assert "times its size" in refused.value.refused[-1]["reason"]
    assert rows() == nothing()
    assert list((data_dir / "uploads").iterdir()) == []


def test_what_cannot_be_opened_or_recognised_is_said_so(project: Project, tmp_path: Path, lines: Lines) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        import_files(project=project, paths=[tmp_path / "absent.jsonl"])
    with pytest.raises(InvalidInput, match="no known format"):
        import_files(project=project, paths=[lines({"colour": "red"})])
    with pytest.raises(InvalidInput, match="not as queue"):
        import_files(project=project, paths=[lines(record(1))], kind="queue")
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    with pytest.raises((ImportRefused, InvalidInput)):
        import_files(project=project, paths=[empty], format="problems")
    assert rows() == nothing()


def test_a_bad_line_refuses_all_and_the_first_hundred_are_listed(project: Project, lines: Lines) -> None:
    bad = [problem(n) if n % 2 else {"problem": n, "answer": "1"} for n in range(1, 301)]
    with pytest.raises(ImportRefused) as refused:
        import_files(project=project, paths=[lines(*bad)], format="problems")
    assert (len(refused.value.refused), refused.value.count) == (100, 150)
    assert refused.value.refused[0] | {"file": ""} == {
        "file": "",
        "line": 2,
        "field": "problem",
        "reason": "must be text",
    }
    row = Import.objects.get()
    assert (row.state, row.refused_count, len(row.refused)) == (JobState.FAILED, 150, 100)
    assert rows() == nothing()


def test_a_file_that_changes_while_it_is_read_is_not_imported(
    project: Project, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lines(solution(1))
    land = imports._land

    def change(*args: Any, **kwargs: Any) -> None:
        land(*args, **kwargs)
        path.write_text("changed")

    monkeypatch.setattr(imports, "_land", change)
    with pytest.raises(jobs.DomainError, match="changed while it was read"):
        import_files(project=project, paths=[path])
    assert rows() == nothing()


def test_an_import_is_on_the_audit_trail(project: Project, lines: Lines, admin: User) -> None:
    done = import_files(project=project, paths=[lines(solution(1))], actor=admin)
    entry = AuditEntry.objects.get(action="dataset.imported")
    assert (entry.actor, entry.data["sha256"], entry.data["counts"]["pool"]) == (admin, done.sha256, 1)


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
