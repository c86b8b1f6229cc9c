"""Each strategy on lines made by hand, through `select_solutions`' own reading, where the right choice is plain."""

import math
from typing import Any

import pytest

from activelearning.strategies.choose import select
from activelearning.strategies.ensemble import doubt
from activelearning.strategies.lines import pool_of
from activelearning.strategies.relabel import dispute
from annotation.formats.fields import Unreadable

Line = dict[str, Any]


def line(name: str, score: float | None = 0.5, **more: Any) -> Line:
    return {"problem": "p", "steps": [name], "prm_score": score, "is_correct": False, "answer": None} | more


def chosen(strategy: str, lines: list[Line], budget: int = 100, *, merge: bool = False, **how: Any) -> list[str]:
    picks = select(pool_of(lines, strategy=strategy, merge=merge), strategy=strategy, budget=budget, merge=merge, **how)
    return [lines[pick.index]["steps"][0] for pick in picks]


def test_uncertainty_takes_what_is_nearest_to_a_half_whatever_the_answer() -> None:
    lines = [line("a", 0.97), line("b", 0.46), line("c", 0.52, is_correct=True), line("d", 0.1), line("e", None)]
    assert chosen("uncertainty", lines) == ["c", "b", "d", "a"]
    assert chosen("uncertainty", lines, 1) == ["c"]


def test_grader_disagreement_goes_in_both_directions_and_leaves_the_undecided_alone() -> None:
    lines = [
        line("sure and wrong", 0.95),
        line("sure and right", 0.99, is_correct=True),
        line("doubted and right", 0.02, is_correct=True),
        line("doubted and wrong", 0.01),
        line("undecided", 0.999, verdict="undecided"),
    ]
    assert chosen("grader_disagreement", lines, 2) == ["doubted and right", "sure and wrong"]
    assert "undecided" not in chosen("grader_disagreement", lines)


def ensemble_line(name: str, goods: list[float], deviations: list[float] | None) -> Line:
    probs = [{"-1": 1 - good, "0": 0.0, "1": good} for good in goods]
    return line(name, math.prod(goods), steps=[name] * len(goods), rating_probs=probs, rating_deviation=deviations)


def test_ensemble_takes_those_on_which_heads_differ_and_then_those_of_which_all_are_unsure() -> None:
    lines = [
        ensemble_line("agreed and sure", [0.99, 0.99], [0.001, 0.001]),
        ensemble_line("heads differ", [0.99, 0.9], [0.001, 0.2]),
        ensemble_line("all unsure", [0.99, 0.6], [0.001, 0.001]),
        line("too long", None, rating_probs=None),
    ]
    assert chosen("ensemble", lines) == ["heads differ", "all unsure", "agreed and sure"]


def test_ensemble_counts_no_step_after_the_first_that_the_model_calls_wrong() -> None:
    assert doubt([0.99, 0.01, 0.5], [0.0, 0.0, 0.4]) == pytest.approx(0.2)
    assert doubt([0.99, 0.01], [0.0, 0.05]) == pytest.approx(10)  # that step itself counts
    assert doubt([0.95], [0.0]) == pytest.approx(1)  # just what ActPRM would still label


def test_vote_disagreement_brings_both_winners_of_a_problem_and_none_where_they_agree() -> None:
    def votes(problem: str, *given: tuple[str, str, float]) -> list[Line]:
        return [line(name, score, problem=problem, answer=answer) for name, answer, score in given]

    lines = [
        *votes("agreed", ("a1", "3", 0.9), ("a2", "3", 0.2), ("a3", "4", 0.5)),
        *votes("close", ("b1", "5", 0.6), ("b2", "6", 0.5), ("b3", " 6", 0.4)),
        *votes("far", ("c1", "7", 0.9), ("c2", "8", 0.1), ("c3", "8", 0.2)),
        *votes("tied", ("d1", "1", 0.9), ("d2", "2", 0.1)),
        line("silent", 0.99, problem="silent"),
    ]
    assert chosen("vote_disagreement", lines) == ["c1", "c3", "b1", "b2"]


def test_stratified_takes_as_many_of_a_rare_subject_as_of_a_common_one() -> None:
    lines = [line(f"a{n}", subject="Algebra", level=1) for n in range(50)]
    lines += [line(f"g{n}", subject="Geometry", level=2) for n in range(3)]
    found = chosen("stratified", lines, 4)
    assert sorted(name[0] for name in found) == ["a", "a", "g", "g"]
    found = chosen("stratified", lines, 20)
    assert sorted(name[0] for name in found) == ["a"] * 17 + ["g"] * 3


@pytest.mark.parametrize("embedded", [True, False])
def test_diversity_takes_one_of_each_kind_before_a_second_of_any(embedded: bool) -> None:
    kinds = {"add the numbers": (0.0, 0.0), "draw a circle": (9.0, 0.0), "use induction": (0.0, 9.0)}
    lines = []
    for text, (x, y) in kinds.items():
        for n in range(4):
            more = {"embedding": [x + n / 10, y]} if embedded else {}
            lines.append(line(f"{text}{'!' * n}", **more))
    for seed in range(5):
        assert {name.rstrip("!") for name in chosen("diversity", lines, 3, seed=seed)} == set(kinds)


def test_diversity_says_what_it_told_them_apart_by() -> None:
    apart = [line("one thing"), line("another", embedding=[1.0])]
    picks = select(pool_of(apart, strategy="diversity"), strategy="diversity", budget=2)
    assert "character trigrams" in picks[1].reason  # as long as one of them has no embedding


def test_relabel_takes_what_labellers_part_on_and_nothing_on_which_they_agree() -> None:
    lines = [
        line("agreed", first_errors=[1, 1]),
        line("one of three", first_errors=[1, 1, 2]),
        line("all three", first_errors=[1, 2, None]),
        line("single", first_errors=[4]),
    ]
    assert chosen("relabel", lines) == ["all three", "one of three"]
    assert dispute([1, 1, 2]) == pytest.approx(2 / 3)
    assert math.isnan(dispute([None]))


def test_near_duplicates_of_a_problem_are_one_and_the_same_words_on_another_problem_are_not() -> None:
    lines = [
        line("So $x = 3$.", 0.9),
        line("so \\(x=3\\)", 0.8),
        line("So $x = 4$.", 0.7),
        line("So $x = 3$.", 0.6, problem="q"),
    ]
    assert chosen("convincing_wrong", lines) == [one["steps"][0] for one in lines]
    assert chosen("convincing_wrong", lines, merge=True) == ["So $x = 3$.", "So $x = 4$.", "So $x = 3$."]


@pytest.mark.parametrize(
    ("strategy", "more", "reason"),
    [
        ("ensemble", {}, "0:rating_deviation: is missing"),
        ("ensemble", {"rating_deviation": [0.1, 0.2], "rating_probs": [{"-1": 0, "0": 0, "1": 1}]}, "has 2 numbers"),
        ("stratified", {}, "0:subject: is missing, and so is level"),
        ("relabel", {}, "0:first_errors: is missing"),
        ("relabel", {"first_errors": [True]}, "must be a whole number"),
        ("diversity", {"embedding": [None]}, r"0:embedding\[0\]: must be a number"),
        ("diversity", {"embedding": []}, "must be a list of numbers"),
    ],
)
def test_a_line_without_what_a_strategy_reads_is_refused_by_name(strategy: str, more: Line, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        pool_of([line("a", **more)], strategy=strategy)


def test_a_vote_needs_answers() -> None:
    bare = line("a")
    del bare["answer"]
    with pytest.raises(Unreadable, match="0:answer: is missing"):
        pool_of([bare], strategy="vote_disagreement")
