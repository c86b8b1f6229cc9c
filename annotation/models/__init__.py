"""The nouns: what is stored, and the constraints that hold whatever code runs."""

from annotation.models.annotations import Annotation, FinishReason, StepRating
from annotation.models.audit import AuditEntry
from annotation.models.conversations import StepSupply, Turn, TurnAnswer, TurnState
from annotation.models.imports import Import
from annotation.models.jobs import Job, JobState
from annotation.models.people import ApiToken, Invitation, Labeller, Membership, Role, User
from annotation.models.preferences import Preferences
from annotation.models.problems import Problem, Purpose, Solution, Split, StepTree, Verdict
from annotation.models.projects import Project, Protocol
from annotation.models.scores import LOTS, Score
from annotation.models.snapshots import Snapshot
from annotation.models.work import Batch, BatchState, Handout, WorkItem, WorkState

__all__ = [
    "LOTS",
    "Annotation",
    "ApiToken",
    "AuditEntry",
    "Batch",
    "BatchState",
    "FinishReason",
    "Handout",
    "Import",
    "Invitation",
    "Job",
    "JobState",
    "Labeller",
    "Membership",
    "Preferences",
    "Problem",
    "Project",
    "Protocol",
    "Purpose",
    "Role",
    "Score",
    "Snapshot",
    "Solution",
    "Split",
    "StepRating",
    "StepSupply",
    "StepTree",
    "Turn",
    "TurnAnswer",
    "TurnState",
    "User",
    "Verdict",
    "WorkItem",
    "WorkState",
]
