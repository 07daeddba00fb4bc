from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0005_order_links")]

    operations = [
        migrations.AddField("order", "delivery_ended", models.BooleanField(default=False, editable=False)),
    ]
