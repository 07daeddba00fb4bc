from django.db import migrations


class Migration(migrations.Migration):
    """Where visitors came from served no commission, so it is not kept (ADR 40)."""

    dependencies = [("affiliates", "0027_held_applications")]

    operations = [migrations.RemoveField("click", "referring_domain")]
