from importlib import import_module

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

# System checks, signal receivers and evidence of this app's packages. Those of other apps are discovered by name below.
REGISTERED_BY_IMPORT = [
    "admin_base.checks",
    "evidence.correspondence",
    "evidence.encryption",
    "evidence.mail",
    "evidence.purposes",
    "evidence.sweep.required_promises",
    "keystore.checks",
    "mail.texts.checks",
    "registry.checks",
    "registry.own_clear_text",
    "registry.task_failures",
    "registry.third_party",
    "registry.use_sentences",
    "requests.after_restore",
    "requests.erasure_consequences",
    "requests.evidence",
    "web.caches.availability",
    "web.personal_data_form",
]


class PrivacyConfig(AppConfig):
    name = "privacy"

    def ready(self) -> None:
        from .admin_base.staff_roles import sync_roles
        from .erasure.heartbeat import start_heartbeats
        from .keystore.root_keys import note_keys_after_migrating
        from .mail.address_reindex import reindex_after_migrating
        from .mail.texts.editing import create_mail_texts
        from .registry.planner import tell_planner
        from .registry.query_purposes import watch
        from .registry.triggers import check_triggers
        from .web.text_validation import install_text_rules

        for module in REGISTERED_BY_IMPORT:
            import_module(f"privacy.{module}")
        install_text_rules()
        connection_created.connect(watch)

        post_migrate.connect(check_triggers, sender=self)
        post_migrate.connect(tell_planner, sender=self)
        post_migrate.connect(start_heartbeats, sender=self)
        post_migrate.connect(note_keys_after_migrating, sender=self)
        post_migrate.connect(reindex_after_migrating, sender=self)
        post_migrate.connect(create_mail_texts, sender=self)
        autodiscover_modules("clear_text")
        autodiscover_modules("mails")
        autodiscover_modules("evidence")
        autodiscover_modules("contact_lists")
        autodiscover_modules("erasure_consequences")
        autodiscover_modules("staff_tasks")
        autodiscover_modules("staff_lookup")
        autodiscover_modules("roles")
        autodiscover_modules("audit_actions")
        post_migrate.connect(sync_roles)
