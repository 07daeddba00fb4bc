import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fields
import privacy.encryption.tokens
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contacts', '0001_initial'),
        ('shop', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Quote',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(editable=False, max_length=9)),
                ('version', models.PositiveSmallIntegerField(default=1, editable=False)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('sent', 'sent'), ('viewed', 'opened'), ('accepted', 'accepted'), ('declined', 'declined'), ('expired', 'expired'), ('withdrawn', 'withdrawn'), ('replaced', 'replaced by a newer version')], default='draft', editable=False, max_length=10)),
                ('name', privacy.encryption.fields.SealedTextField(max_length=150, null=True)),
                ('company', privacy.encryption.fields.SealedTextField(blank=True, max_length=400, null=True)),
                ('email', privacy.encryption.fields.SealedEmailField(blank=True, max_length=254, null=True, verbose_name='email address')),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', null=True, source='email')),
                ('address', privacy.encryption.fields.SealedTextField(blank=True, max_length=400, null=True, verbose_name='postal address')),
                ('title', privacy.encryption.fields.SealedTextField(max_length=150, null=True, verbose_name='what it is for')),
                ('text', privacy.encryption.fields.SealedTextField(blank=True, max_length=10000, null=True, verbose_name='in words')),
                ('currency', models.CharField(editable=False, max_length=3)),
                ('total_minor', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='total')),
                ('tax_name', models.CharField(blank=True, editable=False, max_length=20)),
                ('tax_percent', models.DecimalField(decimal_places=2, default=Decimal('0'), editable=False, max_digits=5)),
                ('valid_until', models.DateField(help_text='The last day on which it can be accepted.')),
                ('asked_at', models.DateTimeField(editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('sent_at', models.DateTimeField(editable=False, null=True)),
                ('viewed_at', models.DateTimeField(editable=False, null=True)),
                ('decided_at', models.DateTimeField(editable=False, null=True)),
                ('decided_name', privacy.encryption.fields.SealedTextField(editable=False, max_length=150, null=True, verbose_name='name')),
                ('decline_reason', privacy.encryption.fields.SealedTextField(editable=False, max_length=2000, null=True, verbose_name='reason')),
                ('signed_on', models.DateField(editable=False, null=True)),
                ('reminders', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='reminders sent')),
                ('reminded_at', models.DateTimeField(editable=False, null=True)),
                ('link_token', privacy.encryption.tokens.SealedTokenField(editable=False)),
                ('link_index', privacy.encryption.blind_index.BlindIndexField(db_index=False, normalize='exact', source='link_token', unique=True)),
                ('keep_until', models.DateTimeField(db_index=True, editable=False)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('inquiry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='quotes', to='contacts.inquiry')),
                ('recorded_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='contacts.service')),
            ],
            options={
                'ordering': ['-created_at', '-version'],
                'permissions': [('send_quote', 'Can send and withdraw quotes')],
            },
        ),
        migrations.CreateModel(
            name='QuoteLine',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('description', privacy.encryption.fields.SealedTextField(max_length=1000, null=True)),
                ('quantity', models.DecimalField(decimal_places=2, default=Decimal('1'), max_digits=7, validators=[django.core.validators.MinValueValidator(Decimal('0.01')), django.core.validators.MaxValueValidator(Decimal('99999.99'))])),
                ('unit_price_minor', models.IntegerField(verbose_name='price of one')),
                ('quote', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='clients.quote')),
            ],
            options={
                'verbose_name': 'line',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='QuoteTerms',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('document', models.CharField(choices=[('sale', 'Terms of sale'), ('refunds', 'Refund policy'), ('license', 'License terms')], max_length=10)),
                ('quote', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='offered_terms', to='clients.quote')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shop.shopterms')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='quote',
            name='terms',
            field=models.ManyToManyField(related_name='+', through='clients.QuoteTerms', to='shop.shopterms'),
        ),
        migrations.CreateModel(
            name='Agreement',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(editable=False, max_length=8, unique=True)),
                ('name', privacy.encryption.fields.SealedTextField(max_length=150)),
                ('email', privacy.encryption.fields.SealedEmailField(blank=True, max_length=254, null=True, verbose_name='email address')),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', null=True, source='email')),
                ('phone', privacy.encryption.fields.SealedTextField(blank=True, max_length=40, verbose_name='phone number')),
                ('phone_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='phone', null=True, source='phone')),
                ('address', privacy.encryption.fields.SealedTextField(blank=True, max_length=400, verbose_name='postal address')),
                ('subject', privacy.encryption.fields.SealedTextField(max_length=200, verbose_name='what was agreed')),
                ('notes', privacy.encryption.fields.SealedTextField(blank=True, max_length=20000)),
                ('starts_on', models.DateField(verbose_name='begins on')),
                ('ends_on', models.DateField(blank=True, help_text='The last day. Empty: until it is ended.', null=True, verbose_name='ends on')),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='entered')),
                ('ended_at', models.DateTimeField(editable=False, null=True, verbose_name='ended early')),
                ('keep_until', models.DateTimeField(db_index=True, editable=False, null=True)),
                ('entered_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('inquiry', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='agreements', to='contacts.inquiry')),
            ],
            options={
                'ordering': ['-starts_on'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='an_agreement_ends_after_it_begins')],
            },
        ),
        migrations.CreateModel(
            name='Installment',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('label', privacy.encryption.fields.SealedTextField(max_length=150, null=True, verbose_name='for')),
                ('percent', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.01')), django.core.validators.MaxValueValidator(Decimal('100'))])),
                ('fixed_minor', models.PositiveIntegerField(blank=True, null=True, verbose_name='or amount')),
                ('amount_minor', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='amount')),
                ('due', models.CharField(choices=[('acceptance', 'on acceptance'), ('date', 'on a date'), ('release', 'when we say that it is due')], default='acceptance', max_length=10)),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='date')),
                ('released_at', models.DateTimeField(editable=False, null=True, verbose_name='due since')),
                ('reminders', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='reminders sent')),
                ('reminded_at', models.DateTimeField(editable=False, null=True)),
                ('order', models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='installment', to='shop.order')),
                ('quote', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='installments', to='clients.quote')),
            ],
            options={
                'ordering': ['position', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('percent__isnull', True), ('fixed_minor__isnull', True), _connector='OR'), name='clients_installment_percent_or_amount'), models.CheckConstraint(condition=models.Q(models.Q(('due', 'date'), ('due_on__isnull', False)), models.Q(models.Q(('due', 'date'), _negated=True), ('due_on__isnull', True)), _connector='OR'), name='clients_installment_date_if_due_on_one')],
            },
        ),
        migrations.AddConstraint(
            model_name='quoteterms',
            constraint=models.UniqueConstraint(fields=('quote', 'document'), name='clients_one_version_of_each_document'),
        ),
        migrations.AddIndex(
            model_name='quote',
            index=models.Index(fields=['state', 'valid_until'], name='clients_quotes_by_state'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.UniqueConstraint(fields=('reference', 'version'), name='clients_quote_versions_numbered_once'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('reference',), name='clients_one_draft_of_a_quote'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['sent', 'viewed', 'accepted'])), fields=('reference',), name='clients_one_offer_of_a_quote'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', True), ('state', 'draft')), models.Q(models.Q(('state', 'draft'), _negated=True), ('sent_at__isnull', False)), _connector='OR'), name='clients_quote_sent_date_required'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state__in', ['draft', 'sent', 'viewed'])), models.Q(models.Q(('state__in', ['draft', 'sent', 'viewed']), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='clients_quote_decision_date_required'),
        ),
    ]
