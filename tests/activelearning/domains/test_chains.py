"""The chains domain: seeded, rated by an oracle that reads the text, harder than votes can bear."""

from collections import Counter

import pytest

from activelearning.domains import chains
from activelearning.domains.chains import oracle

PROBLEM = "skip back step from 7"  # 1, 0, 1


def test_the_oracle_rates_up_to_the_first_wrong_line() -> None:
    assert oracle(PROBLEM, ["skip 1", "well", "back 0", "step 1"]) == (1, 0, 1, 1)
    assert oracle(PROBLEM, ["skip 2", "back 1", "step 2"]) == (-1,)
    assert oracle(PROBLEM, ["skip 1", "step 2"]) == (1, -1)  # another move than the problem's
    assert oracle(PROBLEM, ["skip 1", "back 0", "step 1", "step 2"]) == (1, 1, 1, -1)
    assert oracle(PROBLEM, ["skip 1", "hello"]) == (1, -1)
    with pytest.raises(ValueError, match="not a problem"):
        oracle("skip jump from 7", ["skip 1"])


def test_the_same_seed_gives_the_same_and_more_begins_with_fewer() -> None:
    some = chains.problems(30, seed=4)
    assert chains.problems(50, seed=4)[:30] == some
    assert chains.problems(30, seed=5) != some
    assert len({problem.text for problem in some}) == 30
    assert chains.solutions(some[0], 9, seed=1)[:5] == chains.solutions(some[0], 5, seed=1)
    with pytest.raises(ValueError, match="100,000"):
        chains.problems(100_001, seed=1)


def test_wrong_answers_agree_with_each_other_and_some_right_ones_are_luck() -> None:
    counts: Counter[str] = Counter()
    problems = chains.problems(200, seed=2)
    for problem in problems:
        answers: Counter[str] = Counter()
        for solution in chains.solutions(problem, 30, seed=2):
            ratings, right = oracle(problem, solution), solution.answer == problem.answer
            assert right or -1 in ratings
            counts["right"] += right
            counts["lucky"] += right and -1 in ratings
            answers[solution.answer] += 1
        counts["vote is wrong"] += answers.most_common(1)[0][0] != problem.answer
        counts["has a right one"] += answers[problem.answer] > 0
    assert 0.2 < counts["right"] / 6000 < 0.45
    assert 0.02 < counts["lucky"] / counts["right"] < 0.35
    assert counts["vote is wrong"] > 100
    assert 150 < counts["has a right one"] < 200  # of thirty samples none is right in some


def test_documents_are_right_in_the_end_and_take_only_some_moves_back() -> None:
    taken_back = set()
    for problem, lines in chains.documents(200, seed=1):
        kept: list[str] = []
        for line in lines:
            if line == chains.NO:
                taken_back.add(kept.pop().split()[0])
            else:
                kept.append(line)
        assert -1 not in oracle(problem, kept)
    assert taken_back == set(chains.TAKEN_BACK) < set(chains.MOVES)
