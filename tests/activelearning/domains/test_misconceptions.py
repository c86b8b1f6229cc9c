"""The misconceptions domain: seeded, rated by an oracle that reads words, many facts of which most are seldom."""

from collections import Counter

import pytest

from activelearning.domains import misconceptions
from activelearning.domains.misconceptions import is_sound, oracle, world

WORLD = world(3)


def test_the_oracle_rates_up_to_the_first_misconception() -> None:
    problem = misconceptions.problems(1, 1, WORLD)[0]
    sound, mistaken = WORLD.methods[0][0], WORLD.methods[0][-1]
    assert is_sound(sound)
    assert not is_sound(mistaken)
    assert oracle(problem, [sound, sound, mistaken, sound]) == (1, 1, -1)
    assert oracle(problem.text, [sound] * 4) == (1, 1, 1, 1)
    with pytest.raises(ValueError, match="not a problem"):
        oracle("skip back from 7", [sound])


def test_the_same_seed_gives_the_same_and_more_begins_with_fewer() -> None:
    some = misconceptions.problems(30, 4, WORLD)
    assert misconceptions.problems(50, 4, WORLD)[:30] == some
    assert misconceptions.problems(30, 5, WORLD) != some
    assert len({problem.text for problem in some}) == 30
    nine = misconceptions.solutions(some[0], 9, 1, WORLD)
    assert nine[:5] == misconceptions.solutions(some[0], 5, 1, WORLD)
    with pytest.raises(ValueError, match="100,000"):
        misconceptions.problems(100_001, 1, WORLD)


def test_a_world_has_its_own_words_and_as_many_sound_methods_as_misconceptions_a_topic() -> None:
    assert world(4).topics != WORLD.topics
    for methods, taken in zip(WORLD.methods, WORLD.taken, strict=True):
        assert [is_sound(method) for method in methods] == [True, False]
        assert taken == pytest.approx((0.5, 0.5))
    words = [word for methods in WORLD.methods for word in methods]
    assert len(set(words)) == len(words)


def test_an_answer_is_right_where_no_line_is_a_misconception_and_few_topics_make_up_half_of_the_lines() -> None:
    counts: Counter[str] = Counter()
    topics: Counter[int] = Counter()
    for problem in misconceptions.problems(200, 2, WORLD):
        topics.update(problem.topics)
        for solution in misconceptions.solutions(problem, 20, 2, WORLD):
            right = solution.answer == problem.answer
            counts["right"] += right
            counts["sound"] += -1 not in oracle(problem, solution)
            counts["lucky"] += right and -1 in oracle(problem, solution)
    assert counts["right"] == counts["sound"] + counts["lucky"]
    assert 0.04 < counts["sound"] / 4000 < 0.09  # a half to the fourth
    assert counts["lucky"] < 60
    assert sum(count for _, count in topics.most_common(30)) > sum(topics.values()) / 2
    assert len(topics) > 130
