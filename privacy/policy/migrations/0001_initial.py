import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fingerprints
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(unique=True, verbose_name='version')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('notices', 'sending notices'), ('in_effect', 'in effect'), ('superseded', 'superseded'), ('withdrawn', 'withdrawn')], default='draft', max_length=12)),
                ('summary', models.TextField(max_length=5000, verbose_name='summary of changes')),
                ('additions', models.TextField(blank=True, max_length=20000, verbose_name='additional text')),
                ('snapshot', models.JSONField(verbose_name='snapshot of the registry')),
                ('registry_hash', models.CharField(max_length=64, verbose_name='hash of the registry')),
                ('tells', models.BooleanField(default=True, verbose_name='notify everyone first')),
                ('effective_on', models.DateField(verbose_name='takes effect on')),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created')),
                ('notices_began_at', models.DateTimeField(blank=True, null=True, verbose_name='notices started')),
                ('in_effect_at', models.DateTimeField(blank=True, null=True, verbose_name='in effect since')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='superseded or withdrawn')),
            ],
            options={
                'verbose_name': 'policy version',
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'in_effect')), fields=('state',), name='one_policy_in_effect'), models.UniqueConstraint(condition=models.Q(('state', 'notices')), fields=('state',), name='one_policy_announced'), models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('state',), name='one_policy_draft')],
            },
        ),
        migrations.CreateModel(
            name='PolicyNotice',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('fingerprint', privacy.encryption.fingerprints.FingerprintField()),
                ('person_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email_fingerprint', source='fingerprint')),
                ('contact_model', models.CharField(max_length=60, verbose_name='kind of row')),
                ('contact_id', models.UUIDField(verbose_name='row with the address')),
                ('state', models.CharField(choices=[('waiting', 'pending'), ('mailed', 'email queued'), ('delivered', 'notified by email'), ('unreachable', 'unreachable by email: call or write'), ('called', 'notified by phone'), ('written', 'notified by letter'), ('left_out', 'opted out of all contact: left out')], default='waiting', max_length=12)),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='why email failed')),
                ('mail_id', models.UUIDField(null=True, verbose_name='mail')),
                ('listed_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='listed')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='notified')),
                ('handled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='policy.policyversion')),
            ],
            options={
                'verbose_name': 'policy notice',
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['version', 'state'], name='policy_poli_version_2b558b_idx'), models.Index(fields=['version', 'id'], name='policy_poli_version_1fa10f_idx'), models.Index(fields=['state', 'id'], name='policy_poli_state_877cf1_idx')],
                'constraints': [models.UniqueConstraint(fields=('version', 'person_index'), name='one_notice_per_person_and_version')],
            },
        ),
    ]
