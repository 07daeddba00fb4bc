import django.db.models.deletion
from django.db import migrations, models


def revive(apps, schema_editor):
    """Keys that a refund ended which was undone later: their orders are paid, and nothing else ever ended one."""
    delivered = {"order__state__in": ["paid", "part_refunded"], "order__delivery_ended": False}
    apps.get_model("shop", "Licence").objects.filter(**delivered).exclude(revoked_at=None).update(revoked_at=None)


class Migration(migrations.Migration):
    dependencies = [("shop", "0008_price_in_minor_units")]

    operations = [
        migrations.RunPython(revive, migrations.RunPython.noop, elidable=True),
        migrations.AlterModelOptions(
            name="licence",
            options={
                "ordering": ["-issued_at"],
                "permissions": [("reissue_licence", "Can replace license keys")],
            },
        ),
        migrations.AlterField(
            model_name="licence",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="licences", to="shop.order"
            ),
        ),
        migrations.AddConstraint(
            model_name="licence",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)), fields=("order",), name="one_working_licence_per_order"
            ),
        ),
    ]
