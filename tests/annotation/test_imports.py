"""Imports: all formats in, whole or not at all, and the same twice adds nothing."""

import gzip
import io
import json
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from annotation import accounts, imports, jobs, queue
from annotation.errors import Conflict, InvalidInput
from annotation.imports import ImportRefused, import_files
from annotation.models import (
    Annotation,
    AuditEntry,
    Batch,
    BatchState,
    Import,
    JobState,
    Problem,
    Project,
    Purpose,
    Score,
    Solution,
    Split,
    StepTree,
    User,
    Verdict,
    WorkItem,
    WorkState,
)
from tests.annotation.conftest import Lines
from tests.annotation.conversations import make_project
from tests.annotation.records import nothing, problem, record, rows, solution

pytestmark = pytest.mark.usefixtures("data_dir")


@pytest.fixture
def steps(db: None) -> Project:
    return make_project()


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


TREE = {"problem": "What is $1 + 1$?", "answer": "2", "tree": [{"text": "Add.", "next": [{"text": "2", "next": []}]}]}


def test_where_whole_solutions_are_graded_a_step_tree_is_kept_and_queues_nothing(
    project: Project, lines: Lines
) -> None:
    done = import_files(project=project, paths=[lines(TREE)])
    assert (done.counts["step_trees"], done.counts["queue"]) == (1, 0)
    assert StepTree.objects.get().tree == TREE["tree"]
    assert import_files(project=project, paths=[lines(TREE)]).counts["duplicates"] == 1


def test_where_solutions_are_built_step_by_step_each_problem_of_a_step_tree_is_queued_once(
    steps: Project, lines: Lines
) -> None:
    other = {**TREE, "problem": "What is $1 + 2$?"}
    second = {**TREE, "tree": [{"text": "Count.", "next": []}]}
    done = import_files(project=steps, paths=[lines(TREE, other, second)])
    assert (done.counts["step_trees"], done.counts["queue"], done.counts["problems"]) == (3, 2, 2)
    items = WorkItem.objects.all()
    assert [(item.solution, item.generation, item.state) for item in items] == [(None, None, "open")] * 2
    assert {item.batch for item in items} == {Batch.objects.get(state="open", name="data.jsonl")}
    again = import_files(project=steps, paths=[lines(TREE, other, second)])
    assert (again.counts["duplicates"], again.counts["queue"]) == (3, 0)
    third = {**TREE, "tree": [{"text": "Draw.", "next": []}]}
    more = import_files(project=steps, paths=[lines(third)])
    assert (more.counts["step_trees"], more.counts["queue"], WorkItem.objects.count()) == (1, 0, 2)


def test_a_problem_with_a_finished_phase_1_record_is_not_queued_again(steps: Project, lines: Lines) -> None:
    import_files(project=steps, paths=[lines(phase_1_record(), name="labels.jsonl")])
    assert import_files(project=steps, paths=[lines(TREE)]).counts["queue"] == 0


def phase_1_record() -> dict[str, Any]:
    given = record(1)
    given["question"] = {"problem": TREE["problem"], "ground_truth_answer": "2"}
    return {**given, "generation": None}


def test_whole_solutions_cannot_be_queued_where_solutions_are_built_step_by_step(steps: Project, lines: Lines) -> None:
    with pytest.raises(Conflict) as refused:
        import_files(project=steps, paths=[lines(solution(1))], kind="queue")
    assert refused.value.code == "wrong_protocol"
    assert rows() == nothing()
    assert import_files(project=steps, paths=[lines(solution(1))]).counts["pool"] == 1


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
