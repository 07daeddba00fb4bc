"""Refunds that stay pending for a while."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def date_from_creation(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now a refund never changed after it was made."""
    apps.get_model("paypal_standin", "Refund").objects.update(updated_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("paypal_standin", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="status",
            field=models.CharField(
                choices=[("COMPLETED", "Completed"), ("PENDING", "Pending"), ("FAILED", "Failed")],
                default="COMPLETED",
                max_length=12,
            ),
        ),
        migrations.AddField(model_name="refund", name="updated_at", field=models.DateTimeField(null=True)),
        migrations.RunPython(date_from_creation, migrations.RunPython.noop),
        migrations.AlterField(model_name="refund", name="updated_at", field=models.DateTimeField()),
    ]
