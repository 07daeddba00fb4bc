import django.utils.timezone
import privacy.encryption.blind_index
import privacy.fingerprints
import privacy.sealed_models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('keystore', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.UUIDField(default=privacy.sealed_models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('fingerprint', privacy.fingerprints.FingerprintField()),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalise='email_fingerprint', source='fingerprint')),
                ('erased_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('confirmed_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['erased_at'],
            },
        ),
    ]
