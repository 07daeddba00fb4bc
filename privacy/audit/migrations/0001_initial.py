from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('key_id', models.CharField(max_length=8, unique=True)),
                ('public_key', models.TextField()),
                ('first_used_at', models.DateTimeField()),
                ('signed_by', models.CharField(blank=True, max_length=8, verbose_name='key id of the one before')),
                ('signature', models.CharField(blank=True, max_length=88)),
            ],
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(verbose_name='when')),
                ('actor', models.UUIDField(null=True, verbose_name='who (user id; empty: the program)')),
                ('action', models.CharField(db_index=True, max_length=60, verbose_name='what')),
                ('object_model', models.CharField(blank=True, max_length=60, verbose_name='kind of row')),
                ('object_id', models.CharField(blank=True, db_index=True, max_length=40, verbose_name='row')),
                ('previous_hash', models.CharField(max_length=64, verbose_name='hash before')),
                ('hash', models.CharField(max_length=64, unique=True)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit',
                'ordering': ['-number'],
                'indexes': [models.Index(fields=['at', 'number'], name='audit_entries_by_time')],
                'constraints': [models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='audit_counts_from_one')],
            },
        ),
    ]
