"""What a round chooses from its scored pool: shortlists from the database, the strategies on them, and what was chosen in words."""

import functools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from activelearning import shortlist
from activelearning.round_config import RoundConfig
from activelearning.shortlist import Wish
from activelearning.strategies import diversity, relabel, stratified, uniform, vote_disagreement
from activelearning.strategies.choose import FLOOR, counts_of, select, uniform_seed
from activelearning.strategies.lines import answer_key, says
from activelearning.strategies.pool import Features, Floats, Pick, Pool
from annotation.models import LOTS, Project, Score, Solution, Verdict

WORDS = {
    "convincing_wrong": "convincing wrong",
    "mixed": "by the 80/20 mix",
    "uniform": "by chance",
    "stratified": "by subject and level",
    "uncertainty": "uncertain",
    "ensemble": "by the ensemble's doubt",
    "grader_disagreement": "against the grader",
    "vote_disagreement": "against the vote",
    "diversity": "unlike each other",
    "relabel": "to be labelled again",
    "quality_control": "known ones for quality control",
}
ALONG_AN_INDEX = {
    "convincing_wrong": shortlist.convincing_wrong,
    "mixed": shortlist.mixed,
    "uncertainty": shortlist.uncertainty,
    "ensemble": shortlist.ensemble,
    "grader_disagreement": shortlist.grader_disagreement,
}
CHUNK = 5_000
NAN = float("nan")
# A model's last hidden state of each of these solutions, rows of one width; one that the model cannot read is left out.
Embed = Callable[[frozenset[int]], Mapping[int, npt.NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class Chosen:
    solution: int
    score: float | None
    strategy: str
    reason: str


@dataclass(slots=True)
class Shortlist:
    """Which solutions the strategies are shown, and which of them only some may see."""

    solutions: set[int] = field(default_factory=set)
    votes: set[int] = field(default_factory=set)
    diverse: set[int] = field(default_factory=set)
    disputes: Mapping[int, float] = field(default_factory=dict)
    partly_known: set[str] = field(default_factory=set)  # strata that may have more candidates than these


def choose(*, project: Project, scorer: str, config: RoundConfig, embed: Embed) -> list[Chosen]:
    """The picks in rank order, of the pool's solutions that this scorer scored; only a verdict of wrong is wrong.

    The same pool, scores and seed give the same choice, which is the strategies' own on the whole pool (`diversity`: on a sample).
    Where a strategy finds too few, fewer are chosen. Never an evaluation problem's. `embed` is called for `diversity` alone, once.
    """
    embed = functools.cache(embed)  # the sample is the same each time
    wish = Wish(
        project=project,
        scorer=scorer,
        budget=config.budget,
        per_problem=config.per_problem,
        merge=config.drop_near_duplicates,
        seed=config.seed,
    )
    least = 0
    while True:
        least = 2 * least or 2 * math.ceil(config.budget / 10)
        shown = shortlisted(wish, config, least=least)
        pool, scores = pool_of(wish, shown, embed=embed)
        picks = _picked(pool, config)
        if _strata_sufficed(pool, picks, shown, least):
            return [
                Chosen(int(pool.ids[p.index]), scores.get(int(pool.ids[p.index])), p.strategy, p.reason) for p in picks
            ]


def _picked(pool: Pool, config: RoundConfig) -> list[Pick]:
    return select(
        pool,
        strategy=config.strategy,
        budget=config.budget,
        per_problem=config.per_problem,
        uniform_share=config.uniform_share,
        merge=config.drop_near_duplicates,
        seed=config.seed,
    )


def _strata_sufficed(pool: Pool, picks: Sequence[Pick], shown: Shortlist, least: int) -> bool:
    """Whether no stratum was used up that may have more: then its choice would be another with these."""
    if pool.strata is None or not shown.partly_known:
        return True
    taken = Counter(pool.strata[pick.index] for pick in picks)
    return all(taken[name] < least for name in shown.partly_known)


def shortlisted(wish: Wish, config: RoundConfig, *, least: int) -> Shortlist:
    """Enough of the pool for the strategies that are asked for. `least`: of each stratum."""
    counts = counts_of(config.strategy, budget=config.budget, uniform_share=config.uniform_share)
    found = Shortlist()
    if floor := counts.pop(FLOOR):
        found.solutions |= shortlist.uniform(wish, seed=uniform_seed(wish.seed), count=floor)
    for name in (name for name, count in counts.items() if count):
        if name in ALONG_AN_INDEX:
            found.solutions |= ALONG_AN_INDEX[name](wish)
        elif name == uniform.NAME:
            found.solutions |= shortlist.uniform(wish, seed=wish.seed, count=wish.budget)
        elif name == stratified.NAME:
            some, found.partly_known = shortlist.strata(wish, least=least)
            found.solutions |= some
        elif name == diversity.NAME:
            found.diverse = shortlist.diversity(wish)
        elif name == vote_disagreement.NAME:
            found.votes = shortlist.vote_disagreement(wish)
        elif name == relabel.NAME:
            found.disputes = shortlist.disputed(wish.project)
    found.solutions |= found.votes | found.diverse
    return found


def pool_of(wish: Wish, shown: Shortlist, *, embed: Embed) -> tuple[Pool, dict[int, float]]:
    """The shortlist as the strategies' arrays, in the order of keys, and the scores."""
    rows = {row.pk: row for row in _loaded({*shown.solutions, *shown.disputes}, texts=wish.merge)}
    ids = sorted(rows)
    scores = _numbers(wish, shown.solutions, "prm_score")
    doubts = _numbers(wish, shown.solutions, "doubt")
    in_pool = [pk in shown.solutions for pk in ids]
    verdicts = [rows[pk].verdict if pk in shown.solutions else "" for pk in ids]
    pool = Pool(
        ids=[str(pk) for pk in ids],
        problems=[str(rows[pk].problem_id) for pk in ids],
        scores=_column(ids, scores),
        is_wrong=np.array([verdict == Verdict.WRONG for verdict in verdicts], dtype=np.bool_),
        is_right=np.array([verdict == Verdict.RIGHT for verdict in verdicts], dtype=np.bool_),
        doubts=_column(ids, doubts),
        disputes=_column(ids, shown.disputes),
        strata=[stratified.stratum(rows[pk].problem.subject, rows[pk].problem.level) for pk in ids],
        answers=[answer_key(rows[pk].answer) if pk in shown.votes else None for pk in ids],
        features=_features(ids, embed(frozenset(shown.diverse)) if shown.diverse else {}),
        says=[says(rows[pk].steps) for pk in ids] if wish.merge else None,
        lots=[pk % LOTS for pk in ids],
        labelled=~np.array(in_pool, dtype=np.bool_),
    )
    return pool, scores


def _loaded(solutions: Iterable[int], *, texts: bool) -> Iterable[Solution]:
    few = ("problem__subject", "problem__level", "verdict", "answer", *(("steps",) if texts else ()))
    rows = Solution.objects.select_related("problem").only(*few)
    for chunk in chunks(solutions):
        yield from rows.filter(pk__in=chunk)


def _numbers(wish: Wish, solutions: Iterable[int], column: str) -> dict[int, float]:
    """The scorer's number of each solution that has one."""
    found: dict[int, float] = {}
    for chunk in chunks(solutions):
        rows = Score.objects.filter(scorer=wish.scorer, solution__in=chunk, **{f"{column}__isnull": False})
        found.update(rows.values_list("solution", column))
    return found


def chunks(solutions: Iterable[int]) -> Iterable[list[int]]:
    """So many of the keys as one query may name, in their order."""
    listed = sorted(solutions)
    return (listed[start : start + CHUNK] for start in range(0, len(listed), CHUNK))


def _column(ids: Sequence[int], numbers: Mapping[int, float]) -> Floats:
    return np.array([numbers.get(pk, NAN) for pk in ids], dtype=np.float64)


def _features(ids: Sequence[int], embeddings: Mapping[int, npt.NDArray[np.float32]]) -> Features:
    """Of the sample that `diversity` goes through; NaN of the others, which it does not see."""
    width = max((len(row) for row in embeddings.values()), default=1)
    rows = np.full((len(ids), width), NAN, dtype=np.float32)
    for place, pk in enumerate(ids):
        if pk in embeddings:
            rows[place] = embeddings[pk]
    return Features(rows=rows, made_of=diversity.EMBEDDING)


def in_words(strategies: Sequence[str]) -> str:
    """One sentence for the round's page about who chose how many."""
    parts = ", ".join(f"{count:,} {WORDS.get(name, name)}" for name, count in Counter(strategies).items())
    return f"{len(strategies):,} chosen: {parts}."
