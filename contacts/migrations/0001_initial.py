import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fields
import privacy.web.markdown
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('privacy', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Mailbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address_digest', models.CharField(max_length=64, unique=True)),
                ('uid_validity', models.BigIntegerField(default=0, help_text='UIDs of another one name other messages (RFC 3501)')),
                ('busy_until', models.DateTimeField(help_text='a process that fetches renews it', null=True)),
                ('read_at', models.DateTimeField(help_text='the last time that it was read to its end', null=True)),
                ('unknown', models.PositiveIntegerField(default=0, help_text='messages in it that are not stored, at that time')),
            ],
        ),
        migrations.CreateModel(
            name='SavedReply',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=80, unique=True)),
                ('body', models.TextField(max_length=10000, verbose_name='text')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest number comes first.')),
            ],
            options={
                'verbose_name_plural': 'saved replies',
                'ordering': ['position', 'title'],
            },
        ),
        migrations.CreateModel(
            name='SeenMessage',
            fields=[
                ('keyed_digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('seen_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(help_text='For links: /services/#address.', unique=True, verbose_name='address')),
                ('name', models.CharField(max_length=80)),
                ('icon', models.CharField(blank=True, choices=[('design', 'a page layout'), ('hardening', 'a shield'), ('cleanup', 'a magnifying glass'), ('maintenance', 'arrows around a clock')], max_length=12)),
                ('summary', models.CharField(help_text='One or two sentences for the home page.', max_length=200)),
                ('commitment', models.CharField(blank=True, help_text='What clients can hold you to; it stands out on both pages.', max_length=120)),
                ('text', privacy.web.markdown.MarkdownField(help_text='Markdown, for the services page.')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest number comes first.')),
                ('is_offered', models.BooleanField(default=True, verbose_name='offered')),
            ],
            options={
                'ordering': ['position', 'name'],
            },
        ),
        migrations.CreateModel(
            name='Inquiry',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(editable=False, max_length=8, unique=True)),
                ('kind', models.CharField(choices=[('question', 'A question'), ('quote', 'A quote for a project'), ('order', 'A question about an order'), ('complaint', 'A complaint about privacy')], default='question', max_length=10, verbose_name='about')),
                ('name', privacy.encryption.fields.SealedTextField(max_length=150)),
                ('channel', models.CharField(choices=[('form', 'contact form'), ('email', 'email'), ('call', 'phone call'), ('letter', 'letter')], default='form', max_length=6, verbose_name='received by')),
                ('email', privacy.encryption.fields.SealedEmailField(max_length=254, null=True, verbose_name='email address')),
                ('email_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', null=True, source='email')),
                ('phone', privacy.encryption.fields.SealedTextField(blank=True, max_length=40, verbose_name='phone number')),
                ('phone_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='phone', null=True, source='phone')),
                ('address', privacy.encryption.fields.SealedTextField(blank=True, max_length=400, verbose_name='postal address')),
                ('project', privacy.encryption.fields.SealedTextField(blank=True, max_length=200, null=True)),
                ('budget', privacy.encryption.fields.SealedTextField(blank=True, max_length=60, null=True)),
                ('deadline', privacy.encryption.fields.SealedTextField(blank=True, max_length=100, null=True)),
                ('order_reference', privacy.encryption.fields.SealedTextField(blank=True, max_length=20, null=True, verbose_name='order')),
                ('message', privacy.encryption.fields.SealedTextField(max_length=100000)),
                ('state', models.CharField(choices=[('held', 'held for review'), ('open', 'waiting for an answer'), ('answered', 'answered'), ('closed', 'closed'), ('spam', 'spam')], default='open', max_length=10)),
                ('received_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='answer due')),
                ('answered_at', models.DateTimeField(blank=True, db_index=True, null=True)),
                ('opened_at', models.DateTimeField(editable=False, null=True, verbose_name='first opened')),
                ('snoozed_until', models.DateTimeField(editable=False, null=True)),
                ('keep_until', models.DateTimeField(db_index=True, editable=False, null=True)),
                ('assigned_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entered_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('merged_into', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='merged', to='contacts.inquiry', verbose_name='merged into')),
                ('privacy_request', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='privacy.privacyrequest')),
            ],
            options={
                'verbose_name_plural': 'inquiries',
                'ordering': ['-received_at'],
            },
        ),
        migrations.CreateModel(
            name='IncomingMail',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('content_digest', privacy.encryption.fields.SealedTextField(max_length=64)),
                ('content_index', privacy.encryption.blind_index.BlindIndexField(db_index=False, normalize='exact', source='content_digest', unique=True)),
                ('message_id', privacy.encryption.fields.SealedTextField(max_length=1000, null=True, verbose_name='Message-ID')),
                ('message_id_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='exact', null=True, source='message_id')),
                ('raw', privacy.encryption.fields.SealedBinaryField(editable=False, null=True)),
                ('size', models.PositiveIntegerField(help_text='bytes')),
                ('sender', privacy.encryption.fields.SealedEmailField(max_length=254, null=True)),
                ('sender_index', privacy.encryption.blind_index.BlindIndexField(db_index=True, normalize='email', null=True, source='sender')),
                ('sender_name', privacy.encryption.fields.SealedTextField(max_length=200, null=True, verbose_name='name')),
                ('subject', privacy.encryption.fields.SealedTextField(max_length=1000, null=True)),
                ('text', privacy.encryption.fields.SealedTextField(null=True)),
                ('quoted', privacy.encryption.fields.SealedTextField(null=True, verbose_name='quoted text')),
                ('received_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='received')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('state', models.CharField(choices=[('received', 'not read yet'), ('filed', 'filed'), ('held', 'held for review'), ('failed', 'could not be read'), ('ignored', 'needs no answer')], default='received', max_length=8)),
                ('reason', models.CharField(blank=True, max_length=100)),
                ('starts_inquiry', models.BooleanField(default=False)),
                ('is_from_other', models.BooleanField(default=False, editable=False)),
                ('wish', models.CharField(blank=True, choices=[('access', 'Send me all my data'), ('correction', 'Correct my data'), ('deletion', 'Delete my data'), ('stop_contact', 'Stop contacting me'), ('complaint', 'Complain about how you handle my data')], max_length=20, verbose_name='asks for')),
                ('wish_settled_at', models.DateTimeField(editable=False, null=True, verbose_name='wish settled')),
                ('is_automatic', models.BooleanField(default=False, verbose_name='written by a program')),
                ('answers', models.UUIDField(null=True, verbose_name='the mail that it answers')),
                ('about_model', models.CharField(blank=True, max_length=60)),
                ('about_id', models.UUIDField(null=True)),
                ('keep_until', models.DateTimeField(db_index=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='times read')),
                ('tried_at', models.DateTimeField(null=True, verbose_name='last read')),
                ('privacy_request', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='incoming_mails', to='privacy.privacyrequest')),
                ('inquiry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='incoming_mails', to='contacts.inquiry')),
            ],
            options={
                'verbose_name': 'incoming mail',
                'verbose_name_plural': 'incoming mail',
                'ordering': ['-received_at'],
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('body', privacy.encryption.fields.SealedTextField(max_length=20000)),
                ('saved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('inquiry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='contacts.inquiry')),
            ],
            options={
                'ordering': ['saved_at'],
            },
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('name', privacy.encryption.fields.SealedTextField(max_length=150, verbose_name='file name')),
                ('content', privacy.encryption.fields.SealedBinaryField()),
                ('content_type', models.CharField(max_length=80, verbose_name='type')),
                ('size', models.PositiveIntegerField(help_text='bytes')),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='added')),
                ('link_digest', models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ('link_expires_at', models.DateTimeField(editable=False, null=True, verbose_name='link works until')),
                ('sent_at', models.DateTimeField(editable=False, null=True, verbose_name='link sent')),
                ('fetched_at', models.DateTimeField(editable=False, null=True, verbose_name='first fetched')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('inquiry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='documents', to='contacts.inquiry')),
            ],
            options={
                'ordering': ['added_at'],
            },
        ),
        migrations.CreateModel(
            name='Correspondence',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('way', models.CharField(choices=[('mail_in', 'email received'), ('call_in', 'call received'), ('call_out', 'call made'), ('letter_in', 'letter received'), ('letter_out', 'letter sent')], max_length=10, verbose_name='what happened')),
                ('purpose', models.CharField(choices=[('answer_inquiry', 'answering a question'), ('quote', 'preparing a quote'), ('order', 'fulfilling an order'), ('privacy_request', 'answering a privacy request')], default='answer_inquiry', max_length=20)),
                ('happened_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='when')),
                ('notes', privacy.encryption.fields.SealedTextField(max_length=20000)),
                ('logged_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='logged')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('inquiry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='correspondence', to='contacts.inquiry')),
            ],
            options={
                'verbose_name': 'call, letter or email',
                'verbose_name_plural': 'calls, letters and emails',
                'ordering': ['happened_at'],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('name', privacy.encryption.fields.SealedTextField(max_length=150, verbose_name='file name')),
                ('content', privacy.encryption.fields.SealedBinaryField()),
                ('content_type', models.CharField(max_length=80, verbose_name='type')),
                ('size', models.PositiveIntegerField(help_text='bytes')),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='added')),
                ('correspondence', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='contacts.correspondence')),
                ('incoming_mail', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='contacts.incomingmail')),
                ('inquiry', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='contacts.inquiry')),
            ],
            options={
                'ordering': ['added_at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='MailboxMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.BigIntegerField()),
                ('mail', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='contacts.incomingmail')),
                ('mailbox', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='contacts.mailbox')),
            ],
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('body', privacy.encryption.fields.SealedTextField(max_length=20000, verbose_name='note')),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='written')),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('inquiry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='contacts.inquiry')),
            ],
            options={
                'verbose_name': 'internal note',
                'ordering': ['written_at'],
            },
        ),
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('seen_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('inquiry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.inquiry')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('body', privacy.encryption.fields.SealedTextField(max_length=20000)),
                ('sent_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('inquiry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='contacts.inquiry')),
            ],
            options={
                'verbose_name_plural': 'replies',
                'ordering': ['sent_at'],
            },
        ),
        migrations.AddIndex(
            model_name='inquiry',
            index=models.Index(fields=['state', 'due_at'], name='contacts_in_state_2321be_idx'),
        ),
        migrations.AddIndex(
            model_name='incomingmail',
            index=models.Index(fields=['state', 'received_at'], name='contacts_in_state_113f5c_idx'),
        ),
        migrations.AddIndex(
            model_name='incomingmail',
            index=models.Index(fields=['wish'], name='mails_with_a_wish'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(fields=('inquiry', 'author'), name='contacts_one_draft_per_colleague'),
        ),
        migrations.AddConstraint(
            model_name='mailboxmessage',
            constraint=models.UniqueConstraint(fields=('mailbox', 'uid'), name='contacts_mailbox_message_once'),
        ),
        migrations.AddConstraint(
            model_name='presence',
            constraint=models.UniqueConstraint(fields=('inquiry', 'user'), name='contacts_present_once'),
        ),
    ]
