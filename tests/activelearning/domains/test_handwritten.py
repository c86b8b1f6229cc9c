"""The hand-written problems: complete, in range, and graded as their authors say."""

from collections import Counter
from collections.abc import Iterator

import pytest

from activelearning.domains.handwritten import PROBLEMS, Attempt, Problem
from activelearning.domains.handwritten.worked import worked
from annotation.grading import Grader
from annotation.label_rules import whole_solution

ATTEMPTS = [(problem, attempt) for problem in PROBLEMS for attempt in problem.attempts]


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as grader:
        yield grader


def texts_of(problem: Problem) -> list[str]:
    found = [problem.text]
    for attempt in problem.attempts:
        found += attempt.steps
        found += [text for texts in attempt.alternatives.values() for text in texts]
    return found


def test_there_are_about_thirty_problems_and_most_have_a_right_and_a_wrong_solution() -> None:
    right = sum(any(a.first_error is None for a in problem.attempts) for problem in PROBLEMS)
    wrong = sum(any(a.first_error is not None for a in problem.attempts) for problem in PROBLEMS)
    assert len(PROBLEMS) >= 30
    assert right > len(PROBLEMS) / 2
    assert wrong > len(PROBLEMS) * 0.8
    assert len({problem.text for problem in PROBLEMS}) == len(PROBLEMS)
    assert {problem.subject for problem in PROBLEMS} >= {
        "Algebra", "Number Theory", "Geometry", "Counting & Probability", "Calculus", "Sequences", "Inequalities", "Linear Algebra"
    }  # fmt: skip


def test_each_problem_has_one_to_three_different_solutions_of_four_to_ten_steps() -> None:
    for problem in PROBLEMS:
        assert 1 <= len(problem.attempts) <= 3
        assert len({attempt.steps for attempt in problem.attempts}) == len(problem.attempts)
        assert all(4 <= len(attempt.steps) <= 10 for attempt in problem.attempts), problem.text


def test_ratings_stop_at_the_first_wrong_step_or_cover_all_steps() -> None:
    for _, attempt in ATTEMPTS:
        if attempt.first_error is None:
            assert len(attempt.ratings) == len(attempt.steps)
            assert set(attempt.ratings) <= {0, 1}
        else:
            assert 0 <= attempt.first_error < len(attempt.steps)
            assert attempt.ratings.index(-1) == attempt.first_error == len(attempt.ratings) - 1


def test_only_the_last_step_carries_the_answer_as_in_prm800k() -> None:
    for _, attempt in ATTEMPTS:
        assert attempt.steps[-1].endswith(f"\n\n# Answer\n\n{attempt.answer}")
        assert not any("# Answer" in step for step in attempt.steps[:-1])


def test_answers_grade_as_written(grader: Grader) -> None:
    surprises = [
        (problem.text, attempt.answer)
        for problem, attempt in ATTEMPTS
        if grader.grade(attempt.answer, problem.answer).verdict
        != ("right" if attempt.answer == problem.answer else "wrong")
    ]
    assert surprises == []


def test_solutions_without_an_error_end_right_and_some_wrong_ones_do_so_by_luck() -> None:
    ends = Counter((attempt.first_error is None, attempt.answer == problem.answer) for problem, attempt in ATTEMPTS)
    assert ends[True, False] == 0
    assert ends[False, True] == 2  # the right number, not justified
    assert ends[False, False] >= 30


def test_alternatives_stand_at_the_first_wrong_step_and_one_of_them_is_no_error() -> None:
    offered = [attempt for _, attempt in ATTEMPTS if attempt.alternatives]
    assert len(offered) >= 10
    for attempt in offered:
        assert set(attempt.alternatives) == {attempt.first_error}
        for step, texts in attempt.alternatives.items():
            assert attempt.steps[step] not in texts
            assert len(set(texts)) == len(texts) == len(attempt.alternative_ratings[step])
            assert max(attempt.alternative_ratings[step]) >= 0


def test_the_oracles_ratings_make_a_label_that_the_rules_accept() -> None:
    for _, attempt in ATTEMPTS:
        label = label_of(attempt)
        checked = whole_solution(label, steps=attempt.steps, alternatives=by_text_key(attempt))
        assert checked.finish_reason == ("solution" if attempt.first_error is None else "found_error")


def by_text_key(attempt: Attempt) -> dict[str, tuple[str, ...]]:
    return {str(step): texts for step, texts in attempt.alternatives.items()}


def label_of(attempt: Attempt) -> dict[str, object]:
    steps = []
    for number, rating in enumerate(attempt.ratings):
        completions = [{"text": attempt.steps[number], "rating": rating, "flagged": False}]
        if rating == -1:
            others = zip(attempt.alternatives.get(number, ()), attempt.alternative_ratings.get(number, ()), strict=True)
            completions += [{"text": text, "rating": other, "flagged": False} for text, other in others]
        chosen = None if rating == -1 else 0
        steps.append({"completions": completions, "human_completion": None, "chosen_completion": chosen})
    reason = "solution" if attempt.first_error is None else "found_error"
    return {"steps": steps, "total_time": 1000, "finish_reason": reason}


def test_texts_are_clean_latex_with_balanced_dollars_and_braces() -> None:
    for problem in PROBLEMS:
        for text in texts_of(problem):
            bare = text.replace("\\$", "").replace("\\{", "").replace("\\}", "")
            assert bare.count("$") % 2 == 0, text
            assert bare.count("{") == bare.count("}"), text
            assert text.count("\\left") == text.count("\\right"), text
            assert text.count("\\begin{") == text.count("\\end{"), text
            assert "\t" not in text
            assert "  " not in text


@pytest.mark.parametrize(
    "construct",
    [
        r"\frac",
        r"\sqrt",
        r"\binom",
        r"\sum",
        r"\int",
        r"\lim",
        r"\vec",
        r"\$",
        "{pmatrix}",
        "{vmatrix}",
        "{aligned}",
        "{cases}",
    ],
)
def test_real_latex_of_many_kinds_occurs(construct: str) -> None:
    assert any(construct in text for problem in PROBLEMS for text in texts_of(problem))


def test_a_text_with_marks_becomes_steps_ratings_and_alternatives() -> None:
    made = worked("4", "+ Two\nand two.\n\n0 We add.\n\n- It is $5$.\n\n|+ It is $4$.\n\n|- It is $3$.\n\n. So $4$.")
    assert made.steps == ("Two and two.", "We add.", "It is $5$.", "So $4$.\n\n# Answer\n\n4")
    assert made.ratings == (1, 0, -1)
    assert made.first_error == 2
    assert made.alternatives == {2: ("It is $4$.", "It is $3$.")}
    assert made.alternative_ratings == {2: (1, -1)}


@pytest.mark.parametrize(
    "text",
    ["* No mark.", "+ Right.\n\n- Wrong.\n\n+ Rated after it.", "+ Right.\n\n. Not rated.", "|+ Instead of what?"],
)
def test_a_text_whose_marks_do_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        worked("4", text)
