"""System checks: sandbox and live need credentials and HTTPS. Messages name settings, never values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

IDENTIFIERS = {
    "PAYPAL_CLIENT_ID": "shop.E001",
    "PAYPAL_CLIENT_SECRET": "shop.E002",
    "PAYPAL_WEBHOOK_ID": "shop.E003",
}
HINTS = {
    "PAYPAL_CLIENT_ID": "Copy the client id of your REST app at developer.paypal.com into the environment.",
    "PAYPAL_CLIENT_SECRET": "Copy the secret of your REST app at developer.paypal.com into the environment.",
    "PAYPAL_WEBHOOK_ID": "Add a webhook for /paypal/webhook/ to your REST app and copy its id into the environment.",
}
BASE_URLS = {"sandbox": "https://api-m.sandbox.paypal.com", "live": "https://api-m.paypal.com"}


@register("paypal")
def check_paypal_credentials(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001 to E003: one error for each credential missing in sandbox or live mode."""
    if settings.PAYPAL_MODE == "standin":
        return []
    return [
        Error(f"{name} is missing, and PAYPAL_MODE is {settings.PAYPAL_MODE}.", hint=HINTS[name], id=identifier)
        for name, identifier in IDENTIFIERS.items()
        if not getattr(settings, name, "")
    ]


@register("paypal")
def check_paypal_mode(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E004: an unknown mode. E005: a base address that belongs to another mode, or would send secrets unencrypted."""
    mode = settings.PAYPAL_MODE
    if mode not in {"standin", *BASE_URLS}:
        return [Error("PAYPAL_MODE is unknown.", hint="Use standin, sandbox or live.", id="shop.E004")]
    if mode in BASE_URLS and settings.PAYPAL_BASE_URL.rstrip("/") != BASE_URLS[mode]:
        hint = f"In {mode} mode it is {BASE_URLS[mode]}."
        return [Error("PAYPAL_BASE_URL does not fit PAYPAL_MODE.", hint=hint, id="shop.E005")]
    return []


@register("paypal")
def check_paypal_trust_roots(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E006: no root certificates for webhooks. The stand-in makes its own when it starts, so there it may be late."""
    if settings.PAYPAL_MODE == "standin" or Path(settings.PAYPAL_TRUST_ROOTS or "missing").is_file():
        return []
    hint = "Point it to a PEM bundle of root certificates, such as certifi's."
    return [Error("PAYPAL_TRUST_ROOTS names no file.", hint=hint, id="shop.E006")]
