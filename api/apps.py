from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"

    def ready(self) -> None:
        from .tokens import lifecycle  # noqa: F401  (importing connects it)
