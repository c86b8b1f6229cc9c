"""A populated installation for tests that look at every page: the attacks' stage, and beside it what only eyes need.

That is rounds and imports in every state, a project with nothing in it, a paused one, one solved step by step, and long names.
"""

from collections.abc import Iterator
from datetime import timedelta
from math import prod
from time import time
from typing import Any
from uuid import uuid4

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from activelearning import rounds
from activelearning.models import RewardModel, Round, RoundState, Selected, WorkerHost
from annotation import accounts, labelling, membership, projects, queue
from annotation.labelling import Submission
from annotation.models import Import, JobState, Membership, Project, Protocol, Role, Score, User
from annotation.queue import QueueEntry
from tests.annotation.conversations import TREE, queue_problem
from tests.attacks import stage as theatre
from tests.factories import label, make_problem, make_queue, make_solution

LONG = "A project whose name goes on for longer than anybody would have thought wise Donaudampfschifffahrtsgesellschaft"
STEPS = [
    "Let's call the numerator $x$.",
    "So the denominator is $3x - 7$.",
    "We know that $\\frac{x}{3x-7} = \\frac{2}{5}$.",
    "So $5x = 2(3x-7)$, that is \\[5x = 6x - 14.\\]",
    "So $x = 7$.\n\n# Answer\n\n7",
]
PROBLEM = (
    "The denominator of a fraction is $7$ less than $3$ times the numerator. "
    "If the fraction is equivalent to $\\frac{2}{5}$, what is the numerator of the fraction?"
)


def build() -> theatre.Stage:
    """The stage; `parameters` name one row of each kind, and the projects beside it have these short names:
    `full`, `empty`, `paused`, `steps`, `long`."""
    stage = theatre.build()
    User.objects.filter(pk=stage.users["admin"].pk).update(is_operator=True, name="Ada Lovelace")
    for slug, name in {
        "full": "Linear equations",
        "empty": "Nothing here yet",
        "paused": "Paused",
        "long": LONG,
    }.items():
        _members(
            stage, projects.create_project(slug=slug, name=name, instructions="# Look closely\n\n- Grade each step.")
        )
    _members(stage, projects.create_project(slug="steps", name="Step by step", protocol=Protocol.STEP_BY_STEP))
    _full(Project.objects.get(slug="full"), stage.users["researcher"])
    paused = Project.objects.get(slug="paused")
    make_queue(paused, solutions=2)
    Project.objects.filter(pk=paused.pk).update(paused=True)
    queue_problem(Project.objects.get(slug="steps"), TREE)
    for name in ("newcomer", "protected"):
        stage.users[name], _ = accounts.create_account(email=f"{name}@example.org", password=theatre.PASSWORD)
    return stage


