from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):

    dependencies = [
        ("annotation", "0008_score_choice"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="score",
            index=models.Index(
                fields=["scorer", "verdict", "-prm_score", "solution"],
                include=["problem"],
                name="score_by_verdict",
                condition=Q(problem__isnull=False, prm_score__isnull=False),
            ),
        ),
        migrations.AddIndex(
            model_name="score",
            index=models.Index(
                fields=["scorer", "-doubt", "solution"],
                include=["problem"],
                name="score_by_doubt",
                condition=Q(problem__isnull=False, doubt__isnull=False),
            ),
        ),
        migrations.AddIndex(
            model_name="score",
            index=models.Index(
                "scorer",
                F("solution") % 32749,
                name="score_by_lot",
                condition=Q(problem__isnull=False, prm_score__isnull=False),
            ),
        ),
    ]
