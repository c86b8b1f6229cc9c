"""The loop's nouns: reward models, rounds, their stages, and what each round chose and why.

Researchers see these rows; no row here and no field of them is ever in an answer to a labeller.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from annotation.models import Batch, Job, JobState, Problem, Project, Snapshot, Solution, User


class RoundState(models.TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Round(models.Model):
    """One turn of the loop. Its stages say what is due; `state` is what follows from them (`rounds.settle`)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=RoundState.choices, default=RoundState.RUNNING)
    config = models.JSONField()  # as `round_config.RoundConfig` wrote it
    error = models.TextField(blank=True)
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.PROTECT, related_name="rounds")
    batch = models.OneToOneField(Batch, null=True, on_delete=models.PROTECT, related_name="round")
    # The project's current model when the round started: what its own is measured against, and where a warm start begins.
    before = models.ForeignKey("RewardModel", null=True, on_delete=models.PROTECT, related_name="rounds_after")
    outcome = models.JSONField(default=dict)  # what it brought, as `outcome.py` and `verdict.py` wrote it
    code = models.CharField(max_length=100, blank=True)  # the version that it ran under, as `code_version.py` says it
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # When its choices were let through to the queue, of a round that was told to wait for that (`approval.py`).
    approved_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="round_number_unique"),
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(state=RoundState.RUNNING), name="round_one_active_a_project"
            ),
            models.CheckConstraint(condition=models.Q(state__in=RoundState.values), name="round_state_known"),
        ]

    def __str__(self) -> str:
        return f"Round {self.number}"


class Loop(models.Model):
    """How a project's rounds go on: by themselves after so many new labels, or (null) when somebody starts one."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="loop")
    auto_round_after = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(auto_round_after__isnull=True) | models.Q(auto_round_after__gte=1),
                name="loop_after_one_label_at_least",
            )
        ]

    def __str__(self) -> str:
        return f"Loop of {self.project}"


class StageName(models.TextChoices):
    FREEZE = "freeze", pgettext_lazy("stage", "Freeze")
    TRAIN = "train", pgettext_lazy("stage", "Train")
    EVALUATE = "evaluate", pgettext_lazy("stage", "Evaluate")
    GENERATE = "generate", pgettext_lazy("stage", "Generate")
    GRADE = "grade", pgettext_lazy("stage", "Grade")
    SCORE = "score", pgettext_lazy("stage", "Score")
    SELECT = "select", pgettext_lazy("stage", "Select")
    QUEUE = "queue", pgettext_lazy("stage", "Queue")


class Stage(Job):
    """One stage of a round, a job like any other: taken, kept by heartbeats, fenced by its attempt, reaped when silent."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=10, choices=StageName.choices)
    order = models.PositiveSmallIntegerField()
    result = models.JSONField(default=dict)
    log_tail = models.TextField(blank=True)  # the last lines that its child process wrote
    # Attempts that no longer count against the limit: those before a retry by hand, and those before one that got further.
    forgiven = models.PositiveIntegerField(default=0)
    nudged_at = models.DateTimeField(null=True)  # when a message was last sent for it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "name"], name="stage_name_unique"),
            models.UniqueConstraint(fields=["round", "order"], name="stage_order_unique"),
            models.CheckConstraint(condition=models.Q(name__in=StageName.values), name="stage_name_known"),
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="stage_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["state", "heartbeat_at"],
                name="stage_alive",
                condition=models.Q(state__in=[JobState.PENDING, JobState.RUNNING]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.round}, {self.name}"


class Shard(Job):
    """A part of a stage's work that one worker does, whoever takes it (`sharing.py`); `size` is how much it was when planned."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="+")
    size = models.PositiveIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.stage}, shard {self.pk}"


class ScoreShard(Shard):
    """A part of the pool that one worker scores for a round: the solutions of a range of problems that had no score when it was planned."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="shards")
    first_problem = models.PositiveBigIntegerField()
    last_problem = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="score_shard_state_known")
        ]
        indexes = [models.Index(fields=["stage", "state"], name="score_shard_of_stage")]


class GradeShard(Shard):
    """A part of the pool that one worker grades for a round: the solutions between two keys that had no verdict when it was planned."""

    first_solution = models.PositiveBigIntegerField()
    last_solution = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="grade_shard_state_known")
        ]
        indexes = [models.Index(fields=["stage", "state"], name="grade_shard_of_stage")]


