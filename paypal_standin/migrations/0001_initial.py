import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('sender_batch_id', models.CharField(blank=True, db_index=True, max_length=256)),
                ('header', models.JSONField()),
                ('status', models.CharField(choices=[('PENDING', 'Pending'), ('PROCESSING', 'Processing'), ('SUCCESS', 'Success'), ('DENIED', 'Denied')], max_length=12)),
                ('denied', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('completed_at', models.DateTimeField(null=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Capture',
            fields=[
                ('id', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('unit', models.PositiveSmallIntegerField()),
                ('amount', models.DecimalField(decimal_places=2, max_digits=20)),
                ('currency', models.CharField(max_length=3)),
                ('invoice_id', models.CharField(blank=True, db_index=True, max_length=127)),
                ('custom_id', models.CharField(blank=True, max_length=127)),
                ('status', models.CharField(choices=[('COMPLETED', 'Completed'), ('PENDING', 'Pending'), ('DECLINED', 'Declined'), ('PARTIALLY_REFUNDED', 'Partially Refunded'), ('REFUNDED', 'Refunded')], max_length=20)),
                ('settles_at', models.DateTimeField(null=True)),
                ('settles_as', models.CharField(blank=True, max_length=20)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Fault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('path_contains', models.CharField(blank=True, max_length=200)),
                ('times', models.PositiveIntegerField(default=1)),
                ('seconds', models.FloatField(default=0)),
                ('issue', models.CharField(blank=True, max_length=80)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('request', models.JSONField()),
                ('status', models.CharField(choices=[('CREATED', 'Created'), ('PAYER_ACTION_REQUIRED', 'Payer Action Required'), ('APPROVED', 'Approved'), ('COMPLETED', 'Completed')], max_length=30)),
                ('outcome', models.CharField(choices=[('completed', 'Captured at once'), ('pending', 'Pending until you decide on the overview page'), ('pending-completes', 'Pending, completed after a few seconds'), ('pending-denied', 'Pending, denied after a few seconds'), ('refused', 'The order completes, but its capture is declined'), ('card-declined', 'The card is declined; the payer has to choose another')], default='completed', max_length=20)),
                ('payer', models.JSONField(null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Setting',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('value', models.TextField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Token',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(db_index=True, max_length=60)),
                ('event_type', models.CharField(max_length=60)),
                ('transmission_id', models.CharField(max_length=40, unique=True)),
                ('body', models.BinaryField()),
                ('created_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('answer', models.CharField(blank=True, max_length=60)),
                ('spoiled', models.BooleanField(default=False)),
                ('done', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['done', 'due_at'], name='delivery_due')],
            },
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('outcome', models.CharField(blank=True, choices=[('RESOLVED_BUYER_FAVOUR', 'Buyer'), ('RESOLVED_SELLER_FAVOUR', 'Seller'), ('RESOLVED_WITH_PAYOUT', 'Payout'), ('CANCELED_BY_BUYER', 'Canceled'), ('ACCEPTED', 'Accepted'), ('DENIED', 'Denied'), ('NONE', 'None')], max_length=40)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('capture', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='disputes', to='paypal_standin.capture')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('request', models.JSONField()),
                ('amount', models.DecimalField(decimal_places=2, max_digits=20)),
                ('currency', models.CharField(max_length=3)),
                ('status', models.CharField(choices=[('PENDING', 'Pending'), ('SUCCESS', 'Success'), ('UNCLAIMED', 'Unclaimed'), ('RETURNED', 'Returned'), ('FAILED', 'Failed'), ('ONHOLD', 'Onhold'), ('BLOCKED', 'Blocked'), ('REFUNDED', 'Refunded'), ('REVERSED', 'Reversed')], default='PENDING', max_length=12)),
                ('transaction_id', models.CharField(blank=True, max_length=20)),
                ('processed_at', models.DateTimeField(null=True)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='paypal_standin.batch')),
            ],
            options={
                'ordering': ('batch', 'position'),
            },
        ),
        migrations.AddField(
            model_name='capture',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='captures', to='paypal_standin.order'),
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=20)),
                ('total', models.DecimalField(decimal_places=2, max_digits=20)),
                ('request', models.JSONField()),
                ('status', models.CharField(choices=[('COMPLETED', 'Completed'), ('PENDING', 'Pending'), ('FAILED', 'Failed'), ('CANCELLED', 'Cancelled')], default='COMPLETED', max_length=12)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('capture', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refunds', to='paypal_standin.capture')),
                ('dispute', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='refunds', to='paypal_standin.dispute')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Replay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('operation', models.CharField(max_length=300)),
                ('key', models.CharField(max_length=108)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.TextField(blank=True)),
                ('started_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('operation', 'key'), name='one_answer_per_key')],
            },
        ),
    ]
