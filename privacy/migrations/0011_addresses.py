"""Which rules the indexes of addresses were computed by, which rows staff should look at for it, and which opt-outs are of
the former normal form: all that are there now, and those that a process of the former version still writes (ADR 24)."""

import django.utils.timezone
from django.db import migrations, models

import privacy.sealed_models

ID = models.UUIDField(default=privacy.sealed_models.uuid7, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("privacy", "0010_links_that_wait")]

    operations = [
        migrations.CreateModel(
            name="AddressIndexing",
            fields=[
                ("id", ID.clone()),
                ("rules", models.CharField(max_length=40, unique=True)),
                ("done_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("repeated_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="AddressChange",
            fields=[
                ("id", ID.clone()),
                (
                    "change",
                    models.CharField(
                        choices=[
                            ("separated", "was found by another address too"),
                            ("joined", "is found by another spelling too"),
                            ("duplicate", "belongs to the same address as another row, and only one may"),
                        ],
                        max_length=10,
                    ),
                ),
                ("model", models.CharField(max_length=60, verbose_name="kind of row")),
                ("row_id", models.UUIDField(verbose_name="row")),
                ("noticed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="since")),
            ],
            options={
                "verbose_name": "change of an address",
                "verbose_name_plural": "changes of addresses",
                "ordering": ["-noticed_at", "model"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("model", "row_id", "change"), name="address_change_listed_once"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="suppression",
            name="normal_form",
            field=models.PositiveSmallIntegerField(
                choices=[(1, "before ADR 24"), (2, "since ADR 24")], db_default=1, default=2, editable=False
            ),
        ),
    ]
