"""Campaign labels are declared; commissions get a number of their own; the verdict on addresses moves to the visit."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import privacy.encryption.blind_index
import privacy.encryption.fields
import privacy.sealed_models


def _label() -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to="affiliates.label",
    )


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0019_objections")]

    operations = [
        migrations.CreateModel(
            name="Label",
            fields=[
                ("id", models.UUIDField(default=privacy.sealed_models.uuid7, editable=False, primary_key=True, serialize=False)),
                ("name", privacy.encryption.fields.SealedTextField(max_length=32)),
                ("name_index", privacy.encryption.blind_index.BlindIndexField(db_index=False, normalise="exact", source="name")),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("archived_at", models.DateTimeField(null=True)),
                ("affiliate", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="labels", to="affiliates.affiliate")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["affiliate", "name_index"], name="label_unique_per_affiliate")],
            },
        ),
        migrations.CreateModel(
            name="LabelSales",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("orders", models.PositiveIntegerField(default=0)),
                ("sales_minor", models.BigIntegerField(default=0)),
                ("earned_minor", models.BigIntegerField(default=0)),
                ("label", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sales", to="affiliates.label")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["label", "currency"], name="label_sales_per_currency")],
            },
        ),
        migrations.CreateModel(
            name="UncountedSale",
            fields=[
                ("commission", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="uncounted", serialize=False, to="affiliates.commission")),
                ("was_seen", models.BooleanField(default=False)),
            ],
        ),
        migrations.AddField(
            model_name="click",
            name="same_address",
            field=models.BooleanField(null=True, verbose_name="an order came from the same address"),
        ),
        migrations.AddField(model_name="click", name="label", field=_label()),
        migrations.AddField(model_name="tally", name="label", field=_label()),
        migrations.AddField(
            model_name="commission",
            name="number",
            field=models.CharField(editable=False, max_length=12, null=True),
        ),
    ]
