"""Scores: what a scorer says of a solution. Plain numbers under the scorer's name; annotation learns nothing of models or rounds."""

from django.db import models
from django.db.models import F, Q

from annotation.models.problems import Problem, Solution, Verdict

# Solutions fall into so many lots by their key: a choice by chance reads some lots instead of everything. A prime number, so that
# solutions which came at even distances, as the tenth sample of each problem, are spread over all of them.
LOTS = 32_749


class Score(models.Model):
    """`problem` and `verdict` repeat the solution's, so that one index serves a choice; empty where nobody chooses by this scorer."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="scores")
    scorer = models.CharField(max_length=100)
    rating_probs = models.JSONField()  # a list, one object {"-1": p, "0": p, "1": p} a step
    prm_score = models.FloatField(null=True)  # product over steps of P(+1) + P(0)
    orm_score = models.FloatField(null=True)
    doubt = models.FloatField(null=True)  # how unsure a scorer with several voices is of its most doubtful step
    # Without constraint and index of its own: the solution's hold for both, and deleting problems must not read every score.
    problem = models.ForeignKey(
        Problem, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["solution", "scorer"], name="score_one_a_scorer")]
        indexes = [
            # The key last: scores are walked through in this order, and ties are many where a score is 0 or 1.
            models.Index("scorer", F("prm_score").desc(), F("id").desc(), name="score_order"),
            models.Index(
                fields=["scorer", "verdict", "-prm_score", "solution"],
                include=["problem"],
                name="score_by_verdict",
                condition=Q(problem__isnull=False, prm_score__isnull=False),
            ),
            models.Index(
                fields=["scorer", "-doubt", "solution"],
                include=["problem"],
                name="score_by_doubt",
                condition=Q(problem__isnull=False, doubt__isnull=False),
            ),
            models.Index(
                "scorer",
                F("solution") % LOTS,
                name="score_by_lot",
                condition=Q(problem__isnull=False, prm_score__isnull=False),
            ),
        ]
