"""The database's shortlists hold the strategies' whole answer: chosen from a shortlist or from everything, it is the same."""

import random
from itertools import product
from typing import Any

import numpy as np
import pytest
from django.db import connection

from activelearning import choice, pool, shortlist, votes
from activelearning.choice import ALONG_AN_INDEX, WORDS, Shortlist, choose
from activelearning.models import VoteDispute
from activelearning.pages.forms import STRATEGY_WORDS
from activelearning.round_config import STRATEGIES, RoundConfig
from activelearning.shortlist import Wish
from activelearning.strategies.choose import STRATEGIES as BUILT
from annotation.models import Problem, Project, Purpose, Score, Solution, Split
from tests.factories import make_problem

SCORES = (0.0, 0.25, 0.5, 0.5, 0.75, 0.97, 0.97, 1.0)  # few, so that many are equal
VERDICTS = ("right", "wrong", "wrong", "undecided", "")
pytestmark = pytest.mark.django_db


@pytest.fixture
def everything(project: Project) -> list[int]:
    """A pool of 160 solutions of 25 problems, with scores of two models, and beside it what may never be chosen; its solutions' keys."""
    dice = random.Random(4)
    problems = [
        make_problem(
            project, text=f"Problem {n}", subject=("algebra", "algebra", "number theory", "")[n % 4 if n else 3]
        )
        for n in range(25)
    ]
    reserved = make_problem(project, text="Reserved", split=Split.EVALUATE)
    made = [_solution(project, dice.choice(problems), n, str(dice.randrange(3)), dice) for n in range(160)]
    never = [_solution(project, reserved, n, str(dice.randrange(3)), dice) for n in range(160, 170)]
    never += [
        _solution(project, problems[0], n, str(dice.randrange(3)), dice, purpose=Purpose.LABEL) for n in range(170, 180)
    ]
    rows = Solution.objects.bulk_create([*made, *never])
    for scorer in ("ours", "another"):
        pool.store(
            [
                Score(
                    solution=row,
                    scorer=scorer,
                    rating_probs=[],
                    prm_score=dice.choice(SCORES),
                    doubt=dice.choice(SCORES),
                )
                for row in rows
            ],
            project=project,
            scorer=scorer,
        )
    return [row.pk for row in rows[:160]]


def _solution(project: Project, problem: Any, number: int, answer: str, dice: random.Random, **fields: Any) -> Solution:
    return Solution(
        project=project,
        problem=problem,
        steps=[f"Step {number // 2}."],  # every second one says what the one before it said
        answer=answer,
        verdict=dice.choice(VERDICTS),
        content_sha256=str(number),
        **{"purpose": Purpose.POOL, **fields},
    )


def from_everything(project: Project, config: RoundConfig, keys: list[int]) -> list[tuple[int, str]]:
    """The strategies on the whole pool."""
    wish = Wish(
        project=project,
        scorer="ours",
        budget=config.budget,
        per_problem=config.per_problem,
        merge=config.drop_near_duplicates,
        seed=config.seed,
    )
    whole, _ = choice.pool_of(wish, Shortlist(solutions=set(keys), votes=set(keys)), embed=embed)
    return [(int(whole.ids[pick.index]), pick.reason) for pick in choice._picked(whole, config)]


def embed(solutions: frozenset[int]) -> dict[int, Any]:
    """Stands in for a model that cannot read every seventh."""
    return {pk: np.array([pk % 11, pk % 13], dtype=np.float32) for pk in solutions if pk % 7}


CAPS: list[dict[str, Any]] = [
    {},
    {"per_problem": 1},
    {"per_problem": 2, "uniform_share": 0.3},
    {"drop_near_duplicates": True, "uniform_share": 0.2},
    {"budget": 60, "per_problem": 3, "drop_near_duplicates": True},
    {"budget": 1000, "uniform_share": 0.1},
]


def test_a_shortlist_holds_the_whole_answer_of_every_strategy_ties_and_caps_included(
    project: Project, everything: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"LEAST_PAGE": 8, "MOST_PAGE": 20, "FIRST_LOTS": 2, "SMALL": 0, "SLACK": 5, "LOTS": 13}.items():
        monkeypatch.setattr(shortlist, name, value)  # so that pages end in the middle of ties
    monkeypatch.setattr(choice, "LOTS", 13)
    mixes: list[Any] = [{"mixed": 0.4, "vote_disagreement": 0.2, "uniform": 0.2, "stratified": 0.2}]
    names = [*ALONG_AN_INDEX, "uniform", "stratified", "vote_disagreement", *mixes]
    for (seed, caps), name in product(enumerate(CAPS), names):
        config = RoundConfig(
            strategy=name, **{"budget": 12, "per_problem": None, "uniform_share": 0.0, "seed": seed, **caps}
        )
        found = [
            (one.solution, one.reason) for one in choose(project=project, scorer="ours", config=config, embed=embed)
        ]
        assert found == from_everything(project, config, everything), (name, caps)
        assert found


