from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import events  # noqa: F401  (importing connects its receivers)
        from .sessions import receivers  # noqa: F401
