"""Scores: what a scorer says of a solution. Plain numbers under the scorer's name; annotation learns nothing of models or rounds."""

from django.db import models

from annotation.models.problems import Solution


class Score(models.Model):
    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="scores")
    scorer = models.CharField(max_length=100)
    rating_probs = models.JSONField()  # a list, one object {"-1": p, "0": p, "1": p} a step
    prm_score = models.FloatField(null=True)  # product over steps of P(+1) + P(0)
    orm_score = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["solution", "scorer"], name="score_one_a_scorer")]
        # The key last: scores are walked through in this order, and ties are many where a score is 0 or 1.
        indexes = [models.Index("scorer", models.F("prm_score").desc(), models.F("id").desc(), name="score_order")]
