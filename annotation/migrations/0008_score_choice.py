import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def copy_from_solutions(apps, schema_editor):
    """Scores of models that a round may still choose by: what it chooses by stands with the solution."""
    score, solution = apps.get_model("annotation", "Score"), apps.get_model("annotation", "Solution")
    theirs = solution.objects.filter(pk=OuterRef("solution"))
    score.objects.exclude(scorer="imported").update(
        problem=Subquery(theirs.values("problem")), verdict=Subquery(theirs.values("verdict"))
    )


class Migration(migrations.Migration):

    dependencies = [
        ("annotation", "0007_order_of_solutions"),
    ]

    operations = [
        migrations.AddField(
            model_name="score",
            name="problem",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="annotation.problem",
            ),
        ),
        migrations.AddField(
            model_name="score",
            name="verdict",
            field=models.CharField(blank=True, choices=[("right", "Right"), ("wrong", "Wrong"), ("undecided", "Undecided")], max_length=10),
        ),
        migrations.AddField(model_name="score", name="doubt", field=models.FloatField(null=True)),
        migrations.RunPython(copy_from_solutions, migrations.RunPython.noop),
    ]
