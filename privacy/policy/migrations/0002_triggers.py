"""Triggers: an announced policy version is never edited, and takes effect only after every notice was sent."""

from django.db import migrations

from privacy.registry.triggers import EnsureTriggers, Refuse


class Migration(migrations.Migration):
    dependencies = [("policy", "0001_initial")]

    operations = [
        EnsureTriggers(
            "policy_policyversion",
            Refuse(
                "insert",
                when="NEW.state <> 'draft' AND EXISTS (SELECT 1 FROM policy_policyversion)",
                message="a version begins as a draft",
            ),
            Refuse(
                "update",
                when="""
                    (OLD.state <> 'draft' AND (
                        NEW.number <> OLD.number
                        OR NEW.summary <> OLD.summary
                        OR NEW.additions <> OLD.additions
                        OR NEW.snapshot <> OLD.snapshot
                        OR NEW.registry_hash <> OLD.registry_hash
                        OR NEW.tells <> OLD.tells
                        OR NEW.effective_on <> OLD.effective_on
                    ))
                    OR (OLD.state <> NEW.state AND NOT (
                        (OLD.state = 'draft' AND NEW.state = 'notices')
                        OR (OLD.state = 'notices' AND NEW.state IN ('in_effect', 'withdrawn'))
                        OR (OLD.state = 'in_effect' AND NEW.state = 'superseded')
                    ))
                    OR (OLD.state <> 'in_effect' AND NEW.state = 'in_effect' AND EXISTS (
                        SELECT 1 FROM policy_policynotice
                        WHERE version_id = NEW.id AND state NOT IN ('delivered', 'called', 'written', 'left_out')
                    ))
                """,
                message="an announced version is never edited, and takes effect only when every notice was sent",
            ),
            Refuse("delete", when="OLD.state <> 'draft'", message="an announced version is kept"),
        ),
    ]
