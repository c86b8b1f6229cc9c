"""One project with everything in it, for the attacks: two labellers, hidden rows full of canaries, work on a desk and work done.

A canary is a unique text in a field that labellers must not see. Where one shows in an answer to a labeller, something leaks.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.test import Client

from activelearning import rounds
from activelearning.models import RewardModel, Scoring, Selected
from annotation import accounts, labelling, membership, projects, queue, snapshots
from annotation.labelling import Submission
from annotation.models import (
    ApiToken,
    Batch,
    Handout,
    Import,
    Invitation,
    JobState,
    Membership,
    Project,
    Purpose,
    Role,
    Score,
    Snapshot,
    User,
    Verdict,
)
from annotation.queue import QueueEntry
from tests.factories import label, make_problem, make_solution

PASSWORD = "correct horse battery"
PROBABILITIES = {"-1": 0.1828459045, "0": 0.2353602874, "1": 0.5817938081}


@dataclass
class Stage:
    """Who is there, what the addresses' parameters stand for, and the canaries by what they hide."""

    users: dict[str, User] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    canaries: dict[str, str] = field(default_factory=dict)

    def canary(self, name: str) -> str:
        return self.canaries.setdefault(name, f"canary-{name}-{uuid4().hex[:12]}")

    def client(self, role: str) -> Client:
        client = Client(raise_request_exception=False)
        if role != "anonymous":
            client.force_login(self.users[role], backend="allauth.account.auth_backends.AuthenticationBackend")
        if role == "disabled":  # they had their session before they were shut out
            User.objects.filter(pk=self.users[role].pk).update(is_active=False)
        return client


def build() -> Stage:
    stage = Stage()
    project = projects.create_project(slug="algebra", name="Algebra", instructions="Grade each step.")
    _cast(stage, project)
    _hidden_people(stage, project)
    _hidden_data(stage, project)
    _work(stage, project)
    _jobs_and_datasets(stage, project)
    return stage


def _cast(stage: Stage, project: Project) -> None:
    for role in Role:
        stage.users[role.value] = _account(f"{role.value}@example.org", project=project, role=role)
    elsewhere = projects.create_project(slug="geometry", name="Geometry")
    stage.users["outsider"] = _account("outsider@example.org", project=elsewhere, role=Role.LABELLER)
    stage.users["disabled"] = _account("disabled@example.org", project=project, role=Role.ADMIN)
    stage.users["operator"] = _account("operator@example.org", is_operator=True)


def _account(email: str, **fields: Any) -> User:
    user, _ = accounts.create_account(email=email, password=PASSWORD, **fields)
    return user


def _hidden_people(stage: Stage, project: Project) -> None:
    name = stage.canary("name")
    colleague = _account(f"{stage.canary('email')}@example.org", name=name, project=project, role=Role.LABELLER)
    stage.users["colleague"] = colleague
    token, secret = accounts.issue_token(user=colleague, name=stage.canary("token-name"), scopes=["label"])
    stage.canaries["token-secret"] = secret
    stage.canaries["token-hash"] = token.secret_sha256
    for user in stage.users.values():
        stage.canaries[f"password-hash-{user.pk}"] = user.password
    invited, link = membership.invite(project=project, email=f"{stage.canary('invited')}@example.org", role="reviewer")
    stage.canaries["invitation-secret"] = link.rstrip("/").rsplit("/", 1)[1]
    stage.canaries["invitation-hash"] = invited.secret_sha256
    _, open_link = membership.invite(project=project, email="welcome@example.org", role="labeller")
    stage.parameters |= {
        "slug": project.slug,
        "membership_id": Membership.objects.get(user=colleague).pk,
        "invitation_id": Invitation.objects.get(email__startswith="canary").pk,
        "token_id": ApiToken.objects.get().pk,
        "secret": open_link.rstrip("/").rsplit("/", 1)[1],
    }


def _hidden_data(stage: Stage, project: Project) -> None:
    """Two solutions that are handed out, each with all that a labeller must not know of it."""
    for n in range(4):
        problem = make_problem(
            project,
            text=f"What is ${n} + 2$?",
            answer=str(n + 2),
            solution=stage.canary("reference-solution"),
            external_id=stage.canary("problem-id"),
            subject=stage.canary("subject"),
            level=stage.canary("level"),
        )
        solution = make_solution(
            problem,
            steps=["We add.", "So it is $5$."],
            generator=stage.canary("generator"),
            external_id=stage.canary("solution-id"),
            verdict=Verdict.WRONG,
            verdict_strict=False,
            verdict_symbolic=False,
            published_correct=False,
            gold_first_errors=[1],
        )
        Score.objects.create(
            solution=solution, scorer=stage.canary("scorer"), rating_probs=[PROBABILITIES] * 2, prm_score=0.6681390048
        )
        stage.parameters.setdefault("solution_id", solution.pk)
    pool = make_solution(make_problem(project, text=stage.canary("pool-problem")), steps=[stage.canary("pool-step")])
    make_solution(pool.problem, steps=[stage.canary("evaluation-step")], purpose=Purpose.EVALUATION)
    stage.canaries["probability"] = "5817938081"
    stage.canaries["score"] = "6681390048"
    stage.canaries["priority"] = "7724538509"
    stage.canaries["verifier-score"] = "8862269254"


