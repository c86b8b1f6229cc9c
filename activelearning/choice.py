"""Which of the scored pool a round chooses: its configured strategy beside its uniform share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from activelearning.round_config import RoundConfig


@dataclass(frozen=True, slots=True)
class Chosen:
    solution: int
    score: float
    strategy: str
    reason: str


def choose(candidates: Iterable[tuple[int, int, str, float]], *, config: RoundConfig) -> list[Chosen]:
    return []


def shares(chosen: Sequence[Chosen]) -> dict[str, int]:
    return {}


def in_words(chosen: Sequence[Chosen]) -> str:
    return ""
