from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class PrivacyConfig(AppConfig):
    name = "privacy"

    def ready(self) -> None:
        from . import (  # noqa: F401  (importing registers them)
            checks,
            encryption_evidence,
            keystore_checks,
            limits,
            mail_evidence,
            purpose_evidence,
            requests_evidence,
            restored,
            sentences,
            task_failures,
            third_party,
        )
        from .addresses.reindex import reindex_after_migrating
        from .append_only import check_triggers
        from .key_checks import note_keys_after_migrating
        from .staff_roles import sync_roles
        from .statements import watch
        from .sweep import covered  # noqa: F401
        from .text_rules import check_all_forms

        check_all_forms()
        connection_created.connect(watch)

        post_migrate.connect(check_triggers, sender=self)
        post_migrate.connect(note_keys_after_migrating, sender=self)
        post_migrate.connect(reindex_after_migrating, sender=self)
        autodiscover_modules("clear_text")
        autodiscover_modules("mails")
        autodiscover_modules("promises")
        autodiscover_modules("contact_lists")
        autodiscover_modules("deletions")
        autodiscover_modules("staff_tasks")
        autodiscover_modules("roles")
        post_migrate.connect(sync_roles)
