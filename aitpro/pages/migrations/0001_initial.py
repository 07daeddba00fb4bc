import django.db.models.deletion
import django.utils.timezone
import privacy.web.markdown
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='FrontPage',
            fields=[
                ('name', models.CharField(choices=[('home', 'Home'), ('services', 'Services'), ('about', 'About us'), ('support', 'Support')], max_length=8, primary_key=True, serialize=False, verbose_name='page')),
                ('headline', models.CharField(blank=True, max_length=120)),
                ('introduction', models.CharField(blank=True, help_text='The text below the headline.', max_length=500)),
                ('section_heading', models.CharField(blank=True, max_length=120, verbose_name='heading')),
                ('section_text', privacy.web.markdown.MarkdownField(blank=True, help_text='Markdown.', max_length=5000, verbose_name='text')),
                ('contact_heading', models.CharField(blank=True, max_length=120, verbose_name='heading')),
                ('contact_text', models.CharField(blank=True, max_length=500, verbose_name='text')),
            ],
            options={
                'verbose_name': 'front page',
            },
        ),
        migrations.CreateModel(
            name='Page',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=80)),
                ('slug', models.SlugField(max_length=80, unique=True, verbose_name='address')),
                ('summary', models.CharField(help_text='One or two sentences below the title. Search engines show them too.', max_length=300)),
                ('text', privacy.web.markdown.MarkdownField(help_text='Markdown: a line that starts with # is a heading, one with - a point of a list, and [text](address) is a link.', max_length=50000)),
                ('place', models.CharField(choices=[('menu', 'in the menu'), ('footer', 'in the footer'), ('nowhere', 'only where other pages link to it')], default='nowhere', max_length=8, verbose_name='shown')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest comes first.')),
                ('is_published', models.BooleanField(default=False, help_text='Otherwise it is a draft.', verbose_name='published')),
                ('published_from', models.DateTimeField(default=django.utils.timezone.now, help_text='A published page appears at this time.')),
                ('changed_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['position', 'title'],
            },
        ),
        migrations.CreateModel(
            name='SiteQuestion',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest comes first.')),
                ('question', models.CharField(max_length=200)),
                ('answer', privacy.web.markdown.MarkdownField(help_text='Markdown.', max_length=3000)),
            ],
            options={
                'verbose_name': 'question and answer',
                'verbose_name_plural': 'questions and answers',
                'ordering': ['position', 'id'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='FrontPageSection',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='The lowest comes first.')),
                ('heading', models.CharField(max_length=120)),
                ('text', privacy.web.markdown.MarkdownField(help_text='Markdown.', max_length=10000)),
                ('front_page', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sections', to='pages.frontpage')),
            ],
            options={
                'verbose_name': 'section',
                'ordering': ['position', 'id'],
                'abstract': False,
            },
        ),
    ]
