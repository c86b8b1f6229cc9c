"""What the stages of a round store in English is said in the reader's language."""

import ast
from collections.abc import Iterator

import pytest
from django.utils import translation

from activelearning import choice, generating, known, measures
from activelearning.generators import reading, samples, scripted
from activelearning.retelling import retold
from activelearning.strategies import diversity, stratified
from tests.annotation.test_retelling import ROOT, sample


def told_by_stages() -> Iterator[str]:
    """Every message, summary and refusal in the stages' code, a 7 in each gap."""
    files = [ROOT / "activelearning" / name for name in ("pipeline.py", "selecting.py", "grading.py", "generating.py")]
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))):
        found: list[ast.expr] = []
        if isinstance(node, ast.Call):
            found += [keyword.value for keyword in node.keywords if keyword.arg == "message"]
            if getattr(node.func, "id", "") == "Conflict":
                found.append(node.args[1])
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            found += [value for key, value in pairs if getattr(key, "value", "") == "summary"]
        yield from (text for text in map(sample, found) if text)


@pytest.mark.parametrize(
    "sentence",
    sorted(
        {
            # The gap stands for right or wrong, and for what is said of a training: both below.
            *(text for text in told_by_stages() if text not in ("7: 7",) and "step is 7" not in text),
            "Every labelled step is right: there is no difference to learn. Label more first.",
            "Every labelled step is wrong: there is no difference to learn. Label more first.",
            "algebra-prm-1: 1,200 steps, 3,400 tokens a second.",
            "algebra-prm-1: 40 steps.",
            "412 labels frozen: 371 to learn from; 41, of 9 of 90 problems, held out to measure on.",
            "1,200 answers graded now; in the pool 800 are right and 400 wrong.",
            "1,600 samples of 200 problems by local/small: 1,200 new in the pool, 300 like others, 100 dropped.",
            "8 samples of 1 problems by arithmetic: 2 new in the pool, 5 like others, 1 dropped. Dropped: 1 empty.",
            "step 40 of 1,200, loss 0.693, about 30 s left",
            "chosen by chance",
            "wrong answer, score 0.9871",
            "high score of what remains, 0.5000",
        }
    ),
)
def test_every_sentence_of_a_stage_has_german_words(sentence: str) -> None:
    with translation.override("de"):
        assert retold(sentence) != sentence


@pytest.mark.parametrize(
    "reason", [*reading.REASONS, samples.NO_REPLY, samples.REFUSED, scripted.NOT_OURS, generating.LEFT_OUT]
)
def test_every_reason_to_drop_samples_has_german_words(reason: str) -> None:
    with translation.override("de"):
        assert retold(f"7 {reason}") not in (f"7 {reason}", retold(reason))


def reasons() -> Iterator[str]:
    """Every reason that a strategy gives, a 7 in each gap, and who chose how many."""
    for file in [*(ROOT / "activelearning" / "strategies").glob("*.py"), ROOT / "activelearning" / "known.py"]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "reason":
                yield from filter(None, [sample(node.value)])
            if isinstance(node, ast.FunctionDef) and node.name == "_reason":
                texts = [sample(part) for part in ast.walk(node) if isinstance(part, ast.JoinedStr)]
                yield from (text for text in texts if text and not text.startswith("."))  # a gap's format is one too
    yield from (f"7 {words}" for words in choice.WORDS.values())
    yield from (known.GOLD, known.AGREED, diversity.EMBEDDING, diversity.TEXT, stratified.NO_STRATUM)
    yield from ("highest score of its problem, 0.9, against the vote", "its answer has 7 votes, yet score 0.4")


def test_every_reason_of_a_choice_has_german_words() -> None:
    found = set(reasons())
    assert len(found) > 20
    with translation.override("de"):
        assert [said for said in found if retold(said) == said] == []


def test_the_sentences_are_found_in_the_code() -> None:
    assert len(set(told_by_stages())) > 10


def test_a_sentence_with_parts_is_said_whole() -> None:
    said = choice.in_words(["convincing_wrong"] * 1200 + ["mixed"] * 5 + ["uniform"] * 300)
    with translation.override("de"):
        assert retold(said) == "1.505 gewählt: 1.200 überzeugend falsch, 5 nach der 80/20-Mischung, 300 zufällig."


@pytest.mark.parametrize(
    ("metrics", "german"),
    [
        ({"solutions": 0}, "Es wurden keine Bewertungen zurückgehalten, daher wurde nichts gemessen."),
        (
            {"solutions": 40, "step_auc": 0.9123, "first_error_accuracy": 0.5},
            "An 40 zurückgehaltenen Lösungen: Schritt-AUC 91,2\u00a0%, erster Fehler genau benannt in 50,0\u00a0%.",
        ),
        (
            {"solutions": 40, "step_auc": None, "first_error_accuracy": 0.5},
            "An 40 zurückgehaltenen Lösungen: Schritt-AUC nicht bestimmbar (nur eine Art von Schritten), "
            "erster Fehler genau benannt in 50,0\u00a0%.",
        ),
    ],
)
def test_what_was_measured_is_said_with_german_numbers(metrics: dict[str, object], german: str) -> None:
    with translation.override("de"):
        assert retold(measures.in_words(metrics)) == german
