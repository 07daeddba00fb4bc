from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from privacy.registry.purposes import Purpose


class PolicyConfig(AppConfig):
    name = "privacy.policy"
    label = "policy"
    staff_acts_for = (Purpose.POLICY_NOTICE,)

    def ready(self) -> None:
        from privacy.encryption.fields import before_seal
        from privacy.registry.policy_gate import require_open

        from . import checks  # noqa: F401  (importing registers it)

        before_seal(require_open)
        post_migrate.connect(_begin, sender=self)


def _begin(using: str, **kwargs: Any) -> None:
    """Creates the first version in a new database, from the code's declarations."""
    from privacy.registry import policy_gate

    from .models import PolicyVersion
    from .versions import create_first_version

    if using == PolicyVersion.objects.db and PolicyVersion._meta.db_table in _tables(using):
        create_first_version()
        policy_gate.look()


def _tables(using: str) -> list[str]:
    from django.db import connections

    return connections[using].introspection.table_names()
