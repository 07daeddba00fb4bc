"""The PayPal settings as one value, which is also the cache key of the gateway."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from shop.paypal.errors import NotConfigured

REQUIRED = ("PAYPAL_BASE_URL", "PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID", "PAYPAL_TRUST_ROOTS")


@dataclass(frozen=True, slots=True)
class PayPalConfig:
    mode: str  # standin, sandbox or live
    base_url: str  # without a slash at the end
    client_id: str
    client_secret: str = field(repr=False)
    webhook_id: str
    trust_roots: str  # path of a PEM bundle
    brand_name: str  # shown on PayPal's approve page

    @classmethod
    def from_settings(cls) -> PayPalConfig:
        """Raises NotConfigured, naming the settings that are missing."""
        if missing := missing_settings():
            raise NotConfigured(f"Missing: {', '.join(missing)}")
        return cls(
            mode=settings.PAYPAL_MODE,
            base_url=str(settings.PAYPAL_BASE_URL).rstrip("/"),
            client_id=settings.PAYPAL_CLIENT_ID,
            client_secret=settings.PAYPAL_CLIENT_SECRET,
            webhook_id=settings.PAYPAL_WEBHOOK_ID,
            trust_roots=str(settings.PAYPAL_TRUST_ROOTS),
            brand_name=settings.BUSINESS["name"],
        )


def missing_settings() -> list[str]:
    """The names of the PayPal settings that are empty or absent, never their values."""
    return [name for name in REQUIRED if not getattr(settings, name, "")]
