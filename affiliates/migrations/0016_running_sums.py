"""Sums that need no adding up. The triggers stand before the first sums are made, so that no change falls between."""

import django.db.models.deletion
from django.db import migrations, models

from affiliates.running_sums import CORRECTION
from affiliates.sum_triggers import keep_sums


class Migration(migrations.Migration):

    dependencies = [
        ("affiliates", "0015_creatives"),
    ]

    operations = [
        migrations.CreateModel(
            name="RunningSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("what", models.CharField(max_length=10)),
                ("number", models.IntegerField(default=0, verbose_name="how many lines")),
                ("amount_minor", models.BigIntegerField(default=0, verbose_name="amount in cents")),
                ("affiliate", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="affiliates.affiliate")),
            ],
            options={
                "indexes": [models.Index(fields=["affiliate", "currency", "what"], name="running_sums_of_affiliate")],
            },
        ),
        migrations.AddIndex(
            model_name="attribution",
            index=models.Index(fields=["affiliate", "decided_at"], name="attributions_of_affiliate"),
        ),
        keep_sums(),
        migrations.RunSQL(CORRECTION, migrations.RunSQL.noop),
    ]
