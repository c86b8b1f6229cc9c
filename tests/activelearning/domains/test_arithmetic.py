"""The arithmetic domain: seeded, rated by an oracle that reads the text, with the shares that the simulation had."""

import json
from collections import Counter

import pytest

from activelearning.domains import arithmetic
from activelearning.domains.arithmetic import oracle
from annotation.formats import prm800k, solutions

PROBLEM = "Mia has $7$ cards. Then Mia finds $3$ more. Then Mia loses $1$. How many cards does Mia have now?"


def test_the_oracle_rates_up_to_the_first_wrong_line() -> None:
    right = ["Mia finds $3$ more: $7 + 3 = 10$.", "So far so good.", "Mia loses $1$: $10 - 1 = 9$."]
    end = "So Mia has $9$ cards.\n\n# Answer\n\n9"
    assert oracle(PROBLEM, [*right, end]) == (1, 0, 1, 1)
    assert oracle(PROBLEM, ["Mia finds $3$ more: $7 + 3 = 11$.", *right]) == (-1,)
    assert oracle(PROBLEM, [right[0], "Mia loses $1$: $10 + 1 = 11$.", end]) == (1, -1)
    assert oracle(PROBLEM, [right[0], end]) == (1, -1)
    assert oracle(PROBLEM, [*right, "So.\n\n# Answer\n\n8"]) == (1, 0, 1, -1)
    with pytest.raises(ValueError, match="not a problem"):
        oracle("What is love?", right)


def test_the_same_seed_gives_the_same_and_more_begins_with_fewer() -> None:
    some = arithmetic.problems(30, seed=4)
    assert arithmetic.problems(50, seed=4)[:30] == some
    assert arithmetic.problems(30, seed=5) != some
    assert len({problem.text for problem in some}) == 30
    first = arithmetic.solutions(some[0], 5, seed=1)
    assert arithmetic.solutions(some[0], 9, seed=1)[:5] == first
    assert arithmetic.solutions(some[0], 5, seed=2) != first


def test_wrong_answers_slips_and_traps_come_as_often_as_meant() -> None:
    answers: Counter[str] = Counter()
    clustered = 0
    for problem in arithmetic.problems(300, seed=2):
        wrong: Counter[str] = Counter()
        for solution in arithmetic.solutions(problem, 10, seed=2):
            ratings = oracle(problem, solution)
            right = solution.answer == problem.answer
            answers["all"] += 1
            answers["right"] += right
            answers["clean"] += -1 not in ratings
            answers["lucky"] += right and -1 in ratings
            assert right or -1 in ratings
            wrong[solution.answer] += not right
        clustered += bool(wrong) and max(wrong.values()) >= 5
    assert 0.42 < answers["right"] / answers["all"] < 0.57
    assert 0.38 < answers["clean"] / answers["right"] < 1.0
    assert 0.02 < answers["lucky"] / answers["right"] < 0.2
    assert clustered > 60  # the same wrong value again and again: votes go wrong there


def test_lines_are_prm800k_and_pool_lines_are_solutions() -> None:
    problem = arithmetic.problems(1, seed=1)[0]
    pairs = [(problem, solution) for solution in arithmetic.solutions(problem, 8, seed=1)]
    for (_, solution), text in zip(pairs, arithmetic.labelled_lines(pairs), strict=True):
        row = prm800k.read(json.loads(text))
        ratings = [step["completions"][0]["rating"] for step in row.label["steps"]]
        assert tuple(ratings) == oracle(problem, solution)
        assert row.label["finish_reason"] == ("found_error" if -1 in ratings else "solution")
        assert row.solution is not None
        assert row.solution.steps == solution.steps
    read = solutions.read(json.loads(arithmetic.pool_line(*pairs[0])))
    assert read.answer == pairs[0][1].answer


def test_too_many_problems_are_refused() -> None:
    with pytest.raises(ValueError, match="100,000"):
        arithmetic.problems(100_001, seed=1)
