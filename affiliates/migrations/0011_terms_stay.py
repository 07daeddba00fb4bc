"""Published terms and acceptances never change. SQLite loses these triggers when a later migration alters a table."""

from django.db import migrations

from privacy.append_only import forbid, replaces

TERMS, ACCEPTANCE = "affiliates_termsversion", "affiliates_termsacceptance"
PUBLISHED = "OLD.effective_from IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("affiliates", "0010_terms_of_today")]

    operations = [
        forbid(TERMS, "insert", when=replaces(TERMS, "id", "number")),
        forbid(TERMS, "update", when=PUBLISHED, message="published terms are replaced, never edited"),
        forbid(TERMS, "delete", when=PUBLISHED, message="published terms are kept"),
        forbid(ACCEPTANCE, "insert", when=replaces(
            ACCEPTANCE, "id", "(standing.affiliate_id = NEW.affiliate_id AND standing.version_id = NEW.version_id)"
        )),
        forbid(ACCEPTANCE, "update"),
        forbid(ACCEPTANCE, "delete"),
    ]
