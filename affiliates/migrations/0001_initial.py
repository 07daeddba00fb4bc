import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fields
import privacy.encryption.fingerprints
import privacy.keystore.fields
import privacy.web.markdown
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('shop', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('name', privacy.encryption.fields.SealedTextField(max_length=150)),
                ('email', privacy.encryption.fields.SealedEmailField(max_length=254, verbose_name='email address')),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', source='email')),
                ('website', privacy.encryption.fields.SealedTextField(max_length=300)),
                ('message', privacy.encryption.fields.SealedTextField(blank=True, max_length=4000)),
                ('state', models.CharField(choices=[('held', 'held for review'), ('open', 'waiting for a decision'), ('unconfirmed', 'address not confirmed'), ('approved', 'approved'), ('declined', 'declined')], default='open', max_length=12)),
                ('terms_version', models.CharField(max_length=20, verbose_name='accepted version of the terms')),
                ('applied_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('link_digest', models.CharField(max_length=64, null=True, unique=True)),
                ('link_expires_at', models.DateTimeField(null=True)),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='address confirmed at')),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision', privacy.encryption.fields.SealedTextField(blank=True, max_length=300, null=True, verbose_name='reason')),
                ('keep_until', models.DateTimeField(db_index=True)),
            ],
            options={
                'ordering': ['-applied_at'],
                'permissions': [('decide_application', 'Can approve and decline applications')],
            },
        ),
        migrations.CreateModel(
            name='Commission',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(editable=False, max_length=12, unique=True)),
                ('base_minor', models.PositiveIntegerField(verbose_name='base')),
                ('rate_percent', models.DecimalField(decimal_places=2, max_digits=5, null=True, verbose_name='rate in %')),
                ('rate_flat_minor', models.PositiveIntegerField(null=True, verbose_name='flat rate')),
                ('amount_minor', models.PositiveIntegerField(verbose_name='amount')),
                ('reversed_minor', models.PositiveIntegerField(default=0, verbose_name='reversed amount')),
                ('currency', models.CharField(max_length=3)),
                ('state', models.CharField(choices=[('pending', 'pending'), ('approved', 'approved'), ('in_payout', 'in a payout'), ('paid', 'paid'), ('rejected', 'rejected'), ('reversed', 'reversed')], default='pending', max_length=10)),
                ('reason', privacy.encryption.fields.SealedTextField(blank=True, max_length=300, null=True)),
                ('hold_until', models.DateTimeField()),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('approved_at', models.DateTimeField(null=True)),
                ('paid_at', models.DateTimeField(null=True)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
                'permissions': [('decide_commission', 'Can approve, reject, hold and clear commissions')],
            },
        ),
        migrations.CreateModel(
            name='LedgerCheck',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('checked_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('difference', models.CharField(blank=True, max_length=400)),
                ('paypal', models.BooleanField(verbose_name='including PayPal')),
            ],
            options={
                'verbose_name': 'reconciliation',
                'verbose_name_plural': 'reconciliations',
                'ordering': ['-checked_at'],
            },
        ),
        migrations.CreateModel(
            name='Affiliate',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(help_text='Links with a former code keep working for the same affiliate. No code is ever reassigned.', max_length=32, unique=True, validators=[django.core.validators.RegexValidator('\\A[A-Za-z0-9_-]{2,32}\\Z', 'Two to 32 letters, digits, hyphens or underscores.')])),
                ('state', models.CharField(choices=[('moved', 'moving in'), ('active', 'active'), ('suspended', 'suspended'), ('closed', 'closed')], default='active', max_length=10)),
                ('payout_email', privacy.encryption.fields.SealedEmailField(max_length=254, null=True, verbose_name='PayPal address')),
                ('payout_email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', null=True, source='payout_email')),
                ('website', privacy.encryption.fields.SealedTextField(blank=True, max_length=300, null=True)),
                ('state_reason', privacy.encryption.fields.SealedTextField(blank=True, max_length=500, null=True, verbose_name='reason')),
                ('terms_version', models.CharField(max_length=20, verbose_name='accepted version of the terms')),
                ('announced_terms', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('mail_sales', models.BooleanField(default=False, verbose_name='each sale')),
                ('mail_payouts', models.BooleanField(default=True, verbose_name='payouts made or returned')),
                ('mail_monthly', models.BooleanField(default=False, verbose_name='a summary of each month')),
                ('mail_news', models.BooleanField(default=False, verbose_name='announcements')),
                ('summarized_until', models.DateField(editable=False, null=True)),
                ('closed_at', models.DateTimeField(editable=False, null=True)),
                ('anonymized_at', models.DateTimeField(editable=False, null=True)),
                ('joined_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='affiliate', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='AffiliateDiscount',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('since', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='discounts', to='affiliates.affiliate')),
                ('discount', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='of_affiliate', to='shop.discountcode')),
            ],
        ),
        migrations.CreateModel(
            name='AffiliateGroup',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(help_text="Its affiliates see it. Don't name a person.", max_length=60)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name': 'group',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Upper('name'), name='one_group_per_name', violation_error_message='There is a group with this name.')],
            },
        ),
        migrations.AddField(
            model_name='affiliate',
            name='group',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='affiliates', to='affiliates.affiliategroup'),
        ),
        migrations.CreateModel(
            name='Announcement',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=80)),
                ('text', models.TextField(help_text='Markdown.', max_length=4000)),
                ('shown_from', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('shown_until', models.DateTimeField(blank=True, help_text='Empty: until you enter a time here.', null=True)),
                ('is_mailed', models.BooleanField(default=False, help_text='Once, to the active affiliates who chose to get announcements, when it is first shown.', verbose_name='also by email')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['-shown_from', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('shown_until__isnull', True), ('shown_until__gt', models.F('shown_from')), _connector='OR'), name='announcement_end_after_start')],
            },
        ),
        migrations.CreateModel(
            name='AnnouncementNotice',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='announcement_notices', to='affiliates.affiliate')),
                ('announcement', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='affiliates.announcement')),
            ],
        ),
        migrations.CreateModel(
            name='BalanceDelta',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('bucket', models.CharField(max_length=10)),
                ('entry_count', models.IntegerField(default=0)),
                ('amount_minor', models.BigIntegerField(default=0)),
                ('affiliate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='affiliates.affiliate')),
            ],
        ),
        migrations.CreateModel(
            name='Click',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('cookie_digest', models.CharField(max_length=64)),
                ('address', privacy.keystore.fields.DaySealedTextField(day_of='clicked_at', null=True, verbose_name='network address')),
                ('landing_path', models.CharField(max_length=300)),
                ('clicked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('same_address', models.BooleanField(null=True, verbose_name='an order came from the same address')),
                ('counted', models.BooleanField(default=False, verbose_name='included in the statistics of its day')),
                ('affiliate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='clicks', to='affiliates.affiliate')),
            ],
            options={
                'ordering': ['-clicked_at'],
            },
        ),
        migrations.CreateModel(
            name='Attribution',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('route', models.CharField(choices=[('cookie', 'link'), ('code', 'code entered at checkout'), ('discount', 'discount code entered at checkout'), ('token', 'link, without a cookie')], max_length=10)),
                ('step_sales', models.PositiveIntegerField(null=True)),
                ('rate_percent', models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ('rate_flat_minor', models.PositiveIntegerField(null=True, verbose_name='flat rate')),
                ('terms_version', models.CharField(max_length=20)),
                ('decided_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attributions', to='affiliates.affiliate')),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='attribution', to='shop.order')),
                ('click', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='attributions', related_query_name='attribution', to='affiliates.click')),
            ],
        ),
        migrations.CreateModel(
            name='UncountedSale',
            fields=[
                ('commission', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='uncounted', serialize=False, to='affiliates.commission')),
                ('was_seen', models.BooleanField(default=False)),
            ],
        ),
        migrations.AddField(
            model_name='commission',
            name='attribution',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='commission', to='affiliates.attribution'),
        ),
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(editable=False, max_length=12, unique=True)),
                ('kind', models.CharField(choices=[('bonus', 'bonus'), ('correction', 'correction'), ('sale', 'sale outside the shop'), ('reversal', 'reversal of a sale outside the shop')], max_length=10)),
                ('state', models.CharField(choices=[('prepared', 'waiting for a second person'), ('booked', 'booked'), ('declined', 'declined')], default='prepared', max_length=10)),
                ('amount_minor', models.IntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3)),
                ('reason', privacy.encryption.fields.SealedTextField(blank=True, max_length=300, null=True)),
                ('base_minor', models.PositiveIntegerField(null=True, verbose_name='base')),
                ('step_sales', models.PositiveIntegerField(null=True)),
                ('rate_percent', models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ('rate_flat_minor', models.PositiveIntegerField(null=True, verbose_name='flat rate')),
                ('sold_on', models.DateField(null=True)),
                ('reference', privacy.encryption.fields.SealedTextField(blank=True, max_length=64, null=True, verbose_name='number in the bookkeeping')),
                ('reference_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='code_fingerprint', null=True, source='reference')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_alone', models.BooleanField(default=False, verbose_name='booked by the person who prepared it, as the only one who may')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('prepared_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('product', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shop.product')),
                ('reverses', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='affiliates.adjustment')),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='affiliates.affiliate')),
                ('commission', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='affiliates.commission')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='CommissionDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('by', models.CharField(blank=True, max_length=20)),
                ('key', models.CharField(blank=True, max_length=120)),
                ('orders', models.PositiveIntegerField(default=0)),
                ('sales_minor', models.BigIntegerField(default=0)),
                ('earned_minor', models.BigIntegerField(default=0)),
                ('reversed_minor', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('by', 'day', 'currency', 'key'), name='one_commission_sum_per_day_and_key')],
            },
        ),
        migrations.CreateModel(
            name='Creative',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('image', models.ImageField(blank=True, height_field='height', help_text='PNG, JPEG, GIF or WebP. Leave it empty for a text.', upload_to='', validators=[django.core.validators.FileExtensionValidator(['png', 'jpg', 'jpeg', 'gif', 'webp'])], width_field='width')),
                ('width', models.PositiveIntegerField(editable=False, null=True)),
                ('height', models.PositiveIntegerField(editable=False, null=True)),
                ('words', models.CharField(help_text="The image's alternative text, the text of the link, or the email's subject.", max_length=200)),
                ('body', models.TextField(blank=True, help_text="Such as an email. Write {link} where the affiliate's link belongs.", max_length=4000, verbose_name='text to paste')),
                ('landing', models.CharField(default='/', help_text='The path of a page, such as /products/bps-pro/.', max_length=200, verbose_name='links to')),
                ('is_offered', models.BooleanField(default=True, help_text='A banner that is no longer offered still shows on sites that use it.', verbose_name='offered')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest comes first.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['position', 'name'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('image', ''), ('width__isnull', True)), models.Q(models.Q(('image', ''), _negated=True), ('height__isnull', False), ('width__isnull', False)), _connector='OR'), name='creative_dimensions_required')],
            },
        ),
        migrations.CreateModel(
            name='DailyClicks',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clicks', models.PositiveIntegerField(default=0)),
                ('unstored_clicks', models.PositiveIntegerField(default=0, verbose_name='clicks without a row')),
                ('bots', models.PositiveIntegerField(default=0)),
                ('previews', models.PositiveIntegerField(default=0, verbose_name='previews and prefetches')),
                ('refused', models.PositiveIntegerField(default=0, verbose_name='visits that refused tracking')),
                ('day', models.DateField()),
                ('by', models.CharField(choices=[('all', 'total'), ('campaign', 'campaign'), ('landing', 'page')], default='all', max_length=10)),
                ('label', models.CharField(blank=True, max_length=300)),
                ('affiliate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='daily_clicks', to='affiliates.affiliate')),
            ],
            options={
                'verbose_name_plural': 'daily clicks',
                'ordering': ['day'],
            },
        ),
        migrations.CreateModel(
            name='DailySales',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('orders', models.PositiveIntegerField(default=0)),
                ('sales_minor', models.BigIntegerField(default=0)),
                ('earned_minor', models.BigIntegerField(default=0)),
                ('reversed_minor', models.BigIntegerField(default=0)),
                ('affiliate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='daily_sales', to='affiliates.affiliate')),
            ],
            options={
                'verbose_name_plural': 'daily sales',
                'ordering': ['day'],
            },
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('url', privacy.encryption.fields.SealedTextField(max_length=500, verbose_name='address')),
                ('secret', privacy.encryption.fields.SealedTextField(max_length=100)),
                ('previous_secret', privacy.encryption.fields.SealedTextField(max_length=100, null=True)),
                ('previous_until', models.DateTimeField(null=True)),
                ('kinds', models.CharField(max_length=300)),
                ('state', models.CharField(choices=[('active', 'active'), ('paused', 'paused'), ('disabled', 'disabled after failures')], default='active', max_length=10)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('failing_since', models.DateTimeField(null=True)),
                ('quiet_until', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='endpoints', to='affiliates.affiliate')),
            ],
            options={
                'verbose_name': 'webhook endpoint',
                'ordering': ['created_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='EndpointDelivery',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('event_id', models.UUIDField(default=uuid.uuid4)),
                ('kind', models.CharField(choices=[('commission.created', 'Commission created'), ('commission.approved', 'Commission approved'), ('commission.rejected', 'Commission rejected'), ('commission.reversed', 'Commission reversed, in full or in part'), ('commission.restored', 'Commission restored after a reverted refund'), ('payout.sent', 'Payout sent to PayPal'), ('payout.paid', 'Payout paid'), ('payout.failed', 'Payout failed or returned'), ('endpoint.test', 'Test')], max_length=30)),
                ('body', privacy.encryption.fields.SealedTextField()),
                ('day', models.DateField()),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('sending', 'being sent'), ('delivered', 'delivered'), ('dead', 'failed')], default='waiting', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='affiliates.endpoint')),
            ],
            options={
                'ordering': ['-day', '-event_id'],
            },
        ),
        migrations.CreateModel(
            name='EndpointAttempt',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('started_at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('accepted', 'accepted'), ('refused', 'another status code than 2xx; redirects are not followed'), ('not_public', "no public address was found for the server's name"), ('certificate', "no valid certificate for the server's name"), ('timed_out', 'no answer in time'), ('no_answer', 'the connection failed, or the answer was not HTTP')], max_length=12)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('milliseconds', models.PositiveIntegerField()),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='affiliates.endpointdelivery')),
            ],
            options={
                'ordering': ['started_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Flag',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('same_account', 'the buyer was signed in as the affiliate'), ('same_email', "the buyer's email address is the affiliate's"), ('same_payout', "the buyer's email address is the affiliate's PayPal address"), ('same_payer', "the order was paid from the affiliate's PayPal account"), ('same_address', "several buyers' clicks and orders came from one network address"), ('refund_rate', "the affiliate's refund rate is unusually high"), ('dispute', 'the buyer disputes the payment at PayPal'), ('refund', 'the buyer requested a refund'), ('by_staff', 'a member of staff wants to review it')], max_length=12)),
                ('dispute_id', models.CharField(blank=True, max_length=36, verbose_name='row of the dispute')),
                ('state', models.CharField(choices=[('open', 'to be decided'), ('cleared', 'cleared'), ('confirmed', 'confirmed')], default='open', max_length=10)),
                ('reason', privacy.encryption.fields.SealedTextField(blank=True, max_length=300, null=True)),
                ('raised_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('decided_at', models.DateTimeField(null=True)),
                ('attribution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='affiliates.attribution')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-raised_at'],
            },
        ),
        migrations.CreateModel(
            name='HourlyClicks',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('hour', models.DateTimeField(db_index=True)),
                ('clicks', models.PositiveIntegerField(default=0)),
                ('affiliate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='hourly_clicks', to='affiliates.affiliate')),
            ],
            options={
                'verbose_name_plural': 'hourly clicks',
                'ordering': ['hour'],
            },
        ),
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('name', privacy.encryption.fields.SealedTextField(max_length=32)),
                ('name_index', privacy.encryption.blind_index.BlindIndexField(db_index=False, normalize='exact', source='name')),
                ('page', models.CharField(default='/', max_length=200)),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('archived_at', models.DateTimeField(null=True)),
                ('affiliate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='labels', to='affiliates.affiliate')),
            ],
        ),
        migrations.AddField(
            model_name='click',
            name='label',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='affiliates.label'),
        ),
        migrations.CreateModel(
            name='LabelSales',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('orders', models.PositiveIntegerField(default=0)),
                ('sales_minor', models.BigIntegerField(default=0)),
                ('earned_minor', models.BigIntegerField(default=0)),
                ('label', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sales', to='affiliates.label')),
            ],
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('commission', 'commission'), ('reversal', 'reversal after a refund'), ('payout', 'payout'), ('return', 'returned payout'), ('adjustment', 'adjustment'), ('restored', 'restored after a reverted refund'), ('opening', 'opening balance')], max_length=10)),
                ('amount_minor', models.IntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3)),
                ('reason', privacy.encryption.fields.SealedTextField(blank=True, max_length=300, null=True)),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('adjustment', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entry', to='affiliates.adjustment')),
                ('affiliate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='affiliates.affiliate')),
                ('commission', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='affiliates.commission')),
                ('refund', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shop.refund')),
            ],
            options={
                'verbose_name': 'ledger entry',
                'verbose_name_plural': 'ledger',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='LegalDetails',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('name', privacy.encryption.fields.SealedTextField(max_length=200, verbose_name='legal name')),
                ('address', privacy.encryption.fields.SealedTextField(max_length=500, verbose_name='postal address')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='last changed')),
                ('affiliate', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='legal_details', to='affiliates.affiliate')),
            ],
            options={
                'verbose_name': 'legal details',
                'verbose_name_plural': 'legal details',
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='MovedAffiliate',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(choices=[('affiliatewp', 'AffiliateWP'), ('slicewp', 'SliceWP'), ('rewardful', 'Rewardful'), ('firstpromoter', 'FirstPromoter'), ('csv', 'our former program')], max_length=15)),
                ('source_id', privacy.encryption.fingerprints.FingerprintField(of='code')),
                ('source_id_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='code_fingerprint', source='source_id')),
                ('moved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('notice', models.CharField(choices=[('waiting', 'to be told'), ('mailed', 'email on its way'), ('unreachable', "can't be told by email"), ('told', 'told')], db_index=True, default='waiting', max_length=12)),
                ('mail_id', models.UUIDField(editable=False, null=True)),
                ('affiliate', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='moved_from', to='affiliates.affiliate')),
            ],
        ),
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('text', privacy.encryption.fields.SealedTextField(max_length=4000, null=True)),
                ('answer', privacy.encryption.fields.SealedTextField(max_length=4000, null=True)),
                ('state', models.CharField(choices=[('open', 'waiting for an answer'), ('upheld', 'upheld'), ('declined', 'declined')], default='open', max_length=10)),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('commission', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='objections', to='affiliates.commission')),
            ],
            options={
                'verbose_name': 'objection',
                'ordering': ['-opened_at'],
            },
        ),
        migrations.CreateModel(
            name='OldLink',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('parameter', models.CharField(choices=[('ref', '?ref='), ('aff', '?aff='), ('via', '?via='), ('fpr', '?fpr='), ('affiliate', '?affiliate='), ('referral', '?referral='), ('partner', '?partner=')], max_length=10)),
                ('value', privacy.encryption.fingerprints.FingerprintField(of='code')),
                ('value_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='code_fingerprint', source='value')),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='old_links', to='affiliates.affiliate')),
            ],
        ),
        migrations.CreateModel(
            name='PayoutEmailChange',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('email', privacy.encryption.fields.SealedEmailField(max_length=254, null=True, verbose_name='PayPal address')),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', null=True, source='email')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('done', 'in use'), ('stopped', 'stopped by you'), ('withdrawn', 'withdrawn'), ('replaced', 'replaced')], default='waiting', max_length=10)),
                ('stop_digest', models.CharField(max_length=64, null=True, unique=True)),
                ('asked_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('takes_effect_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='payout_email_changes', to='affiliates.affiliate')),
            ],
            options={
                'ordering': ['-asked_at'],
            },
        ),
        migrations.CreateModel(
            name='PayoutItem',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('amount_minor', models.PositiveIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3)),
                ('receiver', privacy.encryption.fields.SealedEmailField(max_length=254, null=True)),
                ('state', models.CharField(choices=[('queued', 'waiting'), ('sent', 'on its way'), ('paid', 'paid'), ('unclaimed', 'unclaimed'), ('held', 'held by PayPal'), ('failed', 'failed'), ('returned', 'returned'), ('blocked', 'blocked'), ('reversed', 'reversed'), ('cancelled', 'not sent; due again')], default='queued', max_length=10)),
                ('paypal_item_id', models.CharField(max_length=64, null=True, unique=True, verbose_name='PayPal item')),
                ('error', models.CharField(blank=True, max_length=100)),
                ('reference', privacy.encryption.fields.SealedTextField(blank=True, max_length=64, null=True, verbose_name='reference of a manual payment')),
                ('reference_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='exact', null=True, source='reference')),
                ('failure', privacy.encryption.fields.SealedTextField(blank=True, max_length=100, null=True, verbose_name='why a manual payment failed')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('settled_at', models.DateTimeField(db_index=True, null=True)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payouts', to='affiliates.affiliate')),
            ],
            options={
                'verbose_name': 'payout',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='PayoutClaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='claim', to='affiliates.ledgerentry')),
                ('payout', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='affiliates.payoutitem')),
            ],
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='payout',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger', to='affiliates.payoutitem'),
        ),
        migrations.CreateModel(
            name='PayoutRun',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('prepared', 'waiting for approval'), ('approved', 'to be paid'), ('sent', 'sent to PayPal'), ('finished', 'finished'), ('denied', 'denied by PayPal'), ('cancelled', 'canceled')], default='prepared', max_length=10)),
                ('method', models.CharField(choices=[('paypal', 'PayPal Payouts'), ('csv', 'manual, from a CSV list')], default='paypal', max_length=10)),
                ('currency', models.CharField(max_length=3)),
                ('problem', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('approved_at', models.DateTimeField(null=True)),
                ('approved_alone', models.BooleanField(default=False, verbose_name='approved by the person who prepared it, as the only one who may')),
                ('sent_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('prepared_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'payout run',
                'ordering': ['-created_at'],
                'permissions': [('prepare_payout', 'Can prepare, cancel and settle payout runs'), ('approve_payout', 'Can approve payout runs')],
            },
        ),
        migrations.AddField(
            model_name='payoutitem',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='affiliates.payoutrun'),
        ),
        migrations.CreateModel(
            name='PayoutHead',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('published_at', models.DateTimeField()),
                ('currency', models.CharField(max_length=3)),
                ('seed', models.BinaryField()),
                ('lines', models.BinaryField()),
                ('marks', models.BinaryField()),
                ('lines_root', models.CharField(max_length=64)),
                ('marks_root', models.CharField(max_length=64)),
                ('previous', models.CharField(max_length=64, verbose_name='hash of the head before')),
                ('key_id', models.CharField(max_length=8)),
                ('signature', models.CharField(max_length=88)),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='head', to='affiliates.payoutrun')),
            ],
            options={
                'verbose_name': 'payout head',
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='PayPalBatch',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('waiting', 'to be sent'), ('sent', 'sent to PayPal'), ('ended', 'finished'), ('denied', 'denied by PayPal')], default='waiting', max_length=10)),
                ('paypal_batch_id', models.CharField(max_length=64, null=True, unique=True, verbose_name='PayPal batch')),
                ('problem', models.CharField(blank=True, max_length=200)),
                ('first_sent_at', models.DateTimeField(null=True)),
                ('asked_at', models.DateTimeField(null=True)),
                ('compared_at', models.DateTimeField(null=True)),
                ('difference', models.CharField(blank=True, max_length=300)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='affiliates.payoutrun')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='payoutitem',
            name='batch',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='affiliates.paypalbatch'),
        ),
        migrations.CreateModel(
            name='PendingVisitCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clicks', models.PositiveIntegerField(default=0)),
                ('unstored_clicks', models.PositiveIntegerField(default=0, verbose_name='clicks without a row')),
                ('bots', models.PositiveIntegerField(default=0)),
                ('previews', models.PositiveIntegerField(default=0, verbose_name='previews and prefetches')),
                ('refused', models.PositiveIntegerField(default=0, verbose_name='visits that refused tracking')),
                ('day', models.DateField()),
                ('landing_path', models.CharField(blank=True, max_length=300)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pending_visit_counts', to='affiliates.affiliate')),
                ('label', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='affiliates.label')),
            ],
            options={
                'verbose_name_plural': 'pending_visit_counts',
            },
        ),
        migrations.CreateModel(
            name='Rate',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('percent', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='percentage')),
                ('flat_minor', models.PositiveIntegerField(blank=True, null=True, verbose_name='flat amount')),
                ('currency', models.CharField(blank=True, max_length=3, verbose_name='currency of a flat amount')),
                ('step_period', models.CharField(blank=True, choices=[('month', 'month'), ('quarter', 'quarter'), ('year', 'year')], max_length=10, verbose_name='sales count per')),
                ('starts_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('affiliate', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='affiliates.affiliate')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('discount', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='shop.discountcode')),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='affiliates.affiliategroup')),
                ('product', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shop.product')),
            ],
            options={
                'ordering': ['-starts_at'],
            },
        ),
        migrations.AddField(
            model_name='attribution',
            name='rate',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attributions', to='affiliates.rate'),
        ),
        migrations.AddField(
            model_name='adjustment',
            name='rate',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='affiliates.rate'),
        ),
        migrations.CreateModel(
            name='RateNotice',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('change', models.CharField(choices=[('start', 'starts'), ('end', 'ends'), ('canceled', 'ended before it started')], max_length=10)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rate_notices', to='affiliates.affiliate')),
                ('rate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='affiliates.rate')),
            ],
        ),
        migrations.CreateModel(
            name='RateStep',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('from_sales', models.PositiveIntegerField(verbose_name='from sales')),
                ('percent', models.DecimalField(decimal_places=2, max_digits=5, null=True, verbose_name='percentage')),
                ('flat_minor', models.PositiveIntegerField(null=True, verbose_name='flat amount')),
                ('rate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='affiliates.rate')),
            ],
            options={
                'ordering': ['from_sales'],
            },
        ),
        migrations.AddField(
            model_name='attribution',
            name='step',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='affiliates.ratestep'),
        ),
        migrations.AddField(
            model_name='adjustment',
            name='step',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='affiliates.ratestep'),
        ),
        migrations.CreateModel(
            name='TermsVersion',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField(editable=False)),
                ('text', privacy.web.markdown.MarkdownField(help_text='Markdown: an empty line between paragraphs, # in front of a heading.', max_length=50000)),
                ('changes', models.TextField(blank=True, help_text='In two or three sentences. Readers see it first.', max_length=2000, verbose_name='what changes')),
                ('effective_from', models.DateTimeField(editable=False, null=True, verbose_name='effective from')),
                ('published_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'version of the affiliate terms',
                'verbose_name_plural': 'affiliate terms',
                'ordering': ['-number'],
                'permissions': [('publish_termsversion', 'Can publish versions of the terms')],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('effective_from__isnull', True), ('published_at__isnull', True)), models.Q(('effective_from__isnull', False), ('published_at__isnull', False)), _connector='OR'), name='affiliates_terms_publication_date_required'), models.UniqueConstraint(fields=('number',), name='terms_numbered_once')],
            },
        ),
        migrations.CreateModel(
            name='TermsAcceptance',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('accepted_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to='affiliates.affiliate')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to='affiliates.termsversion')),
            ],
            options={
                'ordering': ['accepted_at'],
            },
        ),
        migrations.CreateModel(
            name='AffiliateCode',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('code', privacy.encryption.fingerprints.FingerprintField(of='code')),
                ('code_index', privacy.encryption.blind_index.BlindIndexField(db_index=False, normalize='code_fingerprint', source='code', unique=True)),
                ('look', privacy.encryption.fingerprints.FingerprintField(of='code_look')),
                ('look_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='code_look_fingerprint', source='look')),
                ('is_chosen', models.BooleanField(default=False, verbose_name='chosen by the affiliate')),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
                ('affiliate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='affiliates.affiliate')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_chosen', True)), fields=('look_index',), name='chosen_codes_look_different')],
            },
        ),
        migrations.AddConstraint(
            model_name='affiliate',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Upper('code'), name='one_affiliate_per_code'),
        ),
        migrations.AddConstraint(
            model_name='announcementnotice',
            constraint=models.UniqueConstraint(fields=('affiliate', 'announcement'), name='announcement_mailed_once'),
        ),
        migrations.AddIndex(
            model_name='balancedelta',
            index=models.Index(fields=['affiliate', 'currency', 'bucket'], name='balance_deltas_of_affiliate'),
        ),
        migrations.AddIndex(
            model_name='commission',
            index=models.Index(fields=['state', 'hold_until'], name='commissions_by_state'),
        ),
        migrations.AddIndex(
            model_name='commission',
            index=models.Index(fields=['state', 'created_at'], name='commissions_listed_by_state'),
        ),
        migrations.AddIndex(
            model_name='commission',
            index=models.Index(fields=['approved_at'], name='commissions_by_approval'),
        ),
        migrations.AddConstraint(
            model_name='commission',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__lte', models.F('base_minor'))), name='commission_within_base'),
        ),
        migrations.AddConstraint(
            model_name='commission',
            constraint=models.CheckConstraint(condition=models.Q(('reversed_minor__lte', models.F('amount_minor'))), name='reversal_within_commission'),
        ),
        migrations.AddConstraint(
            model_name='commission',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('rate_flat_minor__isnull', True), ('rate_percent__isnull', False)), models.Q(('rate_flat_minor__isnull', False), ('rate_percent__isnull', True)), _connector='OR'), name='commission_percent_xor_flat'),
        ),
        migrations.AddConstraint(
            model_name='commission',
            constraint=models.CheckConstraint(condition=models.Q(('approved_at__isnull', True), ('state__in', ['approved', 'in_payout', 'paid']), _negated=True), name='credited_commission_approved'),
        ),
        migrations.AddConstraint(
            model_name='dailyclicks',
            constraint=models.UniqueConstraint(fields=('affiliate', 'by', 'day', 'label'), name='one_count_per_day_and_label'),
        ),
        migrations.AddConstraint(
            model_name='dailysales',
            constraint=models.UniqueConstraint(fields=('affiliate', 'day', 'currency'), name='one_sales_total_per_day'),
        ),
        migrations.AddConstraint(
            model_name='endpoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('previous_secret__isnull', True), ('previous_until__isnull', True)), models.Q(('previous_secret__isnull', False), ('previous_until__isnull', False)), _connector='OR'), name='previous_secret_has_an_end'),
        ),
        migrations.AddIndex(
            model_name='endpointdelivery',
            index=models.Index(fields=['state', 'due_at'], name='endpoint_deliveries_due'),
        ),
        migrations.AddIndex(
            model_name='endpointdelivery',
            index=models.Index(fields=['endpoint', '-day', '-event_id'], name='deliveries_of_endpoint'),
        ),
        migrations.AddConstraint(
            model_name='endpointdelivery',
            constraint=models.UniqueConstraint(fields=('endpoint', 'event_id'), name='one_delivery_per_endpoint_and_event'),
        ),
        migrations.AddConstraint(
            model_name='endpointattempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome__in', ['accepted', 'refused']), ('status__isnull', False)), models.Q(models.Q(('outcome__in', ['accepted', 'refused']), _negated=True), ('status__isnull', True)), _connector='OR'), name='answered_attempt_has_its_status'),
        ),
        migrations.AddIndex(
            model_name='flag',
            index=models.Index(fields=['state', 'raised_at'], name='flags_by_state'),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('attribution', 'kind', 'dispute_id'), name='one_open_flag_per_kind'),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'open')), models.Q(('decided_at__isnull', False), ('state__in', ['cleared', 'confirmed'])), _connector='OR'), name='flag_decision_date_required'),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'dispute'), ('dispute_id', ''), _connector='OR'), name='flag_dispute_id_only_for_disputes'),
        ),
        migrations.AddConstraint(
            model_name='hourlyclicks',
            constraint=models.UniqueConstraint(fields=('affiliate', 'hour'), name='one_count_per_hour'),
        ),
        migrations.AddConstraint(
            model_name='label',
            constraint=models.UniqueConstraint(fields=('affiliate', 'name_index'), name='label_unique_per_affiliate'),
        ),
        migrations.AddIndex(
            model_name='click',
            index=models.Index(condition=models.Q(('counted', False)), fields=['affiliate'], name='clicks_to_count'),
        ),
        migrations.AddConstraint(
            model_name='labelsales',
            constraint=models.UniqueConstraint(fields=('label', 'currency'), name='label_sales_per_currency'),
        ),
        migrations.AddConstraint(
            model_name='movedaffiliate',
            constraint=models.UniqueConstraint(fields=('source', 'source_id_index'), name='moved_in_once'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('commission',), name='one_open_objection_per_commission'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='objection_answer_date_required'),
        ),
        migrations.AddConstraint(
            model_name='oldlink',
            constraint=models.UniqueConstraint(fields=('parameter', 'value_index'), name='one_affiliate_per_old_link'),
        ),
        migrations.AddConstraint(
            model_name='payoutemailchange',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('affiliate',), name='one_pending_payout_email_per_affiliate'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['affiliate', 'created_at'], name='ledger_of_affiliate'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['kind', 'created_at'], name='ledger_by_kind'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'commission')), fields=('commission',), name='commission_credited_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'reversal')), fields=('refund',), name='refund_reversed_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'restored')), fields=('refund',), name='refund_restored_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'opening')), fields=('affiliate', 'currency'), name='ledger_opened_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(condition=models.Q(('payout__isnull', False)), fields=('payout', 'kind'), name='payout_booked_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_minor__gt', 0), ('kind__in', ['commission', 'restored', 'return', 'opening'])), models.Q(('amount_minor__lt', 0), ('kind__in', ['reversal', 'payout'])), models.Q(('kind', 'adjustment'), models.Q(('amount_minor', 0), _negated=True)), _connector='OR'), name='ledger_entry_sign_by_kind'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('commission__isnull', False), ('kind', 'commission'), ('payout__isnull', True), ('reason__isnull', True), ('refund__isnull', True)), models.Q(('commission__isnull', False), ('kind__in', ['reversal', 'restored']), ('payout__isnull', True), ('reason__isnull', True), ('refund__isnull', False)), models.Q(('commission__isnull', True), ('kind__in', ['payout', 'return']), ('payout__isnull', False), ('reason__isnull', True), ('refund__isnull', True)), models.Q(('kind', 'adjustment'), ('payout__isnull', True), ('refund__isnull', True)), models.Q(('commission__isnull', True), ('kind', 'opening'), ('payout__isnull', True), ('refund__isnull', True)), _connector='OR'), name='ledger_entry_shape_by_kind'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'adjustment'), ('adjustment__isnull', True), _connector='OR'), name='adjustment_of_its_kind_of_entry'),
        ),
        migrations.AddConstraint(
            model_name='payoutrun',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['prepared', 'cancelled']), ('approved_at__isnull', False), _connector='OR'), name='payout_run_approval_required'),
        ),
        migrations.AddConstraint(
            model_name='payoutrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('prepared_by', models.F('approved_by')), _negated=True), ('approved_alone', True), _connector='OR'), name='payout_approved_by_a_second_person'),
        ),
        migrations.AddIndex(
            model_name='payoutitem',
            index=models.Index(fields=['state', 'created_at'], name='payouts_by_state'),
        ),
        migrations.AddConstraint(
            model_name='payoutitem',
            constraint=models.UniqueConstraint(fields=('run', 'affiliate'), name='one_payout_per_run'),
        ),
        migrations.AddConstraint(
            model_name='payoutitem',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='payout_above_zero'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('flat_minor__isnull', True), ('percent__isnull', False), ('percent__range', (0, 100))), models.Q(('flat_minor__isnull', False), ('percent__isnull', True)), _connector='OR'), name='rate_is_percent_or_flat'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('currency', ''), ('flat_minor__isnull', True)), models.Q(('flat_minor__isnull', False), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='flat_rate_currency_required'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gte', models.F('starts_at')), _connector='OR'), name='rate_end_after_start'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.CheckConstraint(condition=models.Q(('affiliate__isnull', True), ('group__isnull', True), _connector='OR'), name='rate_of_an_affiliate_or_a_group'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('affiliate', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), django.db.models.functions.comparison.Coalesce('group', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), django.db.models.functions.comparison.Coalesce('product', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), django.db.models.functions.comparison.Coalesce('discount', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), condition=models.Q(('ends_at__isnull', True)), name='one_open_rate_per_target'),
        ),
        migrations.AddConstraint(
            model_name='rate',
            constraint=models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('affiliate', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), django.db.models.functions.comparison.Coalesce('group', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), django.db.models.functions.comparison.Coalesce('product', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), django.db.models.functions.comparison.Coalesce('discount', models.Value(uuid.UUID('00000000-0000-0000-0000-000000000000'), output_field=models.UUIDField())), models.F('starts_at'), condition=models.Q(('ends_at', models.F('starts_at')), _negated=True), name='one_rate_per_start'),
        ),
        migrations.AddConstraint(
            model_name='ratenotice',
            constraint=models.UniqueConstraint(fields=('affiliate', 'rate', 'change'), name='rate_change_announced_once'),
        ),
        migrations.AddConstraint(
            model_name='ratestep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('flat_minor__isnull', True), ('percent__isnull', False), ('percent__range', (0, 100))), models.Q(('flat_minor__isnull', False), ('percent__isnull', True)), _connector='OR'), name='step_is_percent_or_flat'),
        ),
        migrations.AddConstraint(
            model_name='ratestep',
            constraint=models.CheckConstraint(condition=models.Q(('from_sales__gte', 1)), name='step_needs_a_sale'),
        ),
        migrations.AddConstraint(
            model_name='ratestep',
            constraint=models.UniqueConstraint(fields=('rate', 'from_sales'), name='one_step_per_number_of_sales'),
        ),
        migrations.AddIndex(
            model_name='attribution',
            index=models.Index(fields=['affiliate', 'decided_at'], name='attributions_of_affiliate'),
        ),
        migrations.AddConstraint(
            model_name='attribution',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('rate_flat_minor__isnull', True), ('rate_percent__isnull', False)), models.Q(('rate_flat_minor__isnull', False), ('rate_percent__isnull', True)), _connector='OR'), name='attribution_percent_xor_flat'),
        ),
        migrations.AddIndex(
            model_name='adjustment',
            index=models.Index(fields=['affiliate', 'kind', 'decided_at'], name='adjustments_of_affiliate'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_minor__gt', 0), ('base_minor__isnull', True), ('commission__isnull', True), ('kind', 'bonus'), ('reverses__isnull', True)), models.Q(('base_minor__isnull', True), ('kind', 'correction'), ('reverses__isnull', True), models.Q(('amount_minor', 0), _negated=True)), models.Q(('amount_minor__gte', 0), ('base_minor__gt', 0), ('commission__isnull', True), ('kind', 'sale'), ('product__isnull', False), ('reverses__isnull', True), ('sold_on__isnull', False), models.Q(models.Q(('rate_flat_minor__isnull', True), ('rate_percent__isnull', False)), models.Q(('rate_flat_minor__isnull', False), ('rate_percent__isnull', True)), _connector='OR')), models.Q(('amount_minor__lte', 0), ('base_minor__gt', 0), ('commission__isnull', True), ('kind', 'reversal'), ('reverses__isnull', False)), _connector='OR'), name='adjustment_shape_by_kind'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('prepared_by', models.F('decided_by')), _negated=True), ('decided_alone', True), ('state', 'declined'), _connector='OR'), name='adjustment_booked_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'prepared')), models.Q(('decided_at__isnull', False), ('state__in', ['booked', 'declined'])), _connector='OR'), name='adjustment_decision_date_required'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'declined'), _negated=True), fields=('reference_index',), name='one_adjustment_per_sale'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'prepared')), fields=('reverses',), name='one_waiting_reversal_per_sale'),
        ),
        migrations.AddConstraint(
            model_name='termsacceptance',
            constraint=models.UniqueConstraint(fields=('affiliate', 'version'), name='terms_version_accepted_once'),
        ),
    ]