class GenerateShard(Shard):
    """Problems that one worker has solutions generated of, for a round."""

    problems = models.JSONField()  # their keys

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="generate_shard_state_known")
        ]
        indexes = [models.Index(fields=["stage", "state"], name="generate_shard_of_stage")]


class SampledProblem(models.Model):
    """A problem that a round has sampled: it stands in one transaction with its solutions, so that no problem is sampled twice."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="sampled")
    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="+")
    samples = models.PositiveIntegerField()  # kept, merged and dropped ones
    kept = models.PositiveIntegerField()  # new solutions
    merged = models.PositiveIntegerField()  # samples that say what another one, or a solution of before, says
    dropped = models.JSONField(default=dict)  # {reason of `generators/reading.py`: samples}
    copies = models.JSONField(
        default=dict
    )  # {a solution's content_sha256: how many samples said it}, where it was several

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stage", "problem"], name="sampled_problem_once_a_stage")]


class ModelKind(models.TextChoices):
    PRM = "prm", _("Process reward model")
    ORM = "orm", _("Outcome reward model")


class RewardModel(models.Model):
    """A trained checkpoint: a folder (`path`, relative to the data folder) whose manifest, `training.json`, has this SHA-256.

    `name` is the scorer's name under which its `Score` rows stand.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reward_models")
    round = models.OneToOneField(Round, null=True, on_delete=models.PROTECT, related_name="reward_model")
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.PROTECT, related_name="reward_models")
    kind = models.CharField(max_length=3, choices=ModelKind.choices)
    name = models.CharField(max_length=100, unique=True)
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    training = models.JSONField(default=dict)  # what the manifest says of how it was made
    metrics = models.JSONField(default=dict)  # on the held-out problems
    is_current = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(is_current=True), name="reward_model_one_current_a_project"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=ModelKind.values), name="reward_model_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Scoring(Job):
    """One solution given in a request, to be scored by a reward model: a job like any other, done by the scorer (`scorer.py`).

    It belongs to whoever asked, not to the project's data: no problem or solution row comes of it, and it is deleted after a day.
    """

    reward_model = models.ForeignKey(RewardModel, on_delete=models.CASCADE, related_name="scorings")
    problem = models.TextField()
    steps = models.JSONField()  # texts
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    result = models.JSONField(default=dict)  # as `scorer.py` wrote it
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="scoring_state_known")
        ]
        indexes = [
            # The scorer asks for the first that waits, ten times a second, whatever else was scored that day.
            models.Index(fields=["state", "id"], name="scoring_due"),
            models.Index(fields=["created_at"], name="scoring_age"),
        ]


class Selected(models.Model):
    """A solution that a round chose: at which rank, by which score, strategy and reason."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="selected")
    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="selections")
    rank = models.PositiveIntegerField()  # 1-based
    score = models.FloatField(null=True)
    strategy = models.CharField(max_length=40)
    reason = models.TextField()
    dropped_at = models.DateTimeField(null=True)  # by somebody who looked at it before it was queued

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "solution"], name="selected_once_a_round"),
            models.UniqueConstraint(fields=["round", "rank"], name="selected_rank_unique"),
        ]


class VoteDispute(models.Model):
    """A problem on which a model's highest score and the majority vote of the pool name different answers, as its scores came in
    (`votes.py`). `gap`: how much higher the winner's score is than the best of the vote's answer, from 0 (no row) to 1."""

    # Without an index of its own: the constraint's serves.
    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="+", db_index=False)
    scorer = models.CharField(max_length=100)
    gap = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["problem", "scorer"], name="vote_dispute_one_a_scorer")]
        indexes = [models.Index(fields=["scorer", "-gap", "problem"], name="vote_dispute_by_gap")]

    def __str__(self) -> str:
        return f"{self.scorer}, problem {self.problem_id}"


class WorkerHost(models.Model):
    """A worker as it last told of itself (`workers.py`): its host, the queues that it takes from, and what it computes with."""

    host = models.CharField(max_length=100)
    queues = models.CharField(max_length=200)  # names, sorted, with commas between
    process = models.CharField(max_length=200)
    gpus = models.JSONField(
        default=list
    )  # {"name", "memory_total", "memory_free"} each, in bytes; none: it computes on the CPU
    cores = models.PositiveIntegerField()
    memory_total = models.PositiveBigIntegerField()  # bytes; 0 where the kernel does not say
    memory_free = models.PositiveBigIntegerField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "queues"], name="worker_host_once")]

    @property
    def trains(self) -> bool:
        return "train" in self.queues.split(",")
