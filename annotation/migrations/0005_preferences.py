
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0004_step_by_step'),
    ]

    operations = [
        migrations.CreateModel(
            name='Preferences',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='preferences', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('keys', models.JSONField(blank=True, default=dict)),
                ('language', models.CharField(blank=True, default='', max_length=10)),
                ('time_zone', models.CharField(blank=True, default='', max_length=64)),
                ('practised', models.BooleanField(default=False)),
            ],
        ),
    ]
