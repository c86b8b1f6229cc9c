"""Best-of-N against an independent reference that draws every subset there is; votes against every order there is."""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activelearning.evaluation import best_of_n as subject
from activelearning.evaluation.best_of_n import Samples, ns_for

NAN = float("nan")
Sample = tuple[int, bool, float]  # answer's group (-1: none), right, score


def problem(*samples: Sample) -> Samples:
    groups, right, scores = zip(*samples, strict=True)
    return Samples(
        correct=np.array(right, dtype=np.bool_),
        groups=np.array(groups, dtype=np.int64),
        scores={"prm": np.array(scores, dtype=np.float64)},
    )


def tiny(most: int = 5) -> st.SearchStrategy[list[Sample]]:
    """Few answers and few scores, so that ties are common; a wrong answer is never a right one's."""

    def sample(answer: int, score: float) -> Sample:
        return answer, answer in (0, 1), score

    scores = st.sampled_from([0.1, 0.5, 0.9, NAN])
    return st.lists(st.builds(sample, st.integers(-1, 3), scores), min_size=1, max_size=most)


# --- the reference ---------------------------------------------------------------------------------------------------

Pick = Callable[[list[Sample]], list[Sample]]  # the samples that tie for being picked


def by_score(drawn: list[Sample]) -> list[Sample]:
    value = [-math.inf if math.isnan(score) else score for _, _, score in drawn]
    return [sample for sample, each in zip(drawn, value, strict=True) if each == max(value)]


def any_right(drawn: list[Sample]) -> list[Sample]:
    return [max(drawn, key=lambda sample: sample[1])]


def by_vote(weigh: Callable[[Sample], float]) -> Pick:
    """One sample for each of the answers that tie."""

    def pick(drawn: list[Sample]) -> list[Sample]:
        votes: dict[int, float] = defaultdict(float)
        for sample in drawn:
            votes[sample[0]] += weigh(sample)
        best = max(votes.values())
        return [next(s for s in drawn if s[0] == answer) for answer, sum_ in votes.items() if abs(sum_ - best) < 1e-9]

    return pick


def rightness(drawn: Sequence[Sample | None], pick: Pick) -> float:
    answered = [sample for sample in drawn if sample is not None and sample[0] >= 0]
    tied = pick(answered) if answered else []
    return sum(sample[1] for sample in tied) / len(tied) if tied else 0.0


def reference(problems: Sequence[Sequence[Sample]], n: int, pick: Pick) -> tuple[float, float]:
    """Mean and standard deviation of the accuracy over every draw of every problem together, ties being further draws."""
    padded = max(map(len, problems))
    outcomes: dict[float, float] = {0.0: 1.0}  # how many right, and how likely
    for samples in problems:
        filled = [*samples, *[None] * (padded - len(samples))]
        chances = [rightness(drawn, pick) for drawn in itertools.combinations(filled, n)]
        right = sum(chances) / len(chances)
        so_far, outcomes = outcomes, defaultdict(float)
        for count, chance in so_far.items():
            outcomes[count] += chance * (1 - right)
            outcomes[count + 1] += chance * right
    mean = sum(count * chance for count, chance in outcomes.items())
    variance = sum((count - mean) ** 2 * chance for count, chance in outcomes.items())
    return mean / len(problems), math.sqrt(max(variance, 0.0)) / len(problems)


# --- in closed form --------------------------------------------------------------------------------------------------


@given(st.lists(tiny(), min_size=1, max_size=3))
def test_the_closed_form_is_what_all_subsets_say(given: list[list[Sample]]) -> None:
    problems = [problem(*samples) for samples in given]
    ns = range(1, max(map(len, given)) + 1)
    best = subject.best_of_n(problems, scorer="prm", ns=ns).curve()
    passed = subject.pass_at_n(problems, ns=ns).curve()
    for at, n in enumerate(ns):
        assert (best.mean[at], best.std[at]) == pytest.approx(reference(given, n, by_score), abs=1e-7)
        assert (passed.mean[at], passed.std[at]) == pytest.approx(reference(given, n, any_right), abs=1e-7)


def test_best_of_two_of_three_by_hand() -> None:
    """The right one is second best: it wins only where the best is not drawn, in one of three pairs."""
    found = subject.best_of_n([problem((1, False, 0.9), (0, True, 0.5), (2, False, 0.1))], scorer="prm", ns=[1, 2, 3])
    assert found.curve().mean == pytest.approx((1 / 3, 1 / 3, 0.0))
    assert found.curve().std == pytest.approx((math.sqrt(2) / 3, math.sqrt(2) / 3, 0.0))


