import privacy.fingerprints
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("privacy", "0003_fingerprints"),
    ]

    operations = [
        migrations.AlterField(
            model_name="suppression",
            name="fingerprint",
            field=privacy.fingerprints.FingerprintField(),
        ),
    ]
