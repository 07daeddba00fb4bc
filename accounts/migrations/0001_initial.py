import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='LinkRequest',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('email', privacy.encryption.fields.SealedEmailField(max_length=254, verbose_name='email address')),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', source='email')),
                ('keep_until', models.DateTimeField(db_index=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', privacy.encryption.fields.SealedEmailField(max_length=254, null=True, verbose_name='email address')),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=False, normalize='email', null=True, source='email', unique=True)),
                ('name', privacy.encryption.fields.SealedTextField(blank=True, max_length=150, null=True)),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('is_staff', models.BooleanField(default=False, verbose_name='staff')),
                ('joined_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('data', privacy.encryption.fields.SealedBinaryField()),
                ('browser', privacy.encryption.fields.SealedTextField(max_length=60, null=True)),
                ('is_staff', models.BooleanField(default=False)),
                ('second_factor', models.BooleanField(default=False, verbose_name='with a second factor')),
                ('signed_in_at', models.DateTimeField(null=True, verbose_name='signed in')),
                ('last_seen_at', models.DateTimeField(verbose_name='last seen')),
                ('expires_at', models.DateTimeField(db_index=True, verbose_name='ends')),
                ('wrong_passwords', models.PositiveSmallIntegerField(default=0, verbose_name='wrong passwords in a row')),
                ('user', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
            },
        ),
        migrations.CreateModel(
            name='Authenticator',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('key', privacy.encryption.fields.SealedBinaryField(editable=False)),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='added')),
                ('last_step', models.BigIntegerField(default=-1, verbose_name='time step of the last code')),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'authenticator',
                'constraints': [models.UniqueConstraint(fields=('user', 'confirmed'), name='one_authenticator_per_person')],
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('code_digest', models.CharField(max_length=64)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'recovery code',
                'constraints': [models.UniqueConstraint(fields=('user', 'code_digest'), name='a_recovery_code_once')],
            },
        ),
    ]
