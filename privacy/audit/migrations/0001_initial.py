from django.db import migrations, models

from privacy.append_only import forbid

TABLE = "audit_auditentry"
# Also refuses SQLite's INSERT OR REPLACE, which deletes the row in its way without asking a trigger.
OUT_OF_CHAIN = f"""
    NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM {TABLE})
    OR NEW.previous_hash <> COALESCE((SELECT hash FROM {TABLE} ORDER BY number DESC LIMIT 1), '{"0" * 64}')
    OR EXISTS (SELECT 1 FROM {TABLE} WHERE hash = NEW.hash)
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
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
                'constraints': [models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='audit_counts_from_one')],
            },
        ),
        forbid(TABLE, "update"),
        forbid(TABLE, "delete"),
        forbid(TABLE, "insert", when=OUT_OF_CHAIN, message=f"a row of {TABLE} must follow the last one"),
    ]
