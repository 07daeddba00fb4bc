from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='DomainDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('domain', models.CharField(max_length=253)),
                ('views', models.PositiveIntegerField(verbose_name='pages read')),
            ],
            options={
                'verbose_name': 'traffic of a domain',
                'verbose_name_plural': 'traffic',
                'constraints': [models.UniqueConstraint(fields=('day', 'domain'), name='one_count_per_day_and_domain')],
            },
        ),
        migrations.CreateModel(
            name='PageDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('page', models.CharField(max_length=300)),
                ('views', models.PositiveIntegerField(verbose_name='times read')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('day', 'page'), name='one_count_per_day_and_page')],
            },
        ),
    ]
