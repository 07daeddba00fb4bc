from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "aitpro.health"
    verbose_name = "Health"
