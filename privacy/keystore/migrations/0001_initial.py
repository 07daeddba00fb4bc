import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fingerprints
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='HousekeepingTime',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='OptOutCopy',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('fingerprint', privacy.encryption.fingerprints.FingerprintField()),
                ('point_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email_fingerprint', source='fingerprint')),
                ('point', models.CharField(max_length=20)),
                ('channel', models.CharField(max_length=10)),
                ('purpose', models.CharField(blank=True, max_length=20)),
                ('source', models.CharField(max_length=10)),
                ('created_at', models.DateTimeField()),
                ('copied_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('normal_form', models.PositiveSmallIntegerField(choices=[(1, 'before ADR 24'), (2, 'since ADR 24')], db_default=1, default=2, editable=False)),
            ],
            options={
                'verbose_name': 'copy of an opt-out',
                'verbose_name_plural': 'copies of opt-outs',
            },
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('fingerprint', privacy.encryption.fingerprints.FingerprintField()),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email_fingerprint', source='fingerprint')),
                ('keeps_usable', models.BooleanField(default=False)),
                ('erased_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('normal_form', models.PositiveSmallIntegerField(choices=[(1, 'before ADR 24'), (2, 'since ADR 24')], db_default=1, default=2, editable=False)),
            ],
            options={
                'ordering': ['erased_at'],
            },
        ),
        migrations.CreateModel(
            name='DayKey',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('key_id', models.BinaryField(max_length=4, unique=True)),
                ('wrapped', models.BinaryField(null=True)),
                ('minted_at', models.DateTimeField()),
                ('destroyed_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['day'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('destroyed_at__isnull', True), ('wrapped__isnull', False)), models.Q(('destroyed_at__isnull', False), ('wrapped__isnull', True)), _connector='OR'), name='a_key_is_there_or_destroyed')],
            },
        ),
    ]
