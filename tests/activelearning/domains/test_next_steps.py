"""The scripted supplier: every sum can be built to its right answer from what it offers, and the same call brings the same."""

import pytest

from activelearning.domains import arithmetic
from activelearning.domains.next_steps import next_steps


def test_two_changes_that_read_the_same_are_two_steps() -> None:
    problem = "Tomás has $5$ stamps. Then Tomás sells $2$. Then Tomás finds $2$ more. Then Tomás sells $2$. How many?"
    once = ["Tomás sells $2$: $5 - 2 = 3$.", "Tomás finds $2$ more: $3 + 2 = 5$."]
    assert once[0] in next_steps(problem=problem, steps=once, count=5, seed=0)


@pytest.mark.parametrize("problem", arithmetic.problems(25, seed=11), ids=lambda problem: problem.text[:20])
def test_from_what_it_offers_each_sum_can_be_solved_and_each_turn_has_wrong_ones_too(
    problem: arithmetic.Problem,
) -> None:
    steps: list[str] = []
    while not steps or "# Answer" not in steps[-1]:
        offered = next_steps(problem=problem.text, steps=steps, count=5, seed=3)
        assert offered == next_steps(problem=problem.text, steps=steps, count=5, seed=3)
        assert len(set(offered)) == len(offered)
        assert 3 <= len(offered) <= 5
        rated = {text: arithmetic.oracle(problem, [*steps, text])[-1] for text in offered}
        assert list(rated.values()).count(1) == 1
        assert -1 in rated.values()
        steps.append(next(text for text, rating in rated.items() if rating == 1))
    assert steps[-1].endswith(f"\n\n# Answer\n\n{problem.answer}")
    assert len(steps) == len(problem.changes) + 1
    assert next_steps(problem=problem.text, steps=steps, count=5, seed=3) == []


def test_it_goes_on_from_what_was_said_even_where_that_was_wrong() -> None:
    problem = "Mia has $7$ cards. Then Mia finds $3$ more. Then Mia loses $1$. How many cards does Mia have now?"
    offered = next_steps(problem=problem, steps=["Mia finds $3$ more: $7 + 3 = 11$."], count=8, seed=0)
    assert "Mia loses $1$: $11 - 1 = 10$." in offered


def test_another_seed_brings_another_order_and_fewer_are_fewer() -> None:
    problem = arithmetic.problems(1, seed=1)[0].text
    orders = {tuple(next_steps(problem=problem, steps=[], count=5, seed=seed)) for seed in range(20)}
    assert len(orders) > 5
    assert len(next_steps(problem=problem, steps=[], count=2, seed=0)) == 2


def test_of_another_problem_it_brings_nothing() -> None:
    assert next_steps(problem="What is love?", steps=[], count=5, seed=0) == []
    assert next_steps(problem="Mia has $7$ cards. How many?", steps=[], count=5, seed=0) == []
