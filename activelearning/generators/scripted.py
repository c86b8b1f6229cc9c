"""Sums of the arithmetic domain, solved by its script with slips and traps: a generator that needs no model."""

from collections.abc import Sequence

from activelearning.domains import arithmetic
from activelearning.generators.samples import Sample, Sampled, Take, Tick, Wanted
from activelearning.generators.sampling import Sampling, joined

NAME = "arithmetic"  # as solutions of this domain are named wherever they come from
NOT_OURS = "of problems that the script does not know"


def generate(wanted: Sequence[Wanted], sampling: Sampling, *, take: Take, tick: Tick) -> None:
    """Of other problems than the domain's there are no samples."""
    for one in wanted:
        tick()
        take(Sampled(id=one.id, samples=samples(one, sampling), failed=NOT_OURS))


def samples(one: Wanted, sampling: Sampling) -> tuple[Sample, ...]:
    try:
        problem = arithmetic.read(one.problem)
    except ValueError:
        return ()
    found = arithmetic.solutions(problem, sampling.samples, one.seed)
    return tuple(Sample(joined(solution.steps, sampling.steps)) for solution in found)
