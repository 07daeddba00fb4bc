from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from . import security_log  # noqa: F401  (importing connects its receivers)
        from .sessions import lifecycle  # noqa: F401
