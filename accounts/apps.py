from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from .sessions import receivers  # noqa: F401  (importing connects them)