def session_of(user: User | None, *, fresh: bool = True) -> Client:
    """A client of this person (nobody signed in for None). Fresh: signed in a moment ago, so that no page asks for the password again."""
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        at = time() if fresh else 0
        session["account_authentication_methods"] = [{"method": "password", "at": at, "reauthenticated": fresh}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client


def protected(stage: theatre.Stage) -> User:
    """A person with an authenticator app and recovery codes."""
    person = stage.users["protected"]
    TOTP.activate(person, "A" * 32)
    RecoveryCodes.activate(person)
    return person


def add_security_key(page: Page, person: User) -> int:
    """Register a key that the browser plays, through the real page; its row's id."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto("/accounts/2fa/webauthn/add/")
    page.fill("input[name=name]", "The key on my ring")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(lambda url: "/add/" not in url)
    return Authenticator.objects.get(user=person, type=Authenticator.Type.WEBAUTHN).pk


def _members(stage: theatre.Stage, project: Project) -> None:
    for role in (Role.ADMIN, Role.RESEARCHER, Role.LABELLER):
        Membership.objects.create(project=project, user=stage.users[role.value], role=role)


def _full(project: Project, researcher: User) -> None:
    made = [make_solution(make_problem(project, text=PROBLEM + " " * n, answer="14"), steps=STEPS) for n in range(12)]
    entries = [QueueEntry(solution_id=solution.pk, priority=-n) for n, solution in enumerate(made)]
    queue.enqueue(project=project, entries=entries, name="first", generation=0, labels_each=2)
    _imports(project, researcher)
    for state in (RoundState.FAILED, RoundState.CANCELLED, RoundState.DONE):
        _round(project, state, researcher)
    _scored_and_labelled(project)
    _workers()


def _workers() -> None:
    """A trainer with two GPUs, one that fell silent, and a worker without any."""
    card = {"name": "NVIDIA A100-SXM4-80GB", "memory_total": 80 << 30, "memory_free": 12 << 30}
    memory = {"process": "p", "cores": 16, "memory_total": 64 << 30, "memory_free": 20 << 30, "seen_at": timezone.now()}
    rows: list[dict[str, Any]] = [
        {"host": "trainer-1.cluster.example.org", "queues": "train", "gpus": [card, card]},
        {"host": "trainer-2", "queues": "train", "gpus": [card], "seen_at": timezone.now() - timedelta(hours=1)},
        {"host": "web-1", "queues": "default"},
    ]
    WorkerHost.objects.bulk_create(WorkerHost(**{**memory, **row}) for row in rows)


def _scored_and_labelled(project: Project) -> None:
    """The first solution: a wrong step that the model calls good. The second: a right one that it blames. Two labellers each."""
    chances = {"+": (0.02, 0.07, 0.91), "0": (0.21, 0.52, 0.27), "-": (0.874, 0.096, 0.03)}
    for solution, said in zip(project.solutions.order_by("pk"), ("++0+-", "+-0++", "+++++"), strict=False):
        probs = [dict(zip(("-1", "0", "1"), chances[sign], strict=True)) for sign in said]
        for scorer, shown in (("full-prm-3", probs), ("imported", probs[::-1])):
            product = prod(step["0"] + step["1"] for step in shown)
            Score.objects.create(solution=solution, scorer=scorer, rating_probs=shown, prm_score=product)
    for number, ratings in enumerate([((1, 0, -1), (1, 1, 0, 1, 1)), ((1, 1, -1), (1, 1, 1, 1, 1))]):
        user, _ = accounts.create_account(
            email=f"labeller{number}@example.org",
            name=("Emmy Noether", "Sophie Germain")[number],
            password=theatre.PASSWORD,
            project=project,
            role=Role.LABELLER,
        )
        for given in ratings:
            claim = queue.claim(labeller=accounts.labeller_of(project=project, user=user))[0]
            note = "The last term lost its sign." if -1 in given else ""
            submission = Submission(client_key=uuid4(), label=label(*given, steps=STEPS), error_note=note)
            labelling.submit(claim=claim, submission=submission)


def _imports(project: Project, researcher: User) -> None:
    counts = {"rows": 12_345, "problems": 12_000, "solutions": 48_000, "annotations": 9_100, "duplicates": 345}
    lines = [
        {"file": "x.jsonl", "line": n, "field": f"steps[{n}].rating", "reason": "must be -1, 0 or 1"} for n in range(9)
    ]
    rows: list[dict[str, Any]] = [
        {"state": JobState.DONE, "kind": "labels", "counts": counts, "sha256": "ab" * 32, "finished_at": timezone.now()},
        {"state": JobState.FAILED, "refused": lines, "refused_count": 1_240, "finished_at": timezone.now(),
         "error": "1,240 lines were refused, so nothing was imported."},
        {"state": JobState.RUNNING, "kind": "queue", "progress": {"rows": 4_000, "total": 10_000}, "worker": "web-1/1/1/1"},
        {"state": JobState.PENDING},
    ]  # fmt: skip
    for number, fields in enumerate(rows):
        name = f"export-{number}-of-a-file-with-quite-a-long-name-from-somewhere-else.jsonl"
        Import.objects.create(project=project, created_by=researcher, file_name=name, format="prm800k", **fields)


def _round(project: Project, state: RoundState, researcher: User) -> None:
    made = rounds.start_round(project=project, config={}, actor=researcher)
    made.stages.update(state=JobState.DONE, result={"summary": "1,200 solutions of 300 problems are in the pool."})
    curve = [[step, 1.1 / (1 + step / 40)] for step in range(0, 200, 10)]
    made.stages.filter(name="train").update(progress={"done": 200, "total": 200, "loss_curve": curve})
    if state == RoundState.DONE:
        _results(made)
    else:
        made.stages.filter(order__gte=4).update(state=JobState.PENDING, result={})
        tail = "Traceback (most recent call last):\n  …\nOSError: [Errno 28] No space left on device"
        made.stages.filter(order=4).update(
            state=state.value, log_tail=tail, error="The grader ended with exit code 1.", finished_at=timezone.now()
        )
        if state == RoundState.FAILED:  # its model was measured before it failed
            RewardModel.objects.create(
                project=project, round=made, kind="prm", name="full-prm-1", path="m", sha256="0e" * 32,
                metrics={"step_auc": 0.71, "step_auc_interval": {"low": 0.6, "high": 0.8}, "solutions": 1, "problems": 1},
            )  # fmt: skip
        Round.objects.filter(pk=made.pk).update(error="The grader ended with exit code 1." if state == "failed" else "")
    Round.objects.filter(pk=made.pk).update(state=state, finished_at=timezone.now())


def _results(done: Round) -> None:
    between = {"low": 0.884, "high": 0.956}
    metrics = {
        "step_auc": 0.9123,
        "step_auc_interval": between,
        "first_error_accuracy": 0.81,
        "solutions": 1,
        "problems": 1,
    }
    RewardModel.objects.create(
        project=done.project, round=done, kind="prm", name="full-prm-3", path="m", sha256="0f" * 32, metrics=metrics, is_current=True,
        training={"base": "tiny", "neutral": "good", "seed": 1, "steps": 200},
    )  # fmt: skip
    Round.objects.filter(pk=done.pk).update(outcome=_outcome())
    for rank, solution in enumerate(done.project.solutions.order_by("pk")[:8], start=1):
        reason = "wrong answer, score 0.9871"
        Selected.objects.create(
            round=done, solution=solution, rank=rank, score=0.98712, strategy="mixed", reason=reason
        )


def _outcome() -> dict[str, Any]:
    """Figures of every kind that a round's page draws or says, and a warning."""
    gain = {"difference": 0.2, "interval": {"low": 0.05, "high": 0.35}}
    bins = [
        {"predicted": 0.15, "observed": 0.3, "steps": 12},
        {"predicted": 0.65, "observed": 0.4, "steps": 5},
        {"predicted": 0.95, "observed": 0.9, "steps": 80},
    ]
    curve = {"mean": [0.4, 0.6, 0.7], "low": [0.3, 0.5, 0.5], "high": [0.5, 0.7, 0.8]}
    chosen = {"labelled": 40, "right": 4, "mean_score": 0.93, "right_interval": {"low": 0.04, "high": 0.23}}
    return {
        "findings": [
            {"rule": "helped", "tone": "good", "facts": {"gains": {"step_auc": gain}, "up": ["step_auc"]}},
            {"rule": "inflated", "tone": "bad", "facts": {"mean_score": 0.93, "right": 0.1, "labelled": 40}},
            {"rule": "narrower", "tone": "warn", "facts": {"of": "answers", "share": 0.3, "before": 0.8}},
        ],
        "promotion": {"rule": "better", "promoted": True, "reason": "no_worse"},
        "step": {"bins": bins},
        "best_of_n": {
            "on": "evaluation",
            "problems": 60,
            "solutions": 240,
            "n": [1, 2, 4],
            "prm": curve,
            "majority": curve,
        },
        "labels": {"solutions": 400, "right": 180, "ratings": {"-1": 220, "0": 90, "1": 900}},
        "graders": {"graded": 900, "parted": 12},
        "chosen": [{"round": 2, "by_strategy": chosen, "by_chance": chosen}],
        "control": {"why_not": "too_few", "by_chance": 12, "labels": 400, "least": 50},
    }


def paths_beside(stage: theatre.Stage) -> Iterator[tuple[str, str]]:
    """(role, path) of pages that stand for states which one row of each kind does not show."""
    for slug in ("full", "empty", "paused", "steps", "long"):
        yield "admin", f"/projects/{slug}/"
        yield "labeller", f"/projects/{slug}/"
    for page in ("queue", "imports", "data", "rounds", "rounds/new", "people", "settings"):
        yield "admin", f"/projects/full/{page}/"
        yield "admin", f"/projects/empty/{page}/"
    yield from (("admin", f"/projects/full/{page}") for page in ("jobs/", "pool/?figure=1"))
    yield from (("researcher", f"/projects/full/rounds/{number}/") for number in (1, 2, 3))
    full = Project.objects.get(slug="full")
    model = full.reward_models.get(name="full-prm-3")
    yield from (("researcher", f"/projects/full/models/{model.pk}/{page}") for page in ("", "compare/"))
    yield "researcher", f"/projects/full/lineage/?model={model.pk}"
    yield "researcher", f"/projects/full/lineage/?solution={full.solutions.order_by('pk')[0].pk}"
    for pk in full.solutions.order_by("pk").values_list("pk", flat=True)[:4]:
        yield from ((role, f"/projects/full/solutions/{pk}/") for role in ("researcher", "admin"))
    yield from (
        ("admin", f"/imports/{pk}/") for pk in Import.objects.filter(project__slug="full").values_list("pk", flat=True)
    )
    yield "newcomer", "/"
    _, link = membership.invite(
        project=Project.objects.get(slug="empty"), email="newcomer@example.org", role="reviewer"
    )
    for role in ("newcomer", "labeller", "anonymous"):
        yield role, "/" + link.split("/", 3)[3]
    person = stage.users["newcomer"]
    yield (
        "anonymous",
        f"/accounts/password/reset/key/{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}/",
    )
    yield "anonymous", "/accounts/password/reset/key/1-wrong/"
    yield "admin", "/projects/steps/queue/"
    yield "admin", "/projects/nowhere/"
    yield "labeller", "/projects/full/people/"
    yield "anonymous", "/invitations/no-such-invitation/"
