from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("keystore", "0004_opt_out_copies")]

    operations = [
        migrations.AddField("tombstone", "keeps_usable", models.BooleanField(default=False)),
    ]
