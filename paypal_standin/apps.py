"""Keeps the stand-in out of every other project's INSTALLED_APPS."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if settings.SETTINGS_MODULE != "paypal_standin.settings":
    raise ImproperlyConfigured(
        "paypal_standin is a program of its own (python -m paypal_standin); remove it from INSTALLED_APPS."
    )


class PaypalStandinConfig(AppConfig):
    """The stand-in's only app, in its only project."""

    name = "paypal_standin"
    default_auto_field = "django.db.models.BigAutoField"