def _work(stage: Stage, project: Project) -> None:
    """The colleague has labelled one and holds one; the labeller has labelled one and holds the rest."""
    handed_out = project.solutions.filter(verdict=Verdict.WRONG)
    entries = [
        QueueEntry(solution_id=pk, priority=0.7724538509, verifier_score=0.8862269254, is_quality_control=True)
        for pk in handed_out.values_list("pk", flat=True)
    ]
    queue.enqueue(project=project, entries=entries, name=stage.canary("batch"), generation=1, labels_each=2)
    for role in ("colleague", "labeller"):
        labeller = accounts.labeller_of(project=project, user=stage.users[role])
        stage.canaries[f"labeller-uuid-{role}"] = str(labeller.uuid)
        claims = queue.claim(labeller=labeller)
        done = submit(claims[0], stage.canary(f"note-{role}"))
        queue.claim(labeller=labeller)
        stage.parameters[f"annotation_of_{role}"] = done
        stage.parameters[f"claim_of_{role}"] = claims[1].pk
    held = Handout.objects.get(pk=stage.parameters["claim_of_colleague"])
    labelling.save_draft(claim=held, version=0, draft={"note": stage.canary("draft")})
    stage.parameters |= {
        "claim_id": stage.parameters["claim_of_labeller"],
        "annotation_id": stage.parameters["annotation_of_labeller"],
        "batch_id": Batch.objects.get().pk,
    }


def submit(claim: Handout, note: str) -> int:
    given = label(1, -1, steps=claim.work_item.solution.steps if claim.work_item.solution else [])
    submission = Submission(client_key=uuid4(), label=given, error_kind="arithmetic", error_note=note)
    return labelling.submit(claim=claim, submission=submission).annotation


def _jobs_and_datasets(stage: Stage, project: Project) -> None:
    refused = [{"file": stage.canary("file"), "line": 1, "field": "steps", "reason": stage.canary("reason")}]
    imported = Import.objects.create(
        project=project, file_name=stage.canary("file-name"), format="prm800k", state=JobState.FAILED,
        refused=refused, refused_count=1, error=stage.canary("import-error"),
    )  # fmt: skip
    snapshot = snapshots.freeze(project=project, actor=stage.users["admin"])
    stage.canaries["snapshot-hash"] = snapshot.sha256
    stage.parameters |= {"import_id": imported.pk, "snapshot_id": snapshot.pk}
    _round(stage, project, snapshot)
    stage.parameters |= {"uidb36": "1", "key": "set-password", "pk": 1}


def _round(stage: Stage, project: Project, snapshot: Snapshot) -> None:
    started = rounds.start_round(project=project, config={}, actor=stage.users["researcher"])
    started.stages.update(log_tail=stage.canary("log"), error=stage.canary("stage-error"))
    model = RewardModel.objects.create(
        project=project, round=started, snapshot=snapshot, kind="prm", name=stage.canary("model"), path="models/1",
        sha256=uuid4().hex * 2, metrics={"step_auc": 0.5641895835}, is_current=True,
    )  # fmt: skip
    stage.canaries["metric"] = "5641895835"
    Selected.objects.create(
        round=started, solution=project.solutions.order_by("pk")[0], rank=1, score=0.3989422804, strategy="mixed",
        reason=stage.canary("selection-reason"),
    )  # fmt: skip
    stage.canaries["selection-score"] = "3989422804"
    asked = Scoring.objects.create(
        reward_model=model, problem=stage.canary("asked-problem"), steps=[stage.canary("asked-step")], state=JobState.DONE,
        result={"rating_probs": [PROBABILITIES], "prm_score": 0.1772453850},
    )  # fmt: skip
    stage.canaries["asked-score"] = "1772453850"
    stage.parameters |= {"round_id": started.pk, "number": started.number, "model_id": model.pk, "other_id": model.pk}
    stage.parameters["name"] = "config.json"
    stage.parameters["scoring_id"] = asked.pk
