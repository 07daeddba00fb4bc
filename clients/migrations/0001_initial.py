import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contacts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
    ]
