"""Answers are one by the answer grader's word: not by their strings, and not where it cannot say."""

from collections.abc import Iterator

import pytest

from activelearning.evaluation.voting import answer_groups
from annotation.grading import Grader


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as made:
        yield made


def test_equal_answers_vote_together_however_they_are_spelt(grader: Grader) -> None:
    answers = ["0.5", "\\frac{1}{2}", "3", " 3 ", "3.0", None, "", " ", "x+1", "1+x", "0.5"]
    assert answer_groups(answers, same=grader.same).tolist() == [0, 0, 1, 1, 1, -1, -1, -1, 2, 2, 0]


def test_undecided_is_not_the_same(grader: Grader) -> None:
    assert grader.grade("\\frac{2}{4}", "\\frac{1}{2}").verdict == "undecided"
    assert answer_groups(["\\frac{1}{2}", "\\frac{2}{4}", "9^{9^{9}}"], same=grader.same).tolist() == [0, 1, 2]
    assert answer_groups(["9^{9^{9}}", "9^{9^{9}}"], same=grader.same).tolist() == [0, 0]


PAIRS = [
    ("18", "18.0"), ("$1,234", "1234"), ("17", "18"), ("2", "2.5"), ("\\frac{3}{7}", "\\frac{3}{8}"), ("2\\sqrt{2}", "\\sqrt{8}"),
    ("\\frac{2}{4}", "\\frac{1}{2}"), ("2+1", "3"), ("\\text{Tuesday}", "\\text{tues}"), ("17", "2\\sqrt{3}"), ("(1,2)", "(2,1)"),
    ("50\\%", "50"), ("a b", "a b"), ("1,111,111,111", "1111111111"), ("(1,2)", "(1, 2)"), ("9!", "8!"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_short_way_says_what_the_grade_says(grader: Grader, one: str, other: str) -> None:
    assert grader.same(one, other) == (grader.grade(one, other).verdict == "right")


def test_different_numbers_and_fractions_need_no_algebra() -> None:
    """Samples disagree a lot: each pair that went to the child process would cost milliseconds."""
    answers = [*map(str, range(40)), *(f"\\frac{{{number}}}{{7}}" for number in range(1, 7))]
    with Grader() as grader:
        assert len(set(answer_groups(answers, same=grader.same))) == len(answers)
        assert grader._sandbox.started == 0


def test_each_new_spelling_is_compared_with_the_first_of_each_group_alone() -> None:
    asked: list[tuple[str, str]] = []

    def same(one: str, other: str) -> bool:
        asked.append((one, other))
        return one.lower() == other.lower()

    assert answer_groups(["a", "A", "b", "A", "B"], same=same).tolist() == [0, 0, 1, 0, 1]
    assert asked == [("A", "a"), ("b", "a"), ("B", "a"), ("B", "b")]
