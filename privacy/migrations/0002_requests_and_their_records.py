import django.db.models.deletion
import django.utils.timezone
import privacy.encryption.blind_index
import privacy.encryption.fields
import privacy.fingerprints
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('privacy', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ErasureMark',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('applied_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='acknowledge_by',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='acknowledged_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='acknowledged'),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='answer',
            field=privacy.encryption.fields.SealedTextField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='contact',
            field=privacy.encryption.fields.SealedTextField(blank=True, max_length=1000, null=True, verbose_name='where else to answer'),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='correction_digest',
            field=models.CharField(editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='correction_expires_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='extended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='extended'),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='extension_reason',
            field=models.CharField(blank=True, choices=[('complex', 'Your request takes more work than usual: it touches many records.'), ('many', 'We have many requests to answer at the moment.'), ('identity', 'We still have to make sure that it is you who asks.')], max_length=10),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='fingerprint',
            field=privacy.fingerprints.FingerprintField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='handled_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='identity',
            field=models.CharField(blank=True, choices=[('link', 'link sent to the address'), ('signed_in', 'signed in'), ('documents', 'documents seen, none copied'), ('known', 'known to staff'), ('not_needed', 'not needed for this')], max_length=12, verbose_name='how we know who asks'),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='outcome',
            field=models.CharField(blank=True, choices=[('answered', 'answered'), ('partly', 'partly answered'), ('refused', 'refused')], max_length=10),
        ),
        migrations.AddField(
            model_name='privacyrequest',
            name='refusal_ground',
            field=models.CharField(blank=True, choices=[('unknown_person', 'We could not make sure that you are the person this is about.'), ('legal_duty', 'A law obliges us to keep this.'), ('others', 'It would touch the rights of somebody else.'), ('excessive', 'The same was asked again and again within a short time.'), ('nothing_wrong', 'We looked into it and found what is kept to be right.')], max_length=15),
        ),
        migrations.AddField(
            model_name='suppression',
            name='fingerprint',
            field=privacy.fingerprints.FingerprintField(null=True),
        ),
        migrations.AlterField(
            model_name='privacyrequest',
            name='answered_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='answered'),
        ),
        migrations.AlterField(
            model_name='privacyrequest',
            name='channel',
            field=models.CharField(choices=[('page', 'the page'), ('email', 'e-mail'), ('call', 'call'), ('letter', 'letter')], default='page', max_length=10, verbose_name='came by'),
        ),
        migrations.AlterField(
            model_name='privacyrequest',
            name='details',
            field=privacy.encryption.fields.SealedTextField(blank=True, null=True, verbose_name='what was said'),
        ),
        migrations.AlterField(
            model_name='privacyrequest',
            name='due_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='answer due'),
        ),
        migrations.AlterField(
            model_name='privacyrequest',
            name='email',
            field=privacy.encryption.fields.SealedEmailField(blank=True, max_length=254, null=True, verbose_name='e-mail address'),
        ),
        migrations.AlterField(
            model_name='privacyrequest',
            name='received_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='received'),
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
    ]
