from django.db import migrations


def make_rates(apps, schema_editor):
    """An affiliate's own percentage becomes a rate that holds since the affiliate joined."""
    if not _is_here(apps, schema_editor):
        return
    Affiliate, Rate = apps.get_model("affiliates", "Affiliate"), apps.get_model("affiliates", "Rate")
    own = Affiliate.objects.using(schema_editor.connection.alias).filter(rate_percent__isnull=False)
    for pk, percent, joined_at in own.values_list("pk", "rate_percent", "joined_at"):
        Rate.objects.using(schema_editor.connection.alias).create(
            affiliate_id=pk, percent=percent, starts_at=joined_at
        )


def give_back(apps, schema_editor):
    if not _is_here(apps, schema_editor):
        return
    Affiliate, Rate = apps.get_model("affiliates", "Affiliate"), apps.get_model("affiliates", "Rate")
    alias = schema_editor.connection.alias
    rates = Rate.objects.using(alias).filter(
        affiliate__isnull=False, product__isnull=True, percent__isnull=False, ends_at__isnull=True
    )
    for rate in rates:
        Affiliate.objects.using(alias).filter(pk=rate.affiliate_id).update(rate_percent=rate.percent)


def _is_here(apps, schema_editor):
    """Migrations run on every database; the router puts this app into one of them."""
    return "affiliates_rate" in schema_editor.connection.introspection.table_names()


class Migration(migrations.Migration):

    dependencies = [
        ("affiliates", "0005_money_rules"),
    ]

    operations = [
        migrations.RunPython(make_rates, give_back),
    ]
