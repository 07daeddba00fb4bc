from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class PrivacyConfig(AppConfig):
    name = "privacy"

    def ready(self) -> None:
        from .admin_base.staff_roles import sync_roles
        from .evidence import encryption, mail, purposes  # noqa: F401  (importing registers them)
        from .evidence.sweep import required_promises  # noqa: F401
        from .keystore import checks  # noqa: F401  (importing registers them)
        from .keystore.root_keys import note_keys_after_migrating
        from .mail.address_reindex import reindex_after_migrating
        from .registry import checks, task_failures, third_party, use_sentences  # noqa: F401  (importing registers them)
        from .registry.append_only import check_triggers
        from .registry.query_purposes import watch
        from .requests import after_restore, evidence  # noqa: F401  (importing registers them)
        from .web import rate_limits  # noqa: F401  (importing registers them)
        from .web.text_validation import check_all_forms

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
