import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fields
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
            name='AddressIndexing',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('rules', models.CharField(max_length=40, unique=True)),
                ('done_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('repeated_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ChoicesRequest',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('email', privacy.encryption.fields.SealedEmailField(max_length=254)),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', source='email')),
                ('asked_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('link_mailed_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ErasureMark',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('applied_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=30, unique=True)),
                ('at', models.DateTimeField()),
                ('told_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='KeyCheck',
            fields=[
                ('key_id', models.CharField(editable=False, max_length=8, primary_key=True, serialize=False)),
                ('sealed', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='LimitSlot',
            fields=[
                ('cache_key', models.CharField(max_length=255, primary_key=True, serialize=False)),
                ('value', models.TextField()),
                ('expires', models.DateTimeField(db_index=True)),
            ],
            options={
                'db_table': 'privacy_limits',
            },
        ),
        migrations.CreateModel(
            name='MailText',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(editable=False, max_length=60, unique=True, verbose_name='mail')),
                ('subject', models.CharField(blank=True, default='', max_length=200)),
                ('body', models.TextField(blank=True, default='', max_length=10000, verbose_name='text')),
                ('based_on', models.CharField(blank=True, default='', editable=False, max_length=64)),
            ],
            options={
                'ordering': ['kind'],
            },
        ),
        migrations.CreateModel(
            name='Measurement',
            fields=[
                ('promise', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('kept', models.BooleanField()),
                ('figures', models.JSONField()),
                ('measured_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SubmittedForm',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('claimed_at', models.DateTimeField(db_index=True)),
                ('answer', models.BinaryField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SummedDays',
            fields=[
                ('subject', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('version', models.CharField(blank=True, max_length=200)),
                ('through', models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='UndeliverableAddress',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('fingerprint', privacy.encryption.fingerprints.FingerprintField()),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=False, normalize='email_fingerprint', source='fingerprint', unique=True)),
                ('code', models.CharField(max_length=20, verbose_name='server reply')),
                ('noticed_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='since')),
            ],
            options={
                'verbose_name': 'undeliverable address',
                'verbose_name_plural': 'undeliverable addresses',
                'ordering': ['-noticed_at'],
            },
        ),
        migrations.CreateModel(
            name='AddressChange',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('change', models.CharField(choices=[('separated', 'was also found by another address'), ('joined', 'is now also found by another spelling'), ('duplicate', 'has the same address as another row, but the address must be unique')], max_length=10)),
                ('model', models.CharField(max_length=60, verbose_name='kind of row')),
                ('row_id', models.UUIDField(verbose_name='row')),
                ('noticed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='since')),
            ],
            options={
                'verbose_name': 'address change',
                'verbose_name_plural': 'address changes',
                'ordering': ['-noticed_at', 'model'],
                'constraints': [models.UniqueConstraint(fields=('model', 'row_id', 'change'), name='address_change_listed_once')],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('rehearsal', 'Rehearsal'), ('sweep', 'Sweep')], max_length=20)),
                ('state', models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='running', max_length=10)),
                ('began_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('ways', models.PositiveIntegerField(default=0)),
                ('attempts', models.JSONField(default=dict)),
                ('searches', models.JSONField(default=dict)),
                ('probes', models.JSONField(default=dict)),
                ('unreached', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['-began_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('kind',), name='one_running_attempt_a_kind')],
            },
        ),
        migrations.CreateModel(
            name='Breach',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('promise', models.CharField(max_length=40)),
                ('kind', models.CharField(choices=[('rehearsal', 'Rehearsal'), ('sweep', 'Sweep')], max_length=20)),
                ('place', models.CharField(max_length=300)),
                ('tried', models.BooleanField()),
                ('found_at', models.DateTimeField()),
                ('last_found_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name_plural': 'breaches',
                'ordering': ['promise', 'place'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('promise', 'kind', 'place'), name='one_open_breach_a_place')],
            },
        ),
        migrations.CreateModel(
            name='ChangedMoment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=20)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['subject', 'at'], name='changed_moments_of_subject')],
            },
        ),
        migrations.CreateModel(
            name='MailTally',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('kind', models.CharField(max_length=60)),
                ('purpose', models.CharField(choices=[('answer_inquiry', 'answering a question'), ('quote', 'preparing a quote'), ('quote_reminders', 'reminding clients of a quote'), ('order', 'fulfilling an order'), ('release_news', 'telling buyers about new versions'), ('referral_tracking', 'paying commission on referral sales'), ('affiliate_account', "running an affiliate's account"), ('affiliate_news', 'telling affiliates about their sales'), ('tax_reporting', 'reporting payments to affiliates to the tax office'), ('staff_account', 'signing staff in'), ('privacy_request', 'answering a privacy request'), ('policy_notice', 'notifying people of changes to this policy'), ('site_traffic', 'counting visits'), ('legal_obligation', 'keeping legally required records')], max_length=20)),
                ('outcome', models.CharField(choices=[('sent', 'sent'), ('refused', 'refused'), ('failed', 'failed'), ('bounced', 'bounced'), ('shipped', 'written with the shipped text, because an edited one failed')], max_length=10)),
                ('because', models.CharField(blank=True, choices=[('reason_gone', 'the reason was deleted'), ('reason_closed', 'the reason no longer applies'), ('time_over', 'the reason has expired'), ('other_purpose', 'the address was given for something else'), ('channel', 'the channel is not allowed for this purpose'), ('no_address', 'no contact details are known'), ('opted_out', 'the person opted out'), ('undeliverable', 'the address is undeliverable'), ('unreadable', 'the address is invalid'), ('not_in_effect', 'the policy in effect does not cover the purpose yet')], default='', max_length=20)),
                ('count', models.PositiveIntegerField(default=1)),
            ],
            options={
                'verbose_name': 'daily mail count',
                'verbose_name_plural': 'daily mail counts',
                'ordering': ['-day', 'kind'],
                'constraints': [models.UniqueConstraint(fields=('day', 'kind', 'outcome', 'because'), name='one_tally_a_day_and_outcome')],
            },
        ),
        migrations.CreateModel(
            name='OutgoingMail',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=60)),
                ('about_model', models.CharField(max_length=60, verbose_name='reason')),
                ('about_id', models.UUIDField(verbose_name="reason's id")),
                ('recipient', privacy.encryption.fields.SealedEmailField(max_length=254)),
                ('recipient_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', source='recipient')),
                ('subject', privacy.encryption.fields.SealedTextField()),
                ('text', privacy.encryption.fields.SealedTextField()),
                ('html', privacy.encryption.fields.SealedTextField()),
                ('state', models.CharField(choices=[('queued', 'pending'), ('sending', 'sending'), ('sent', 'sent'), ('refused', 'refused'), ('failed', 'failed'), ('bounced', 'bounced')], default='queued', max_length=10)),
                ('refusal', models.CharField(blank=True, max_length=200)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('queued_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sent_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'mail',
                'verbose_name_plural': 'outgoing mail',
                'ordering': ['-queued_at'],
                'indexes': [models.Index(fields=['state', 'due_at'], name='privacy_out_state_4f0bb8_idx'), models.Index(fields=['state', 'queued_at'], name='privacy_out_state_56b342_idx'), models.Index(fields=['state', 'kind'], name='privacy_out_state_0622d9_idx'), models.Index(fields=['kind', 'queued_at'], name='privacy_out_kind_f26d24_idx')],
            },
        ),
        migrations.CreateModel(
            name='PrivacyRequest',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(editable=False, max_length=8, unique=True)),
                ('kind', models.CharField(choices=[('access', 'Send me all my data'), ('correction', 'Correct my data'), ('deletion', 'Delete my data'), ('stop_contact', 'Stop contacting me'), ('complaint', 'Complain about how you handle my data')], max_length=20)),
                ('channel', models.CharField(choices=[('page', 'web page'), ('email', 'email'), ('call', 'phone call'), ('letter', 'letter')], default='page', max_length=10, verbose_name='received by')),
                ('state', models.CharField(choices=[('unconfirmed', 'not confirmed yet'), ('confirmed', 'open'), ('answered', 'answered')], default='unconfirmed', max_length=12)),
                ('email', privacy.encryption.fields.SealedEmailField(blank=True, max_length=254, null=True, verbose_name='email address')),
                ('fingerprint', privacy.encryption.fingerprints.FingerprintField(editable=False, null=True)),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email_fingerprint', null=True, source='fingerprint')),
                ('phone', privacy.encryption.fields.SealedTextField(blank=True, max_length=40, null=True, verbose_name='phone number')),
                ('contact', privacy.encryption.fields.SealedTextField(blank=True, max_length=1000, null=True, verbose_name='other contact details')),
                ('details', privacy.encryption.fields.SealedTextField(blank=True, null=True, verbose_name='details')),
                ('answer', privacy.encryption.fields.SealedTextField(blank=True, null=True)),
                ('identity', models.CharField(blank=True, choices=[('link', 'link sent to the address'), ('signed_in', 'signed in'), ('documents', 'documents seen, none copied'), ('known', 'known to staff'), ('not_needed', 'not needed for this')], max_length=12, verbose_name='identity verified by')),
                ('link_digest', models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ('link_expires_at', models.DateTimeField(editable=False, null=True)),
                ('link_mailed_at', models.DateTimeField(editable=False, null=True)),
                ('correction_digest', models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ('correction_expires_at', models.DateTimeField(editable=False, null=True)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='received')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledge_by', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True, verbose_name='acknowledged')),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='answer due')),
                ('extended_at', models.DateTimeField(blank=True, null=True, verbose_name='extended')),
                ('extension_reason', models.CharField(blank=True, choices=[('complex', 'Your request is complex and affects many records.'), ('many', 'We are handling an unusually large number of requests.'), ('identity', 'We still have to verify your identity.')], max_length=10)),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('outcome', models.CharField(blank=True, choices=[('answered', 'answered'), ('partly', 'partially fulfilled'), ('refused', 'refused'), ('ended', 'ended with the deletion')], max_length=10)),
                ('refusal_ground', models.CharField(blank=True, choices=[('unknown_person', 'We could not verify your identity.'), ('legal_duty', 'We are legally required to keep this data.'), ('others', 'It would affect the rights of someone else.'), ('excessive', 'The same request was made repeatedly within a short time.'), ('nothing_wrong', 'We reviewed the data and found it to be correct.')], max_length=15)),
                ('report_mail_id', models.UUIDField(editable=False, null=True)),
                ('keeps_purchases', models.BooleanField(default=False, editable=False)),
                ('report_failed_at', models.DateTimeField(editable=False, null=True, verbose_name='report not delivered')),
                ('keep_until', models.DateTimeField(db_index=True)),
                ('handled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'privacy request',
                'ordering': ['due_at'],
                'permissions': [('answer_privacyrequest', 'Can answer privacy requests')],
            },
        ),
        migrations.CreateModel(
            name='AccessArchive',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('content', privacy.encryption.fields.SealedBinaryField()),
                ('link_digest', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='archive', to='privacy.privacyrequest')),
            ],
            options={
                'verbose_name': 'archive',
            },
        ),
        migrations.CreateModel(
            name='PromiseState',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('promise', models.CharField(max_length=40)),
                ('kept', models.BooleanField()),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-began_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('promise',), name='one_current_state_a_promise')],
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('fingerprint', privacy.encryption.fingerprints.FingerprintField(null=True)),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email_fingerprint', null=True, source='fingerprint')),
                ('phone_fingerprint', privacy.encryption.fingerprints.FingerprintField(null=True, of='phone')),
                ('phone_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='phone_fingerprint', null=True, source='phone_fingerprint')),
                ('address_fingerprint', privacy.encryption.fingerprints.FingerprintField(null=True, of='address')),
                ('address_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='address_fingerprint', null=True, source='address_fingerprint')),
                ('channel', models.CharField(choices=[('email', 'email'), ('phone', 'phone'), ('letter', 'letter')], max_length=10)),
                ('purpose', models.CharField(blank=True, choices=[('answer_inquiry', 'answering a question'), ('quote', 'preparing a quote'), ('quote_reminders', 'reminding clients of a quote'), ('order', 'fulfilling an order'), ('release_news', 'telling buyers about new versions'), ('referral_tracking', 'paying commission on referral sales'), ('affiliate_account', "running an affiliate's account"), ('affiliate_news', 'telling affiliates about their sales'), ('tax_reporting', 'reporting payments to affiliates to the tax office'), ('staff_account', 'signing staff in'), ('privacy_request', 'answering a privacy request'), ('policy_notice', 'notifying people of changes to this policy'), ('site_traffic', 'counting visits'), ('legal_obligation', 'keeping legally required records')], default='', max_length=20)),
                ('source', models.CharField(choices=[('link', 'unsubscribe link'), ('page', 'preferences page'), ('request', 'privacy request'), ('erasure', 'deletion'), ('call', 'phone call'), ('letter', 'letter'), ('mail', 'email')], default='request', max_length=10, verbose_name='received by')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='since')),
                ('normal_form', models.PositiveSmallIntegerField(choices=[(1, 'before ADR 24'), (2, 'since ADR 24')], db_default=1, default=2, editable=False)),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'opt-out',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='MailTextVersion',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('subject', models.CharField(blank=True, max_length=200)),
                ('body', models.TextField(blank=True, max_length=10000, verbose_name='text')),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('text', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='privacy.mailtext')),
                ('written_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('text', 'number'), name='mail_text_versions_numbered')],
            },
        ),
        migrations.AddIndex(
            model_name='privacyrequest',
            index=models.Index(fields=['state', 'due_at'], name='privacy_pri_state_69a753_idx'),
        ),
        migrations.AddConstraint(
            model_name='privacyrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'answered'), _negated=True), ('answered_at__isnull', False), _connector='OR'), name='an_answer_has_its_date'),
        ),
        migrations.AddConstraint(
            model_name='privacyrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome__in', ['refused', 'partly']), _negated=True), models.Q(('refusal_ground', ''), _negated=True), _connector='OR'), name='a_refusal_has_its_ground'),
        ),
        migrations.AddConstraint(
            model_name='privacyrequest',
            constraint=models.CheckConstraint(condition=models.Q(('extended_at__isnull', True), models.Q(('extension_reason', ''), _negated=True), _connector='OR'), name='an_extension_has_its_reason'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(fields=('email_index', 'channel', 'purpose'), name='one_opt_out_by_email'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(fields=('phone_index', 'channel', 'purpose'), name='one_opt_out_by_phone'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(fields=('address_index', 'channel', 'purpose'), name='one_opt_out_by_address'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('address_index__isnull', True), ('email_index__isnull', False), ('phone_index__isnull', True)), models.Q(('address_index__isnull', True), ('email_index__isnull', True), ('phone_index__isnull', False)), models.Q(('address_index__isnull', False), ('email_index__isnull', True), ('phone_index__isnull', True)), _connector='OR'), name='an_opt_out_has_one_contact_point'),
        ),
    ]
