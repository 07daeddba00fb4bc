"""Each order gets a link of its own; until now the order's id was its page's address."""

import django.db.models
import privacy.encryption.blind_index
import privacy.links
import privacy.sealed_models
from django.db import migrations


def give_links(apps, schema_editor):
    Order = apps.get_model("shop", "Order")
    for order in Order.objects.using(schema_editor.connection.alias).only("pk").iterator(chunk_size=500):
        order.link_token = privacy.links.new_link_token()
        order.save(update_fields=["link_token", "link_index"])


class Migration(migrations.Migration):

    dependencies = [
        ("shop", "0004_delivery"),
    ]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="id",
            field=django.db.models.UUIDField(
                default=privacy.sealed_models.uuid7, editable=False, primary_key=True, serialize=False
            ),
        ),
        # Without a default while rows are there: the database can't make one, each is sealed for its row.
        migrations.AddField(
            model_name="order", name="link_token", field=privacy.links.SealedTokenField(default=None, null=True)
        ),
        migrations.AddField(
            model_name="order",
            name="link_index",
            field=privacy.encryption.blind_index.BlindIndexField(db_index=False, null=True, source="link_token", unique=True),
        ),
        migrations.RunPython(give_links, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="order", name="link_token", field=privacy.links.SealedTokenField(default=None)
        ),
        migrations.AlterField(model_name="order", name="link_token", field=privacy.links.SealedTokenField()),
        migrations.AlterField(
            model_name="order",
            name="link_index",
            field=privacy.encryption.blind_index.BlindIndexField(db_index=False, source="link_token", unique=True),
        ),
    ]
