import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Disclosure',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(editable=False, max_length=8, unique=True)),
                ('kind', models.CharField(choices=[('court_order', 'court order'), ('subpoena', 'subpoena'), ('warrant', 'search warrant'), ('statute', 'other legal process')], max_length=12)),
                ('authority', privacy.encryption.fields.SealedTextField(help_text='The court or authority that ordered it.', max_length=200, null=True)),
                ('order_reference', privacy.encryption.fields.SealedTextField(max_length=200, null=True, verbose_name="the order's reference")),
                ('received_on', models.DateField()),
                ('email', privacy.encryption.fields.SealedEmailField(max_length=254, null=True, verbose_name='email address of the person')),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', null=True, source='email')),
                ('scope', models.JSONField(help_text='Kinds of data; nothing else is exported.', verbose_name='what the order names')),
                ('document_digest', models.CharField(max_length=64, verbose_name="SHA-256 of the order's document")),
                ('state', models.CharField(choices=[('recorded', 'pending approval'), ('approved', 'approved'), ('exported', 'disclosed'), ('refused', 'refused')], default='recorded', max_length=10)),
                ('recorded_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('approved_at', models.DateTimeField(null=True)),
                ('approved_alone', models.BooleanField(default=False, verbose_name='approved by the recorder, the only eligible user')),
                ('exported_at', models.DateTimeField(null=True)),
                ('export_digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the export')),
                ('refusal', privacy.encryption.fields.SealedTextField(blank=True, max_length=300, null=True, verbose_name='reason for refusal')),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('exported_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-recorded_at'],
                'permissions': [('approve_disclosure', 'Can approve and refuse orders for disclosure'), ('export_disclosure', 'Can export an approved order')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['recorded', 'refused']), ('approved_at__isnull', False), _connector='OR'), name='disclosed_only_when_approved'), models.CheckConstraint(condition=models.Q(models.Q(('recorded_by', models.F('approved_by')), _negated=True), ('approved_alone', True), _connector='OR'), name='approved_by_a_second_person'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'exported'), _negated=True), models.Q(('exported_at__isnull', False), models.Q(('export_digest', ''), _negated=True)), _connector='OR'), name='an_export_has_its_digest'), models.CheckConstraint(condition=models.Q(('document_digest', ''), _negated=True), name='an_order_has_its_document')],
            },
        ),
    ]
