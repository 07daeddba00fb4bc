import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fields
import privacy.encryption.tokens
import privacy.web.markdown
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CountedDownload',
            fields=[
                ('link_digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('expires_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(max_length=20, unique=True)),
                ('product_name', models.CharField(max_length=120)),
                ('amount_minor', models.PositiveIntegerField(verbose_name='amount')),
                ('discount_minor', models.PositiveIntegerField(default=0, verbose_name='discount')),
                ('discount_codes', models.CharField(blank=True, max_length=120)),
                ('currency', models.CharField(max_length=3)),
                ('tax_name', models.CharField(blank=True, max_length=20)),
                ('tax_percent', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=5)),
                ('name', privacy.encryption.fields.SealedTextField(max_length=150, null=True)),
                ('email', privacy.encryption.fields.SealedEmailField(max_length=254, null=True, verbose_name='email address')),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', null=True, source='email')),
                ('phone', privacy.encryption.fields.SealedTextField(blank=True, max_length=40, null=True, verbose_name='phone number')),
                ('phone_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='phone', null=True, source='phone')),
                ('address', privacy.encryption.fields.SealedTextField(blank=True, max_length=400, null=True, verbose_name='postal address')),
                ('company', privacy.encryption.fields.SealedTextField(blank=True, max_length=400, null=True)),
                ('vat_id', privacy.encryption.fields.SealedTextField(blank=True, max_length=30, null=True, verbose_name='VAT ID')),
                ('state', models.CharField(choices=[('planned', 'not due yet'), ('open', 'waiting for payment'), ('pending', 'payment pending'), ('paid', 'paid'), ('part_refunded', 'partially refunded'), ('refunded', 'refunded')], default='open', max_length=15)),
                ('placed_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('paid_at', models.DateTimeField(blank=True, null=True)),
                ('refund_days', models.PositiveSmallIntegerField(editable=False)),
                ('downloads', models.PositiveSmallIntegerField(default=0, verbose_name='downloads so far')),
                ('delivery_ended', models.BooleanField(default=False, editable=False)),
                ('delivery_kept', models.BooleanField(editable=False, null=True)),
                ('release_notices_after', models.DateTimeField(blank=True, editable=False, null=True)),
                ('buyer_changed_at', models.DateTimeField(editable=False, null=True)),
                ('former_shop', privacy.encryption.fields.SealedTextField(editable=False, max_length=60, null=True)),
                ('move_notice_due', models.BooleanField(default=False, editable=False)),
                ('checkout_digest', models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ('link_token', privacy.encryption.tokens.SealedTokenField(editable=False)),
                ('link_index', privacy.encryption.blind_index.BlindIndexField(db_index=False, normalize='exact', source='link_token', unique=True)),
            ],
            options={
                'ordering': ['-placed_at'],
                'permissions': [('reset_downloads', 'Can reset download limits'), ('correct_order', 'Can correct the email address of orders and send receipts again')],
            },
        ),
        migrations.CreateModel(
            name='OrderLinksRequest',
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
            name='Payment',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('attempt', models.PositiveSmallIntegerField(default=1)),
                ('approval', models.PositiveSmallIntegerField(default=1)),
                ('state', models.CharField(choices=[('new', 'not sent to PayPal'), ('created', 'waiting for the buyer'), ('capturing', 'capturing'), ('pending', 'pending at PayPal'), ('paid', 'paid'), ('declined', 'declined'), ('expired', 'expired'), ('part_refunded', 'partially refunded'), ('refunded', 'refunded')], default='new', max_length=15)),
                ('amount_minor', models.PositiveIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3)),
                ('paypal_order_id', models.CharField(max_length=64, null=True, unique=True, verbose_name='PayPal order')),
                ('approve_url', models.CharField(blank=True, max_length=500)),
                ('capture_id', models.CharField(max_length=64, null=True, unique=True, verbose_name='PayPal capture')),
                ('refunded_minor', models.PositiveIntegerField(default=0, verbose_name='refunded')),
                ('is_disputed', models.BooleanField(default=False, verbose_name='disputed')),
                ('problem', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('changed_at', models.DateTimeField(auto_now=True, db_index=True)),
                ('asked_at', models.DateTimeField(editable=False, null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='shop.order')),
            ],
            options={
                'ordering': ['-created_at'],
                'permissions': [('refund_payment', 'Can refund payments'), ('reconcile_payment', 'Can compare payments with PayPal and dismiss webhook events')],
            },
        ),
        migrations.CreateModel(
            name='DiscountCode',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(help_text="Buyers read it on receipts, and it stays there: don't use anyone's full name.", max_length=32, unique=True, validators=[django.core.validators.RegexValidator('\\A(?=.*[A-Z0-9])[A-Z0-9_-]{2,32}\\Z', 'Two to 32 letters, digits, hyphens or underscores, with at least one letter or digit.')])),
                ('percent', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='percentage off')),
                ('adds_up', models.BooleanField(default=False, help_text='With other codes that do, too. Otherwise the one code that saves the buyer most is applied.', verbose_name='adds up')),
                ('starts_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('max_uses', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1, 'Enter at least 1. To end a code, enter the time under “until”.')], verbose_name='orders at most')),
                ('max_uses_per_buyer', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1, 'Enter at least 1. To end a code, enter the time under “until”.')], verbose_name='orders per buyer at most')),
                ('places_taken', models.PositiveIntegerField(default=0, editable=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['-created_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('percent__isnull', True), models.Q(('percent__gt', 0), ('percent__lte', 100)), _connector='OR'), name='discount_percent_in_range', violation_error_message='A percentage must be above 0, and at most 100.'), models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='discount_ends_after_start', violation_error_message='A code must end after it starts.')],
            },
        ),
        migrations.CreateModel(
            name='OrderNote',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('text', privacy.encryption.fields.SealedTextField(max_length=2000, verbose_name='note')),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='shop.order')),
                ('written_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-written_at'],
            },
        ),
        migrations.CreateModel(
            name='PayPalSnapshot',
            fields=[
                ('payment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='snapshot', serialize=False, to='shop.payment')),
                ('currency', models.CharField(max_length=3)),
                ('captured_minor', models.PositiveBigIntegerField(verbose_name='captured')),
                ('returned_minor', models.PositiveBigIntegerField(verbose_name='returned')),
                ('status', models.CharField(max_length=30)),
                ('checked_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='ExtraCapture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('capture_id', models.CharField(max_length=64, unique=True, verbose_name='PayPal capture')),
                ('amount_minor', models.PositiveBigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3)),
                ('found_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('refunded_at', models.DateTimeField(null=True)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='extra_captures', to='shop.payment')),
            ],
            options={
                'ordering': ['found_at'],
            },
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('paypal_id', models.CharField(max_length=64, unique=True, verbose_name='PayPal dispute')),
                ('state', models.CharField(choices=[('OPEN', 'open'), ('WAITING_FOR_BUYER_RESPONSE', 'waiting for the buyer'), ('WAITING_FOR_SELLER_RESPONSE', 'waiting for our response'), ('UNDER_REVIEW', 'under review'), ('OTHER', 'open'), ('RESOLVED', 'closed')], max_length=30)),
                ('reason', models.CharField(blank=True, max_length=80)),
                ('outcome', models.CharField(blank=True, choices=[('RESOLVED_BUYER_FAVOUR', 'won by the buyer'), ('RESOLVED_SELLER_FAVOUR', 'won by us'), ('RESOLVED_WITH_PAYOUT', 'paid by PayPal'), ('CANCELED_BY_BUYER', 'withdrawn by the buyer'), ('ACCEPTED', 'accepted by PayPal'), ('DENIED', 'denied by PayPal'), ('NONE', 'closed without a decision')], max_length=30)),
                ('amount_minor', models.PositiveIntegerField(verbose_name='disputed')),
                ('currency', models.CharField(max_length=3)),
                ('opened_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField(verbose_name='changed at PayPal')),
                ('respond_by', models.DateTimeField(null=True, verbose_name='response due')),
                ('closed_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('checked_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='shop.payment')),
            ],
            options={
                'ordering': ['-opened_at'],
            },
        ),
        migrations.CreateModel(
            name='PayPalEvent',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('event_id', models.CharField(max_length=255, unique=True)),
                ('event_type', models.CharField(max_length=255)),
                ('resource_id', models.CharField(blank=True, max_length=128)),
                ('order_id', models.CharField(blank=True, max_length=128, verbose_name='PayPal order')),
                ('capture_id', models.CharField(blank=True, max_length=128, verbose_name='PayPal capture')),
                ('payload', privacy.encryption.fields.SealedTextField(editable=False, null=True)),
                ('received_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('handled_at', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(verbose_name='next attempt')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='events', to='shop.payment')),
            ],
            options={
                'verbose_name': 'PayPal webhook event',
                'verbose_name_plural': 'PayPal webhook events',
                'ordering': ['-received_at'],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=120)),
                ('headline', models.CharField(blank=True, help_text='What it does for the buyer, in one line above the summary.', max_length=120)),
                ('summary', models.CharField(help_text='One or two sentences. Search engines show them too.', max_length=300)),
                ('description', privacy.web.markdown.MarkdownField(blank=True, max_length=20000)),
                ('requirements', privacy.web.markdown.MarkdownField(blank=True, max_length=5000)),
                ('sites_per_license', models.CharField(blank=True, help_text='For example: 3 sites of one owner.', max_length=120)),
                ('updates_and_support', privacy.web.markdown.MarkdownField(blank=True, max_length=5000, verbose_name='updates and support')),
                ('fulfillment', privacy.web.markdown.MarkdownField(blank=True, help_text="How the buyer gets what isn't downloaded, such as a service. Shown before and after the purchase.", max_length=3000, verbose_name='after the payment')),
                ('install_steps', privacy.web.markdown.MarkdownField(blank=True, help_text='Buyers read it on their order page.', verbose_name='installation steps')),
                ('documentation_url', models.URLField(blank=True, verbose_name='documentation')),
                ('price_minor', models.PositiveIntegerField(blank=True, null=True, verbose_name='price')),
                ('currency', models.CharField(choices=[('AUD', 'AUD'), ('BRL', 'BRL'), ('CAD', 'CAD'), ('CHF', 'CHF'), ('CNY', 'CNY'), ('CZK', 'CZK'), ('DKK', 'DKK'), ('EUR', 'EUR'), ('GBP', 'GBP'), ('HKD', 'HKD'), ('HUF', 'HUF'), ('ILS', 'ILS'), ('JPY', 'JPY'), ('MXN', 'MXN'), ('MYR', 'MYR'), ('NOK', 'NOK'), ('NZD', 'NZD'), ('PHP', 'PHP'), ('PLN', 'PLN'), ('SEK', 'SEK'), ('SGD', 'SGD'), ('THB', 'THB'), ('TWD', 'TWD'), ('USD', 'USD')], max_length=3)),
                ('is_active', models.BooleanField(default=True, verbose_name='on sale')),
                ('issues_license', models.BooleanField(default=True, verbose_name='comes with a license key')),
                ('asks_phone', models.BooleanField(default=False, help_text="Only if the order can't be fulfilled without it.", verbose_name='asks for a phone number')),
                ('asks_address', models.BooleanField(default=False, help_text='Only if something is delivered there.', verbose_name='asks for a postal address')),
                ('is_service', models.BooleanField(default=False, editable=False, verbose_name='sold by quotes')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest comes first in the catalog.')),
            ],
            options={
                'ordering': ['position', 'name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('price_minor__gt', 0)), name='price_above_zero'), models.CheckConstraint(condition=models.Q(('is_service', False), models.Q(('is_active', False), ('issues_license', False), ('price_minor__isnull', True)), _connector='OR'), name='services_are_not_in_the_shop', violation_error_message="Services are sold by quotes: they have no price and no license, and aren't on sale in the shop."), models.UniqueConstraint(condition=models.Q(('is_service', True)), fields=('is_service',), name='one_product_stands_for_services')],
            },
        ),
        migrations.AddField(
            model_name='order',
            name='product',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='shop.product'),
        ),
        migrations.CreateModel(
            name='DiscountProduct',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('discount', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='products', to='shop.discountcode')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shop.product')),
            ],
        ),
        migrations.CreateModel(
            name='ProductFeature',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest comes first.')),
                ('heading', models.CharField(max_length=80)),
                ('text', privacy.web.markdown.MarkdownField(max_length=2000)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='features', to='shop.product')),
            ],
            options={
                'verbose_name': 'feature',
                'ordering': ['position', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ProductFile',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('version', models.CharField(max_length=30, validators=[django.core.validators.RegexValidator('\\A[0-9A-Za-z][0-9A-Za-z.+-]*\\Z')])),
                ('content', models.FileField(max_length=200, upload_to='', validators=[django.core.validators.FileExtensionValidator(['zip', 'pdf'])], verbose_name='file')),
                ('sha256', models.CharField(editable=False, max_length=64, verbose_name='SHA-256')),
                ('size_bytes', models.PositiveBigIntegerField(editable=False, verbose_name='size in bytes')),
                ('notes', privacy.web.markdown.MarkdownField(blank=True, max_length=5000, verbose_name='release notes')),
                ('released_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, help_text='Buyers can download it from this time; leave empty to withhold it.', null=True)),
                ('is_announced', models.BooleanField(default=True, help_text='They are told once, as soon as the release can be downloaded. Who has unsubscribed gets nothing.', verbose_name='tell buyers who asked')),
                ('announced_at', models.DateTimeField(editable=False, null=True)),
                ('uploaded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='shop.product')),
            ],
            options={
                'verbose_name': 'release',
                'ordering': ['-uploaded_at'],
            },
        ),
        migrations.CreateModel(
            name='ProductPicture',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest comes first.')),
                ('large', models.BinaryField()),
                ('small', models.BinaryField()),
                ('digest', models.CharField(db_index=True, editable=False, max_length=64)),
                ('width', models.PositiveSmallIntegerField(editable=False)),
                ('height', models.PositiveSmallIntegerField(editable=False)),
                ('alt', models.CharField(help_text="What it shows, for people who can't see it and for search engines.", max_length=300, verbose_name='description')),
                ('caption', models.CharField(blank=True, max_length=200)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pictures', to='shop.product')),
            ],
            options={
                'verbose_name': 'picture',
                'ordering': ['position', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ProductQuestion',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest comes first.')),
                ('question', models.CharField(max_length=200)),
                ('answer', privacy.web.markdown.MarkdownField(help_text='Markdown.', max_length=3000)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='shop.product')),
            ],
            options={
                'verbose_name': 'question',
                'ordering': ['position', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(choices=[('staff', 'refunded here'), ('paypal', 'refunded at PayPal'), ('chargeback', 'reversed by PayPal or the bank')], default='staff', max_length=10)),
                ('amount_minor', models.PositiveIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3)),
                ('state', models.CharField(choices=[('new', 'not sent to PayPal'), ('pending', 'pending at PayPal'), ('completed', 'refunded'), ('failed', 'failed'), ('reverted', 'reverted')], default='new', max_length=10)),
                ('paypal_refund_id', models.CharField(max_length=64, null=True, unique=True, verbose_name='PayPal refund')),
                ('keeps_license', models.BooleanField(editable=False, null=True, verbose_name='license stays')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(editable=False, null=True)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='shop.payment')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='RefundReason',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('text', privacy.encryption.fields.SealedTextField(max_length=2000, verbose_name='reason')),
                ('is_mailed', models.BooleanField(default=False, verbose_name='mailed to the buyer')),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('refund', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='reason', to='shop.refund')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RefundRequest',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('reason', privacy.encryption.fields.SealedTextField(blank=True, max_length=2000, null=True, verbose_name='reason')),
                ('answer', privacy.encryption.fields.SealedTextField(blank=True, max_length=2000, null=True)),
                ('state', models.CharField(choices=[('open', 'waiting for us'), ('refunded', 'refunded'), ('declined', 'declined')], default='open', max_length=10)),
                ('requested_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='refund_request', to='shop.order')),
            ],
            options={
                'ordering': ['-requested_at'],
            },
        ),
        migrations.CreateModel(
            name='SalesDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('by', models.CharField(blank=True, max_length=20)),
                ('key', models.CharField(blank=True, max_length=120)),
                ('orders', models.PositiveIntegerField(default=0)),
                ('gross_minor', models.BigIntegerField(default=0)),
                ('refund_count', models.PositiveIntegerField(default=0)),
                ('refunds_minor', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('by', 'day', 'currency', 'key'), name='one_sum_per_day_and_key')],
            },
        ),
        migrations.CreateModel(
            name='ShopTerms',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField(editable=False)),
                ('text', privacy.web.markdown.MarkdownField(help_text='Markdown: an empty line between paragraphs, # in front of a heading.', max_length=50000)),
                ('changes', models.TextField(blank=True, help_text='In two or three sentences. Readers see it first.', max_length=2000, verbose_name='what changes')),
                ('effective_from', models.DateTimeField(editable=False, null=True, verbose_name='effective from')),
                ('published_at', models.DateTimeField(editable=False, null=True)),
                ('document', models.CharField(choices=[('sale', 'Terms of sale'), ('refunds', 'Refund policy'), ('license', 'License terms')], editable=False, max_length=10)),
            ],
            options={
                'verbose_name': "version of the shop's terms",
                'verbose_name_plural': 'shop terms',
                'ordering': ['document', '-number'],
                'permissions': [('publish_shopterms', "Can publish versions of the shop's terms")],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('effective_from__isnull', True), ('published_at__isnull', True)), models.Q(('effective_from__isnull', False), ('published_at__isnull', False)), _connector='OR'), name='shop_terms_publication_date_required'), models.UniqueConstraint(fields=('document', 'number'), name='shop_terms_numbered_once')],
            },
        ),
        migrations.CreateModel(
            name='AcceptedTerms',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('document', models.CharField(choices=[('sale', 'Terms of sale'), ('refunds', 'Refund policy'), ('license', 'License terms')], max_length=10)),
                ('accepted_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accepted_terms', to='shop.order')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to='shop.shopterms')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='DiscountAmount',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('currency', models.CharField(choices=[('AUD', 'AUD'), ('BRL', 'BRL'), ('CAD', 'CAD'), ('CHF', 'CHF'), ('CNY', 'CNY'), ('CZK', 'CZK'), ('DKK', 'DKK'), ('EUR', 'EUR'), ('GBP', 'GBP'), ('HKD', 'HKD'), ('HUF', 'HUF'), ('ILS', 'ILS'), ('JPY', 'JPY'), ('MXN', 'MXN'), ('MYR', 'MYR'), ('NOK', 'NOK'), ('NZD', 'NZD'), ('PHP', 'PHP'), ('PLN', 'PLN'), ('SEK', 'SEK'), ('SGD', 'SGD'), ('THB', 'THB'), ('TWD', 'TWD'), ('USD', 'USD')], max_length=3)),
                ('off_minor', models.PositiveIntegerField(blank=True, null=True, verbose_name='flat amount off')),
                ('minimum_minor', models.PositiveIntegerField(blank=True, null=True, verbose_name='lowest price')),
                ('discount', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='amounts', to='shop.discountcode')),
            ],
            options={
                'ordering': ['currency'],
                'constraints': [models.UniqueConstraint(fields=('discount', 'currency'), name='one_discount_amount_per_currency'), models.CheckConstraint(condition=models.Q(('off_minor__gt', 0), models.Q(('minimum_minor__gt', 0), ('off_minor__isnull', True)), _connector='OR'), name='discount_amount_says_something', violation_error_message='Enter a flat amount off, a lowest price, or both.')],
            },
        ),
        migrations.CreateModel(
            name='License',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('key', privacy.encryption.fields.SealedTextField(max_length=100, verbose_name='license key')),
                ('key_index', privacy.encryption.blind_index.BlindIndexField(db_index=False, normalize='exact', source='key', unique=True)),
                ('issued_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='licenses', to='shop.order')),
            ],
            options={
                'ordering': ['-issued_at'],
                'permissions': [('reissue_license', 'Can replace license keys')],
                'indexes': [models.Index(condition=models.Q(('revoked_at__isnull', False)), fields=['issued_at'], name='revoked_licenses')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at', None)), fields=('order',), name='one_active_license_per_order')],
            },
        ),
        migrations.CreateModel(
            name='DiscountUse',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('amount_minor', models.PositiveIntegerField(verbose_name='discount')),
                ('currency', models.CharField(max_length=3)),
                ('state', models.CharField(choices=[('held', 'held until the payment'), ('used', 'used'), ('released', 'released')], default='held', max_length=8)),
                ('held_until', models.DateTimeField(null=True)),
                ('discount', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='shop.discountcode')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='discount_uses', to='shop.order')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(condition=models.Q(('held_until__isnull', False)), fields=['held_until'], name='held_discounts')],
                'constraints': [models.UniqueConstraint(fields=('order', 'discount'), name='one_place_per_order_and_discount'), models.CheckConstraint(condition=models.Q(models.Q(('held_until__isnull', False), ('state', 'held')), models.Q(models.Q(('state', 'held'), _negated=True), ('held_until__isnull', True)), _connector='OR'), name='held_discount_has_an_end')],
            },
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['problem'], name='payments_with_problem'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['state', 'created_at'], name='payments_by_state'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('is_disputed', True)), fields=['created_at'], name='disputed_payments'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('order', 'attempt'), name='one_payment_per_attempt'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['declined', 'expired']), _negated=True), fields=('order',), name='one_running_payment_per_order'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('refunded_minor__lte', models.F('amount_minor'))), name='refunds_within_payment'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('state', 'RESOLVED')), models.Q(models.Q(('state', 'RESOLVED'), _negated=True), ('closed_at', None)), _connector='OR'), name='dispute_closed_when_resolved'),
        ),
        migrations.AddIndex(
            model_name='paypalevent',
            index=models.Index(condition=models.Q(('handled_at', None)), fields=['received_at'], name='open_events'),
        ),
        migrations.AddIndex(
            model_name='paypalevent',
            index=models.Index(condition=models.Q(('payload__isnull', False)), fields=['received_at'], name='events_with_payload'),
        ),
        migrations.AddIndex(
            model_name='paypalevent',
            index=models.Index(fields=['event_type', 'received_at'], name='events_by_type'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('paid_at__isnull', False)), fields=['paid_at', 'currency', 'product', 'amount_minor'], name='paid_orders'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('move_notice_due', True)), fields=['id'], name='move_notices_due'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('release_notices_after__isnull', False)), fields=['product', 'release_notices_after'], name='release_notices'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['state', 'placed_at'], name='orders_by_state'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['product', 'placed_at'], name='orders_by_product'),
        ),
        migrations.AddConstraint(
            model_name='discountproduct',
            constraint=models.UniqueConstraint(fields=('discount', 'product'), name='one_discount_entry_per_product'),
        ),
        migrations.AddConstraint(
            model_name='productfile',
            constraint=models.UniqueConstraint(fields=('product', 'version'), name='one_file_per_version'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['state', 'completed_at'], name='completed_refunds'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['state', 'created_at'], name='refunds_by_state'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['source', 'created_at'], name='refunds_by_source'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='refund_above_zero'),
        ),
        migrations.AddIndex(
            model_name='refundrequest',
            index=models.Index(fields=['state', 'requested_at'], name='refund_requests_by_state'),
        ),
        migrations.AddConstraint(
            model_name='refundrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='refund_decision_date_required'),
        ),
        migrations.AddConstraint(
            model_name='acceptedterms',
            constraint=models.UniqueConstraint(fields=('order', 'document'), name='one_version_of_each_document_per_order'),
        ),
    ]
