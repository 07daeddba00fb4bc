from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self) -> None:
        from . import (
            limits,  # noqa: F401  (declares the table of its cache)
            receivers,  # noqa: F401  (importing connects them)
        )
