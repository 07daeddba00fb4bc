from django.db import migrations, models

from privacy.append_only import forbid, forbid_replacing


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
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
        forbid("audit_signingkey", "update"),
        forbid("audit_signingkey", "delete"),
        forbid_replacing("audit_signingkey", "number", "key_id"),
    ]