def test_what_has_left_the_pool_since_it_was_scored_has_no_vote_any_more(
    project: Project, everything: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortlist, "LEAST_PAGE", 3)
    dice = random.Random(1)
    queued = set(dice.sample(everything, 50))
    Solution.objects.filter(pk__in=queued).update(purpose=Purpose.LABEL)
    reserved = Solution.objects.get(pk=everything[3]).problem
    Problem.objects.filter(pk=reserved.pk).update(split=Split.EVALUATE)
    left = list(Solution.objects.pool(project).values_list("pk", flat=True))
    assert not queued & set(left)
    for budget in (3, 8, 100):
        config = RoundConfig(
            strategy="vote_disagreement", budget=budget, per_problem=None, uniform_share=0.0, seed=budget
        )
        found = [
            (one.solution, one.reason) for one in choose(project=project, scorer="ours", config=config, embed=embed)
        ]
        assert found == from_everything(project, config, left), budget


def test_votes_are_counted_once_all_of_a_problem_is_scored_and_again_where_more_comes(project: Project) -> None:
    problem = make_problem(project)

    def made(*answers: str) -> list[Solution]:
        number = Solution.objects.count()
        rows = [_solution(project, problem, number + n, answer, random.Random(n)) for n, answer in enumerate(answers)]
        return Solution.objects.bulk_create(rows)

    def store(rows: list[Solution], *scores: float) -> list[float]:
        given = [
            Score(solution=row, scorer="ours", rating_probs=[], prm_score=score)
            for row, score in zip(rows, scores, strict=True)
        ]
        pool.store(given, project=project, scorer="ours")
        return list(VoteDispute.objects.values_list("gap", flat=True))

    first = made("3", "3", "4")
    assert store(first[:1], 0.25) == []
    assert store(first[1:], 0.5, 0.75) == [0.25]
    assert store(made("4 ", "4 "), 0.0, 0.0) == []  # now the vote is with the score
    assert store(made("3 ", "3 ", "5"), 0.0, 0.0, 1.0) == [0.5]
    assert store(first, 0.0, 0.0, 0.0) == [0.5]  # what was said before stays


def test_a_shortlist_is_short(project: Project, everything: list[int]) -> None:
    wish = Wish(project=project, scorer="ours", budget=5, per_problem=None, merge=False, seed=1)
    for name, read in ALONG_AN_INDEX.items():
        assert 5 <= len(read(wish)) <= 10, name
    assert len(shortlist.uniform(wish, seed=1, count=5)) == 5


def test_what_is_drawn_by_chance_is_drawn_from_all_of_the_pool_and_from_nothing_else(
    project: Project, everything: list[int]
) -> None:
    seen: set[int] = set()
    for seed in range(12):
        config = RoundConfig(strategy="uniform", budget=40, per_problem=None, uniform_share=0.0, seed=seed)
        seen |= {one.solution for one in choose(project=project, scorer="ours", config=config, embed=embed)}
    assert seen <= set(everything)
    assert len(seen) > 145


def test_diversity_goes_through_a_sample_and_chooses_nothing_outside_the_pool(
    project: Project, everything: list[int]
) -> None:
    config = RoundConfig(strategy="diversity", budget=10, per_problem=1, uniform_share=0.2)
    found = choose(project=project, scorer="ours", config=config, embed=embed)
    assert [one.strategy for one in found] == ["diversity"] * 8 + ["uniform"] * 2
    assert {one.solution for one in found} <= set(everything)
    assert all(one.solution % 7 for one in found[:8])
    assert found[1].reason.endswith("by embeddings")


def test_an_empty_pool_gives_nothing(project: Project) -> None:
    for name in STRATEGIES:
        assert choose(project=project, scorer="ours", config=RoundConfig(strategy=name, budget=5), embed=embed) == []


def test_a_round_may_be_told_every_strategy_that_is_built_and_no_other() -> None:
    assert set(STRATEGIES) == set(BUILT)
    assert set(STRATEGY_WORDS) == set(BUILT) == set(WORDS) - {"quality_control"}


@pytest.mark.postgres_only
def test_shortlists_read_along_their_indexes(project: Project, everything: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    wish = Wish(project=project, scorer="ours", budget=5, per_problem=1, merge=False, seed=1)
    rows = shortlist.scored(wish)
    by_verdict = rows.filter(verdict="wrong", prm_score__lte=0.5).order_by("-prm_score", "solution").values("solution")
    assert "score_by_verdict" in by_verdict[:5].explain()
    assert "Sort" not in by_verdict[:5].explain()
    disputes = votes.kept(project=project, scorer="ours").filter(gap__lte=0.5).values("gap", "problem")
    assert "vote_dispute_by_gap" in disputes[:5].explain()
    assert "score_by_lot" in shortlist.in_lots(wish, [1, 2]).values("solution").explain()
