"""What the server answers, as plain records. A field that this version does not know is passed over, so a newer server may say more."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

Made = TypeVar("Made")
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Project:
    slug: str
    name: str
    protocol: str
    paused: bool
    role: str


@dataclass(frozen=True, kw_only=True)
class Stage:
    name: str
    state: str  # waiting, running, done, failed, cancelled
    progress: Json
    result: Json
    error: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    id: int
    name: str
    generation: int | None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A thing that can be said of a round: `rule` for programs, `text` for people, `facts` the figures that it rests on."""

    rule: str
    tone: str  # good, bad, warn, plain
    facts: Json
    text: str


@dataclass(frozen=True, kw_only=True)
class Round:
    """`stages` is empty where rounds are listed; `metrics` and `model` are None until the round has a model.

    `verdict` says whether the round helped, the first finding above all; `outcome` has the figures, `before` the model compared with.
    """

    id: int
    number: int
    state: str  # running, done, failed, cancelled
    error: str
    config: Json
    metrics: Json | None
    model: int | None
    snapshot: int | None
    batch: Batch | None
    created_at: datetime
    finished_at: datetime | None
    verdict: list[Finding] = field(default_factory=list)
    outcome: Json = field(default_factory=dict)
    before: int | None = None
    stages: list[Stage] = field(default_factory=list)

    @property
    def stage(self) -> Stage | None:
        """The stage that is being worked on, if any."""
        return next((one for one in self.stages if one.state == "running"), None)


@dataclass(frozen=True, kw_only=True)
class RewardModel:
    id: int
    name: str
    kind: str  # prm, orm
    sha256: str  # of its training.json, which holds those of its other files
    is_current: bool
    metrics: Json
    training: Json
    round: int | None
    round_number: int | None
    snapshot: int | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    name: str
    sha256: str
    size: int  # bytes


@dataclass(frozen=True, kw_only=True)
class Import:
    id: int
    project: str
    state: str  # pending, running, done, failed, cancelled
    file_name: str
    format: str
    kind: str
    sha256: str
    counts: dict[str, int]
    progress: Json
    error: str
    refused: list[Json]
    refused_count: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """`formats` says of each format its rows, sha256 and bytes; it is there where a snapshot was asked for by its id."""

    id: int
    project: str
    created_at: datetime
    rows: int
    sha256: str
    lineage: Json
    formats: Json = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Export:
    """A dataset in a file, whole: its length and SHA-256 are those that the server named."""

    path: Path
    rows: int
    sha256: str
    snapshot: int


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """What a model says of a solution. Steps are counted from 0; `first_error` is None where it calls no step wrong."""

    id: int
    model: int
    state: str  # waiting, running, done, failed
    rating_probs: list[dict[str, float]] | None
    prm_score: float | None
    orm_score: float | None
    rating_deviation: list[float] | None
    first_error: int | None
    error: str


LISTS: dict[str, type[Any]] = {"stages": Stage, "verdict": Finding}


def made(kind: type[Made], body: Mapping[str, Any]) -> Made:
    """The record of this kind. Raises `TypeError` for an answer that lacks a field, which no server of ours gives."""
    known = {one.name for one in fields(kind)}  # type: ignore[arg-type]  # every kind here is a dataclass
    return kind(**{name: _read(name, value) for name, value in body.items() if name in known})


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    if name in LISTS:
        return [made(LISTS[name], one) for one in value]
    return made(Batch, value) if name == "batch" else value
