"""What goes into a generator and what comes out: a problem with its seed, and the texts that were sampled of it."""

from collections.abc import Callable
from dataclasses import dataclass

# Why samples that were wanted never came (`Sampled.failed`).
NO_REPLY = "without a proper reply"
REFUSED = "of problems that the generator refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A problem to sample. The same seed, problem and settings bring the same samples, whatever else is sampled beside it."""

    id: int
    problem: str
    seed: int


@dataclass(frozen=True, slots=True)
class Sample:
    text: str
    cut_off: bool = False  # it ended at the most tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """All samples of a problem. `failed` says why those that are missing of the wanted number never came, where that is known."""

    id: int
    samples: tuple[Sample, ...]
    failed: str = ""


# Called with each problem's samples as they come; and called often in between: it stops the work by raising.
Take = Callable[[Sampled], None]
Tick = Callable[[], None]
