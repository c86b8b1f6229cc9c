"""Samples of a language model in a folder, in a round too, and the pass over right solutions that teaches it the format."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from django.core.management import CommandError, call_command

from activelearning import generating, makers
from activelearning.domains import arithmetic
from activelearning.generators import sample
from activelearning.generators.local import PROMPT_TOO_LONG, LanguageModel
from activelearning.generators.reading import ANSWER_MARK
from activelearning.generators.sampling import Sampling
from activelearning.generators.tune import PROMPT
from activelearning.live_steps import LocalSteps
from activelearning.rewardmodel.checkpoint import CheckpointRefused
from activelearning.rewardmodel.model import train_tokenizer
from annotation.models import Project, Solution
from tests.activelearning.loop import hold
from tests.factories import make_problem

SUMS = arithmetic.problems(40, 3)


def lines() -> list[dict[str, Any]]:
    """Right solutions and wrong ones."""
    found = []
    for problem in SUMS:
        for solution in arithmetic.solutions(problem, 4, 5):
            right = solution.answer == problem.answer
            found.append(
                {"problem": problem.text, "steps": list(solution.steps), "answer": solution.answer, "is_correct": right}
            )
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers with weights at random."""
    found = tmp_path_factory.mktemp("language") / "small"
    tokenizer = train_tokenizer([text for line in lines() for text in (line["problem"], *line["steps"])], 500)
    torch.manual_seed(1)
    shape = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=256, pad_token_id=tokenizer.pad_token_id, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    transformers.LlamaForCausalLM(shape).save_pretrained(found)
    tokenizer.save_pretrained(found)
    return found


def test_samples_are_the_same_for_a_seed_whatever_is_sampled_beside_them(folder: Path) -> None:
    model = LanguageModel.open(folder, device="cpu")
    settings = Sampling(samples=3, max_tokens=12)
    first, why = model.samples("one and one", settings, seed=1)
    model.samples("two", settings, seed=9)
    assert why == ""
    assert model.samples("one and one", settings, seed=1)[0] == first
    assert model.samples("one and one", settings, seed=2)[0] != first
    assert len({each.text for each in first}) == 3
    assert all(each.cut_off for each in first)
    greedy, _ = model.samples("one and one", Sampling(samples=3, max_tokens=12, temperature=0), seed=1)
    assert len(greedy) == 3
    assert len(set(greedy)) == 1
    stopped, _ = model.samples("one and one", Sampling(samples=3, max_tokens=12, stop=(first[0].text[2:4],)), seed=1)
    assert stopped[0].text == first[0].text[: first[0].text.index(first[0].text[2:4])]
    assert not stopped[0].cut_off
    assert model.samples("one " * 300, settings, seed=1) == ([], PROMPT_TOO_LONG)


def test_a_folder_with_code_or_without_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointRefused, match="holds no safetensors"):
        LanguageModel.open(tmp_path)
    (tmp_path / "code.py").write_text("raise SystemExit")
    with pytest.raises(CheckpointRefused, match="code in a model folder"):
        LanguageModel.open(tmp_path)
    (tmp_path / "in.json").write_text("{}")
    words = ["--model", str(tmp_path), "--input", str(tmp_path / "in.json"), "--output", str(tmp_path / "out.jsonl")]
    assert sample.main(words) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("in_process")
def test_a_round_samples_a_folder_that_was_taught_the_format_by_its_own_right_solutions(
    project: Project, folder: Path, settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DATA_DIR = tmp_path
    makers.bases_folder().mkdir(parents=True)
    data, taught = tmp_path / "own.jsonl", makers.bases_folder() / "taught"
    data.write_text("".join(json.dumps(line) + "\n" for line in lines()))
    words: dict[str, Any] = {"base": folder, "data": str(data), "output": taught, "device": "cpu"}
    call_command("tune_generator", **words, epochs=12, learning_rate=0.01, json=True)
    report = json.loads(capsys.readouterr().out)
    right = sum(line["is_correct"] for line in lines())
    assert (report["solutions"] + report["too_long"], report["not_right"]) == (right, 160 - right)
    assert report["last_loss"] < report["first_loss"] / 2
    with pytest.raises(CommandError, match="is there already"):
        call_command("tune_generator", **words)
    for problem in SUMS[:2]:
        make_problem(project, text=problem.text, answer=problem.answer)
    assert makers.own_prompt(taught) == PROMPT  # so that nobody needs to type it
    sampling = {"samples": 6, "max_tokens": 100, "temperature": 0.5}
    result = generating.generate(hold(project, "generate", generate={"local": "taught"}, sampling=sampling))
    assert result["samples"] == 12
    assert result["kept"] + result["merged"] + sum(result["dropped"].values()) == 12
    assert result["kept"] >= 3
    assert {row.generator for row in Solution.objects.pool(project)} == {"taught"}

    settings.STEP_GENERATOR = "taught"
    made = LocalSteps().next_steps(problem=SUMS[0].text, steps=(), count=4, seed=1)
    assert 1 <= len(made) <= 4
    assert len(set(made)) == len(made)
    assert all("\n" not in step.partition(ANSWER_MARK)[0] for step in made)
    assert LocalSteps().next_steps(problem=SUMS[0].text, steps=(), count=4, seed=1) == made
    # Behind one of the model's own steps it goes on elsewhere.
    assert LocalSteps().next_steps(problem=SUMS[0].text, steps=(made[0],), count=4, seed=1) != made
    settings.STEP_SUPPLIER_SECONDS = 0.0
    assert LocalSteps().next_steps(problem=SUMS[0].text, steps=(), count=4, seed=1) == []  # nothing whole in no time


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"problem": "p", "steps": ["a"]}, r"own\.jsonl:1: is_correct"),
        ({"problem": "p", "steps": [], "is_correct": True}, r"own\.jsonl:1: steps"),
        ({"problem": "p", "steps": ["a"], "is_correct": True}, "1 right solutions are too few"),
    ],
)
def test_a_line_that_cannot_be_learnt_from_is_named(tmp_path: Path, line: dict[str, Any], reason: str) -> None:
    (tmp_path / "own.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(CommandError, match=reason):
        call_command("tune_generator", base=tmp_path, data=str(tmp_path / "own.jsonl"), output=tmp_path / "new")
    assert not (tmp_path / "new").exists()
