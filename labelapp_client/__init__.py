"""A thin client for scripts and notebooks: one method a call of labelapp's HTTP API. It needs httpx alone.

from labelapp_client import Client

with Client("https://labels.example.org", token=TOKEN) as labelapp:
    started = labelapp.start_round("maths", budget=200)
    print(labelapp.wait_for_round(started.id).metrics)
"""

from labelapp_client.answers import (
    Batch,
    Export,
    Import,
    ModelFile,
    Project,
    RewardModel,
    Round,
    Scoring,
    Snapshot,
    Stage,
)
from labelapp_client.client import Client
from labelapp_client.errors import (
    ApiError,
    Conflict,
    Damaged,
    FieldError,
    Forbidden,
    ImportFailed,
    Invalid,
    LabelappError,
    NotFound,
    NotSignedIn,
    RoundFailed,
    ScoringFailed,
    TooLarge,
    TooManyRequests,
    Unavailable,
    Unreachable,
    WaitedTooLong,
)

__all__ = [
    "ApiError",
    "Batch",
    "Client",
    "Conflict",
    "Damaged",
    "Export",
    "FieldError",
    "Finding",
    "Forbidden",
    "Import",
    "ImportFailed",
    "Invalid",
    "LabelappError",
    "ModelFile",
    "NotFound",
    "NotSignedIn",
    "Project",
    "RewardModel",
    "Round",
    "RoundFailed",
    "Scoring",
    "ScoringFailed",
    "Snapshot",
    "Stage",
    "TooLarge",
    "TooManyRequests",
    "Unavailable",
    "Unreachable",
    "WaitedTooLong",
]
