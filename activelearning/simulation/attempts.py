"""What the experiments are made of: a solution with the oracle's word on its steps and its outcome, whatever domain or file it is from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from activelearning.domains import chains, increasing, misconceptions
from activelearning.rewardmodel.examples import Example

Groups = Sequence[Sequence["Attempt"]]  # solutions by problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`ratings` end at the first wrong step, None is a step that nobody rated. `answer` is None where a domain has none."""

    problem: str
    steps: tuple[str, ...]
    ratings: tuple[int | None, ...]
    answer: str | None
    right: bool

    def example(self, kind: str) -> Example:
        """What it teaches: a PRM its steps up to the first wrong one, an ORM the whole and its outcome."""
        if kind == "orm":
            return Example(problem=self.problem, steps=self.steps, right=self.right)
        return Example(problem=self.problem, steps=self.steps[: len(self.ratings)], ratings=self.ratings)


def _chains(problems: int, samples: int, seed: int) -> list[list[Attempt]]:
    return [
        [
            Attempt(
                problem=problem.text,
                steps=solution.steps,
                ratings=chains.oracle(problem, solution),
                answer=solution.answer,
                right=solution.answer == problem.answer,
            )
            for solution in chains.solutions(problem, samples, seed)
        ]
        for problem in chains.problems(problems, seed)
    ]


def _increasing(problems: int, samples: int, seed: int) -> list[list[Attempt]]:
    return [
        [
            Attempt(
                problem=problem.text,
                steps=solution.steps,
                ratings=increasing.oracle(problem, solution),
                answer=None,
                right=increasing.is_right(problem, solution),
            )
            for solution in increasing.solutions(problem, samples, seed)
        ]
        for problem in increasing.problems(problems, seed)
    ]


def _misconceptions(problems: int, samples: int, seed: int) -> list[list[Attempt]]:
    world = misconceptions.world(
        seed // len(_STREAMS)
    )  # one for all streams of a seed: what is learnt must count elsewhere
    return [
        [
            Attempt(
                problem=problem.text,
                steps=solution.steps,
                ratings=misconceptions.oracle(problem, solution),
                answer=solution.answer,
                right=solution.answer == problem.answer,
            )
            for solution in misconceptions.solutions(problem, samples, seed, world)
        ]
        for problem in misconceptions.problems(problems, seed, world)
    ]


# The name that people give to (problems, samples of each, seed) -> solutions by problem.
DOMAINS: dict[str, Callable[[int, int, int], list[list[Attempt]]]] = {
    "arithmetic": _chains,
    "increasing": _increasing,
    "misconceptions": _misconceptions,
}
# Text to learn a language from before any label is seen, (how many, seed) -> problems with their lines; not every domain has such.
DOCUMENTS: dict[str, Callable[[int, int], list[tuple[str, list[str]]]]] = {"arithmetic": chains.documents}

_STREAMS = ("documents", "labelled", "outcomes", "pool", "test")  # each draws problems of its own


def draw(
    domain: str, stream: str, *, problems: int, samples: int, seed: int, apart_from: Groups = ()
) -> list[list[Attempt]]:
    """`samples` solutions of each of `problems` problems, none of them a problem of `apart_from`.

    Streams of one seed draw apart from each other, as do seeds; but a domain has so many problems, and what a model is measured on it must
    not have learnt from.
    """
    known = {group[0].problem for group in apart_from}
    found = DOMAINS[domain](problems + len(known), samples, stream_seed(stream, seed))
    return [group for group in found if group[0].problem not in known][:problems]


def stream_seed(stream: str, seed: int) -> int:
    return seed * len(_STREAMS) + _STREAMS.index(stream)


def texts(attempts: Iterable[Attempt]) -> list[str]:
    """Problems and steps: what a tokenizer is made of. No labels."""
    return [text for attempt in attempts for text in (attempt.problem, *attempt.steps)]
