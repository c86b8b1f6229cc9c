"""What a generator writes becomes steps and an answer, or is dropped for a reason that can be counted."""

import contextlib

import pytest

from activelearning.generators import reading
from activelearning.generators.reading import Malformed, is_finished, read
from activelearning.generators.sampling import ANSWERS, STEPS, SamplingError, joined, parse


@pytest.mark.parametrize(
    ("text", "how", "steps", "answer"),
    [
        ("We add.\nSo four.\n\n# Answer\n\n4\n", "lines", ("We add.", "So four.\n\n# Answer\n\n4"), "4"),
        ("We add.\nThe sum\nis four.\n\nOh.\n#### 4\n\nProblem: next", "paragraphs", ("We add.\nThe sum\nis four.", "Oh.\n#### 4"), "4"),
        ("Hm.\nStep 1: We add.\nStep 2: Four.\nA: 4", "numbered", ("Hm.", "We add.", "Four.\nA: 4"), "4"),
        (r"We add. So $\boxed{\frac{1}{2}}$ it is.", "lines", (r"We add. So $\boxed{\frac{1}{2}}$ it is.",), r"\frac{1}{2}"),
        ("One.\n# Answer\n7\n# Answer\n8", "lines", ("One.\n\n# Answer\n\n7",), "7"),
    ],
)  # fmt: skip
def test_steps_and_answer_are_found_in_each_format(text: str, how: str, steps: tuple[str, ...], answer: str) -> None:
    found = read(text, steps=how)
    assert (found.steps, found.answer) == (steps, answer)


@pytest.mark.parametrize(
    ("text", "how", "cut_off", "reason"),
    [
        (" \n", "lines", False, reading.EMPTY),
        ("We add.", "lines", False, reading.NO_ANSWER),
        ("We add.", "lines", True, reading.CUT_OFF),
        ("We add.\n# Answer\n", "lines", False, reading.NO_ANSWER),
        ("So\n# Answer\n4", "numbered", False, reading.NO_STEPS),
        ("# Answer\n4", "lines", False, reading.NO_STEPS),
        ("So\0\n# Answer\n4", "lines", False, reading.UNREADABLE),
        ("So\ud800\n# Answer\n4", "lines", False, reading.UNREADABLE),
        ("a\n" * 2000 + "# Answer\n4", "lines", False, reading.TOO_LONG),
    ],
)
def test_what_is_no_solution_is_refused_for_its_reason(text: str, how: str, cut_off: bool, reason: str) -> None:
    with pytest.raises(Malformed, match=f"^{reason}$"):
        read(text, steps=how, cut_off=cut_off)


@pytest.mark.parametrize("how", STEPS)
def test_what_is_joined_falls_into_the_same_steps_again(how: str) -> None:
    steps = ("We add.", "So it is four.", "Done.")
    found = read(joined(steps, how) + "\n\n# Answer\n\n4", steps=how)
    assert found.steps == (*steps[:2], "Done.\n\n# Answer\n\n4")


def test_a_generator_may_stop_once_the_answers_line_is_whole() -> None:
    for tail in ("x\n# Answer\n\n42\n", "x\n#### 42\n", "x\nA: 42\n", "so \\boxed{42}.\n"):
        assert is_finished(tail)
    for tail in ("x\n# Answer\n\n4", "x\n#### 4", "A", "so \\boxed{42", "so \\boxed{42}"):
        assert not is_finished(tail)
    assert not is_finished("x\n#### 42\n", "boxed")


def test_a_long_text_of_marks_takes_no_long_time() -> None:
    for text in ("# Answer\n" * 5000, "\\boxed{" * 5000, "\n \n" * 20_000, "Step 1" * 8000, "####" * 12_000):
        for answer in ANSWERS:
            is_finished(text, answer)
            with contextlib.suppress(Malformed):
                read(text, steps="paragraphs", answer=answer)


def test_what_is_wrong_with_a_setting_is_said_by_its_name() -> None:
    with pytest.raises(SamplingError) as refusal:
        parse({"samples": 0, "steps": "words", "temperatur": 1})
    assert sorted(refusal.value.errors) == ["samples", "steps", "temperatur"]