def test_tied_scores_are_broken_by_chance_and_never_by_correctness() -> None:
    tied = problem((0, True, 0.5), (1, False, 0.5), (2, False, 0.5), (3, False, 0.2))
    assert subject.best_of_n([tied], scorer="prm", ns=[4]).curve().mean == pytest.approx((1 / 3,))


def test_a_sample_without_a_score_is_picked_last_and_one_without_an_answer_never() -> None:
    unscored = problem((0, True, NAN), (1, False, -5.0))
    assert subject.best_of_n([unscored], scorer="prm", ns=[1, 2]).curve().mean == pytest.approx((0.5, 0.0))
    unanswered = problem((-1, False, 0.9), (0, True, 0.1))
    assert subject.best_of_n([unanswered], scorer="prm", ns=[1, 2]).curve().mean == pytest.approx((0.5, 1.0))
    assert subject.pass_at_n([unanswered], ns=[1, 2]).curve().mean == pytest.approx((0.5, 1.0))


def test_a_problem_with_fewer_samples_is_padded_to_the_most_of_any() -> None:
    """One right sample among three places: of one drawn it is there in a third of the trials."""
    problems = [problem((0, True, 0.5)), problem(*[(1, False, 0.5)] * 3)]
    assert subject.best_of_n(problems, scorer="prm", ns=[1, 2, 3]).curve().mean == pytest.approx((1 / 6, 1 / 3, 1 / 2))
    assert subject.pass_at_n(problems, ns=[1, 2, 3]).curve([0]).mean == pytest.approx((1 / 3, 2 / 3, 1.0))


def test_pass_at_n_is_the_estimator_of_the_codex_paper() -> None:
    """1 - C(n - c, k) / C(n, k) of 200 samples with 13 right ones."""
    samples = problem(*[(0, True, 0.0)] * 13, *[(1, False, 0.0)] * 187)
    ks = [1, 10, 100, 200]
    expected = [1 - math.comb(187, k) / math.comb(200, k) for k in ks]
    assert subject.pass_at_n([samples], ns=ks).curve().mean == pytest.approx(expected, abs=1e-12)


# --- by the published protocol ---------------------------------------------------------------------------------------


def all_orders(padded: int, samples: int) -> np.ndarray[Any, Any]:
    return np.array(list(itertools.permutations(range(padded))), dtype=np.int64)[:, :samples]


@given(st.integers(0, 2**32), st.lists(tiny(4), min_size=1, max_size=1).map(lambda one: one[0]), st.integers(0, 1))
def test_in_every_order_the_vote_is_one_of_those_that_tie(seed: int, samples: list[Sample], padding: int) -> None:
    padded = len(samples) + padding
    places = all_orders(padded, len(samples))
    filled = [*samples, *[None] * padding]
    scored = [[(a, right, 0.0 if math.isnan(score) else score) for a, right, score in samples]]
    for scorer, weigh in ((None, lambda _: 1.0), ("prm", lambda sample: sample[2])):
        given = samples if scorer is None else scored[0]
        ns = range(1, padded + 1)
        rule = subject.by_vote(scorer)
        picked = rule(problem(*given), places, ns, np.random.default_rng(seed))
        for order, places_of in enumerate(places):
            for at, n in enumerate(ns):
                drawn = [given[i] for i, place in enumerate(places_of) if place < n and filled[i][0] >= 0]  # type: ignore[index]
                allowed = {float(sample[1]) for sample in by_vote(weigh)(drawn)} if drawn else {0.0}
                assert picked[at, order] in allowed


@pytest.mark.parametrize("scorer", [None, "prm"])
def test_votes_over_all_orders_are_what_all_subsets_say(scorer: str | None) -> None:
    samples = [(0, True, 0.31), (0, True, 0.2), (1, False, 0.62), (1, False, 0.05), (2, False, 0.17), (-1, False, 0.99)]
    weigh: Callable[[Sample], float] = (lambda sample: sample[2]) if scorer else (lambda _: 1.0)
    places = np.tile(all_orders(6, 6), (20, 1))  # the orders again and again, for the ties among votes
    picked = subject.by_vote(scorer)(problem(*samples), places, range(1, 7), np.random.default_rng(3))
    for at, n in enumerate(range(1, 7)):
        mean, _ = reference([samples], n, by_vote(weigh))
        assert picked[at].mean() == pytest.approx(mean, abs=1e-9 if scorer else 0.02)


