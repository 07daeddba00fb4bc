from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("affiliates", "0006_rates_of_affiliates"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="affiliate", name="rate_is_a_percentage"),
        migrations.RemoveField(model_name="affiliate", name="rate_percent"),
    ]
