from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("activelearning", "0005_worker_host"),
    ]

    operations = [
        migrations.AddField(model_name="round", name="approved_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="selected", name="dropped_at", field=models.DateTimeField(null=True)),
    ]
