"""Each run so far was one parcel, under the run's own number: it stays the key under which PayPal knows it."""

from django.db import migrations
from django.db.models import F

STATES = {"sent": "sent", "finished": "ended", "cancelled": "ended", "denied": "denied"}


def put_runs_into_parcels(apps, schema_editor):
    Batch, Parcel, Item = (
        apps.get_model("affiliates", name) for name in ("PayoutBatch", "PayoutParcel", "PayoutItem")
    )
    for batch in Batch.objects.using(schema_editor.connection.alias).all():
        parcel = Parcel.objects.using(schema_editor.connection.alias).create(
            id=batch.id,
            batch=batch,
            state=STATES.get(batch.state, "waiting"),
            paypal_batch_id=batch.paypal_batch_id,
            problem=batch.problem,
            first_sent_at=batch.sent_at or batch.approved_at,  # from its approval on, PayPal may have it
        )
        Item.objects.using(schema_editor.connection.alias).filter(batch=batch).update(parcel=parcel)
    alone = Batch.objects.using(schema_editor.connection.alias).filter(prepared_by=F("approved_by"))
    alone.update(approved_alone=True)


class Migration(migrations.Migration):

    dependencies = [
        ("affiliates", "0012_payout_parcels"),
    ]

    operations = [
        migrations.RunPython(put_runs_into_parcels, migrations.RunPython.noop, elidable=True),
    ]
