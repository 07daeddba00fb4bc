from django.apps import AppConfig

from privacy.registry.purposes import Purpose


class ContactsConfig(AppConfig):
    name = "contacts"
    # A message's page also shows what happened to its mails, and which colleague has it open.
    staff_acts_for = (Purpose.LEGAL_OBLIGATION, Purpose.STAFF_ACCOUNT)

    def ready(self) -> None:
        from . import receivers  # noqa: F401  (importing connects them)