def test_the_sampled_protocol_comes_to_the_closed_form() -> None:
    dice = np.random.default_rng(5)
    problems = []
    for size in (3, 8, 12, 12, 1):
        answers = dice.integers(-1, 3, size)
        scores = np.round(dice.random(size), 1)
        problems.append(Samples(correct=answers == 0, groups=answers.astype(np.int64), scores={"prm": scores}))
    ns = [1, 2, 4, 8, 12]
    exact = subject.best_of_n(problems, scorer="prm", ns=ns).curve()
    drawn = subject.sampled(problems, subject.by_score("prm"), ns=ns, trials=20_000, seed=1).curve()
    assert drawn.mean == pytest.approx(exact.mean, abs=0.006)
    assert drawn.std == pytest.approx(exact.std, abs=0.006)


def test_a_problem_of_unanswered_samples_counts_as_wrong_under_every_rule() -> None:
    nothing = problem((-1, False, 0.9), (-1, False, 0.8))
    assert subject.best_of_n([nothing], scorer="prm", ns=[1, 2]).curve().mean == (0.0, 0.0)
    assert subject.votes_of_n([nothing], ns=[1, 2]).curve().mean == (0.0, 0.0)
    assert subject.votes_of_n([nothing], ns=[1, 2], scorer="prm").curve().mean == (0.0, 0.0)
    rule = subject.by_score("prm")
    assert subject.sampled([nothing], rule, ns=[1, 2], trials=5, seed=0).curve().mean == (0.0, 0.0)
    assert subject.pass_at_n([nothing], ns=[1, 2]).curve().mean == (0.0, 0.0)


def test_tied_votes_are_broken_by_chance_and_by_the_seed() -> None:
    tied = [problem((0, True, 0.5), (1, False, 0.5), (2, False, 0.25), (2, False, 0.25))]
    found = subject.votes_of_n(tied, ns=[4], trials=3000, seed=1, scorer="prm")
    assert found.curve().mean == pytest.approx((1 / 3,), abs=0.03)
    assert found.curve() == subject.votes_of_n(tied, ns=[4], trials=3000, seed=1, scorer="prm").curve()
    assert found.curve() != subject.votes_of_n(tied, ns=[4], trials=3000, seed=2, scorer="prm").curve()


def test_in_a_weighted_vote_an_unscored_sample_has_no_say_but_stands_behind_the_scored() -> None:
    votes = subject.votes_of_n([problem((0, True, -3.0), (1, False, NAN))], ns=[2], trials=50, scorer="prm")
    assert votes.curve().mean == (1.0,)
    alone = subject.votes_of_n([problem((0, True, NAN), (-1, False, 0.9))], ns=[2], trials=50, scorer="prm")
    assert alone.curve().mean == (1.0,)


def test_a_vote_is_as_right_as_the_drawn_samples_of_its_answer() -> None:
    """The grader called two spellings one answer and graded them apart: three of four that are drawn are right."""
    found = subject.votes_of_n([problem(*[(0, True, 0.0)] * 3, (0, False, 0.0))], ns=[4], trials=3)
    assert found.curve().mean == (0.75,)


def test_the_curve_of_some_problems_is_theirs_and_the_whole_is_their_mean() -> None:
    problems = [problem((0, True, 0.9), (1, False, 0.5)), problem((1, False, 0.9), (0, True, 0.5))]
    whole = subject.best_of_n(problems, scorer="prm", ns=[1, 2])
    assert whole.curve([0]).mean == pytest.approx((0.5, 1.0))
    assert whole.curve([1]).mean == pytest.approx((0.5, 0.0))
    assert whole.curve().mean == pytest.approx((0.5, 0.5))
    assert whole.curve().std == pytest.approx((math.sqrt(0.5) / 2, 0.0))


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (1, (1,)),
        (5, (1, 2, 4)),
        (99, (1, 2, 4, 8, 16, 32, 64)),
        (100, (10, 25, 50, 75, 100)),
        (1860, subject.PAPERS_N),
        (5000, subject.PAPERS_N),
    ],
)
def test_n_is_the_papers_list_from_100_samples_on_and_powers_of_two_before(most: int, expected: Sequence[int]) -> None:
    assert ns_for(most) == tuple(expected)


def test_what_cannot_be_measured_is_refused() -> None:
    one = [problem((0, True, 0.5))]
    with pytest.raises(ValueError, match="no problems"):
        subject.pass_at_n([], ns=[1])
    with pytest.raises(ValueError, match="no problems"):
        subject.pass_at_n(one, ns=[1]).curve([])
    with pytest.raises(ValueError, match="trials is 0"):
        subject.votes_of_n(one, ns=[1], trials=0)
    with pytest.raises(ValueError, match="ascend"):
        subject.votes_of_n(one, ns=[2, 1])
    with pytest.raises(ValueError, match="cannot be correct"):
        problem((-1, True, 0.5))
    with pytest.raises(ValueError, match="different lengths"):
        Samples(correct=np.ones(2, np.bool_), groups=np.zeros(1, np.int64), scores={})
