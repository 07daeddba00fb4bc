"""The audit is append-only: each row follows the one before it."""

from django.db import migrations

from privacy.registry.triggers import EnsureTriggers, Refuse, RefuseReplacing


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        EnsureTriggers(
            "audit_auditentry",
            Refuse("update"),
            Refuse("delete"),
            # Also refuses SQLite's INSERT OR REPLACE, which deletes the row in its way without asking a trigger.
            Refuse(
                "insert",
                when="""
                    NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM audit_auditentry)
                    OR NEW.previous_hash <> COALESCE(
                        (SELECT hash FROM audit_auditentry ORDER BY number DESC LIMIT 1),
                        '0000000000000000000000000000000000000000000000000000000000000000'
                    )
                    OR EXISTS (SELECT 1 FROM audit_auditentry WHERE hash = NEW.hash)
                """,
                message="a row of audit_auditentry must follow the last one",
            ),
        ),
        EnsureTriggers(
            "audit_signingkey",
            Refuse("update"),
            Refuse("delete"),
            RefuseReplacing("existing.number = NEW.number", "existing.key_id = NEW.key_id"),
        ),
    ]
