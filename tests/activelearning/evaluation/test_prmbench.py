"""PRMBench's counts by hand: the positive class is a right step."""

import pytest

from activelearning.evaluation.prmbench import Counts, JudgedProcess, report


def process(good: list[float], errors: set[int], classification: str = "circular") -> JudgedProcess:
    return JudgedProcess(classification=classification, good=tuple(good), errors=frozenset(errors))


def test_counts_and_scores_by_hand() -> None:
    """Kept: steps 0, 1 (right) and 3 (wrong). Lost: 4 (right). Found: 2 (wrong)."""
    found = report([process([0.9, 0.5, 0.2, 0.7, 0.4], {2, 3})]).total
    assert (found.right_kept, found.wrong_kept, found.wrong_found, found.right_lost) == (2, 1, 1, 1)
    assert found.f1 == pytest.approx(4 / 6)
    assert found.negative_f1 == pytest.approx(2 / 4)
    assert found.prm_score == pytest.approx(0.5 * 4 / 6 + 0.5 * 2 / 4)
    assert found.as_dict() == {
        "prm_score": found.prm_score, "f1": found.f1, "negative_f1": found.negative_f1,
        "right_kept": 2, "wrong_kept": 1, "wrong_found": 1, "right_lost": 1,
    }  # fmt: skip


def test_steps_are_pooled_over_solutions_and_not_averaged() -> None:
    found = report([process([0.9] * 9 + [0.1], {9}), process([0.1], {0}, "deception")])
    assert (found.total.right_kept, found.total.wrong_found) == (9, 2)
    assert list(found.classes) == ["circular", "deception"]
    assert found.classes["deception"] == Counts(wrong_found=1)
    assert found.classes["deception"].prm_score is None  # no right step is there or was said


def test_an_error_past_the_end_is_no_step() -> None:
    assert report([process([0.9, 0.8], {1, 7})]).total == Counts(right_kept=1, wrong_kept=1)


def test_originals_stand_apart() -> None:
    found = report([process([0.1], {0})], [process([0.9, 0.3], set(), "original")])
    assert found.total == Counts(wrong_found=1)
    assert found.originals == Counts(right_kept=1, right_lost=1)
    assert "original" not in found.classes


def test_the_threshold_itself_is_not_under_it() -> None:
    assert report([process([0.5, 0.7], set())], threshold=0.7).total == Counts(right_kept=1, right_lost=1)
