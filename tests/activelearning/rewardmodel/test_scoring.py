"""Scores: the same in any company, unrounded, every line back with what it had."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from activelearning.rewardmodel import score, scoring
from activelearning.rewardmodel.model import RewardModel, open_trained
from activelearning.rewardmodel.scoring import ScoresBroken, score_solutions
from tests.activelearning.records import write
from tests.activelearning.rewardmodel.conftest import run_training

SOLUTIONS = [
    (
        f"Problem {i % 5}: what is it?" + " Think." * (i % 7),
        [f"Step {j} of it." * (1 + i % 3) for j in range(1 + i % 6)],
    )
    for i in range(40)
]


@pytest.fixture(scope="module")
def model(trained: Path) -> RewardModel:
    found, _ = open_trained(trained)
    found.network.eval()
    return found


def flat(scores: list[scoring.SolutionScore]) -> list[float]:
    return [p for one in scores for step in one.rating_probs or () for p in step]


def test_a_batch_scores_as_one_by_one(model: RewardModel) -> None:
    together = score_solutions(model, SOLUTIONS)
    alone = [score_solutions(model, [one])[0] for one in SOLUTIONS]
    assert flat(together) == pytest.approx(flat(alone), abs=1e-5)
    assert [s.prm_score for s in together] == pytest.approx([s.prm_score for s in alone], abs=1e-5)
    small = score_solutions(model, SOLUTIONS, row_tokens=100)
    assert flat(small) == pytest.approx(flat(alone), abs=1e-5)


def test_scoring_again_gives_the_same_bits(model: RewardModel) -> None:
    assert score_solutions(model, SOLUTIONS) == score_solutions(model, SOLUTIONS)


def test_a_later_step_does_not_change_an_earlier_ones_probabilities(model: RewardModel) -> None:
    problem, steps = SOLUTIONS[5]
    (whole,) = score_solutions(model, [(problem, steps)])
    (part,) = score_solutions(model, [(problem, steps[:2])])
    assert flat([part]) == pytest.approx(flat([whole])[:6], abs=1e-6)


def test_probabilities_are_those_of_plain_transformers(model: RewardModel, trained: Path) -> None:
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    plain = AutoModelForTokenClassification.from_pretrained(trained)
    tokenizer = AutoTokenizer.from_pretrained(trained)
    problem, steps = SOLUTIONS[3]

    def ids(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    sequence, ends = [*ids(problem), *ids("\n\n")], []
    for step in steps:
        sequence += [*ids(step), *ids("\n")]
        ends.append(len(sequence) - 1)
    with torch.inference_mode():
        expected = plain(input_ids=torch.tensor([sequence])).logits[0, ends].softmax(-1)
    (found,) = score_solutions(model, [(problem, steps)])
    assert flat([found]) == pytest.approx(expected.flatten().tolist(), abs=1e-5)
    assert plain.config.id2label == {0: "-1", 1: "0", 2: "1"}


def test_the_score_is_the_product_of_good_and_neutral(model: RewardModel) -> None:
    (found,) = score_solutions(model, SOLUTIONS[3:4])
    expected = 1.0
    for _, neutral, good in found.rating_probs or ():
        expected *= neutral + good
    assert found.prm_score == pytest.approx(expected, rel=1e-12)


def test_a_solution_that_is_too_long_has_no_score_and_says_why(model: RewardModel) -> None:
    found = score_solutions(model, [SOLUTIONS[0], ("p", ["word " * 40_000])])
    assert found[0].prm_score is not None
    assert found[1].prm_score is None
    assert "longer than the model's 8192 tokens" in found[1].problem


def test_broken_weights_are_not_scored_with(trained: Path) -> None:
    broken, _ = open_trained(trained)
    with torch.no_grad():
        next(iter(broken.network.parameters())).fill_(float("nan"))
    with pytest.raises(ScoresBroken):
        score_solutions(broken, SOLUTIONS[:1])


def run(*words: object) -> int:
    return score.main([str(word) for word in words])


def test_lines_come_back_in_order_with_unknown_keys_and_scores(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "WINDOW", 7)
    lines = [{"kept": {"é": i}, "problem": p, "steps": s, "prm_score": "old"} for i, (p, s) in enumerate(SOLUTIONS)]
    source = write(tmp_path / "in.jsonl", lines)
    progress = tmp_path / "progress.jsonl"
    assert run("--model", trained, "--input", source, "--output", tmp_path / "out", "--progress", progress) == 0
    found = [json.loads(line) for line in (tmp_path / "out").read_text(encoding="utf-8").splitlines()]
    assert [one["kept"] for one in found] == [one["kept"] for one in lines]
    for one in found:
        assert [sum(step.values()) for step in one["rating_probs"]] == pytest.approx([1.0] * len(one["steps"]))
        assert list(one["rating_probs"][0]) == ["-1", "0", "1"]
        assert 0.0 < one["prm_score"] < 1.0
    last = json.loads(progress.read_text().splitlines()[-1])
    assert (last["stage"], last["done"], last["total"]) == ("score", 40, 40)
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(gzip.compress(source.read_bytes()))
    assert run("--model", trained, "--input", packed, "--output", tmp_path / "out2") == 0
    assert (tmp_path / "out2").read_bytes() == (tmp_path / "out").read_bytes()


@pytest.fixture
def interrupted(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with in.jsonl, out as an unbroken run writes it, and what a scorer left that was ended in its fourth window."""
    monkeypatch.setattr(scoring, "WINDOW", 7)
    source = write(tmp_path / "in.jsonl", [{"n": i, "problem": p, "steps": s} for i, (p, s) in enumerate(SOLUTIONS)])
    assert run("--model", trained, "--input", source, "--output", tmp_path / "unbroken") == 0
    windows = 0

    def ended(*given: Any, **more: Any) -> Any:
        nonlocal windows
        windows += 1
        if windows == 4:
            raise KeyboardInterrupt
        return score_solutions(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(scoring, "score_solutions", ended)
        with pytest.raises(KeyboardInterrupt):
            run("--model", trained, "--input", source, "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    return tmp_path


@pytest.mark.parametrize("torn", [b"", b'{"n": 21, "problem": "Probl', b"\0\0\0\0\n"], ids=["whole", "torn", "zeros"])
def test_an_interrupted_scoring_goes_on_where_it_ended(
    interrupted: Path, trained: Path, torn: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with (interrupted / "out.new").open("ab") as file:
        file.write(torn)
    assert run("--model", trained, "--input", interrupted / "in.jsonl", "--output", interrupted / "out") == 0
    assert "scored 40 solutions, 21 of them before an interruption" in capsys.readouterr().err
    assert (interrupted / "out").read_bytes() == (interrupted / "unbroken").read_bytes()
    assert {path.name for path in interrupted.iterdir()} == {"in.jsonl", "out", "unbroken"}


def test_what_was_scored_of_another_input_or_by_another_model_is_not_kept(
    interrupted: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (interrupted / "in.jsonl").read_text().splitlines(keepends=True)
    lines[5] = lines[5].replace("Step 0", "Another step")
    (interrupted / "in.jsonl").write_text("".join(lines))
    assert run("--model", trained, "--input", interrupted / "in.jsonl", "--output", interrupted / "out") == 0
    assert "40 solutions, 5 of them before" in capsys.readouterr().err
    assert "Another step" in (interrupted / "out").read_text().splitlines()[5]
    (interrupted / "out").rename(interrupted / "out.new")
    (interrupted / "out.new.of").write_text('{"model": "another"}')
    assert run("--model", trained, "--input", interrupted / "in.jsonl", "--output", interrupted / "out") == 0
    assert "before" not in capsys.readouterr().err


def test_stdout_carries_the_lines_alone(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in.jsonl", [{"problem": "p", "steps": ["a"]}])
    assert run("--model", trained, "--input", source) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["problem"] == "p"
    assert "scored 1 solutions" in err


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"problem": "p"}, "in.jsonl:2: steps: is missing"),
        ({"problem": "p", "steps": []}, "in.jsonl:2: steps: has no steps"),
        ({"problem": " ", "steps": ["a"]}, "in.jsonl:2: problem: must not be blank"),
        ({"problem": "p", "steps": [1]}, "in.jsonl:2: steps[0]: must be text"),
        ([1], "in.jsonl:2: json: must be an object"),
    ],
)
def test_a_line_that_cannot_be_scored_refuses_the_file_and_leaves_nothing(
    trained: Path, tmp_path: Path, line: Any, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.jsonl", [{"problem": "p", "steps": ["a"]}, line])
    assert run("--model", trained, "--input", source, "--output", tmp_path / "out") == 1
    assert reason in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_model_of_another_manifest_is_refused(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.jsonl", [{"problem": "p", "steps": ["a"]}])
    assert run("--model", trained, "--input", source, "--manifest-sha256", "0" * 64) == 1
    assert "not the manifest" in capsys.readouterr().err
    assert run("--model", tmp_path / "none", "--input", source) == 1


def test_an_orm_scores_with_its_last_token(tmp_path: Path) -> None:
    outcomes = [{"problem": "p", "steps": ["a", "b"], "is_correct": i % 2 == 0} for i in range(6)]
    assert run_training(tmp_path, outcomes, kind="orm") == 0
    source = write(tmp_path / "in.jsonl", [{"problem": "p", "steps": ["a", "b"]}])
    assert run("--model", tmp_path / "model", "--input", source, "--output", tmp_path / "out") == 0
    found = json.loads((tmp_path / "out").read_text())
    assert 0.0 < found["orm_score"] < 1.0
    assert "prm_score" not in found


def test_neutral_as_bad_is_kept_with_the_model(tmp_path: Path) -> None:
    from tests.activelearning.records import mixed_records

    assert run_training(tmp_path, mixed_records(6), neutral="bad") == 0
    found, _ = open_trained(tmp_path / "model")
    found.network.eval()
    (one,) = score_solutions(found, SOLUTIONS[:1])
    expected = 1.0
    for _, _, good in one.rating_probs or ():
        expected *= good
    assert one.prm_score == pytest.approx(expected, rel=1e-12)
