"""Evidence that this site never stores a card number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.db import models

from privacy.encryption.fields import SealedTextField
from privacy.encryption.fingerprints import FingerprintField
from privacy.encryption.keys import UnknownKey
from privacy.encryption.sealing import SealBroken
from privacy.encryption.validators import has_card_number
from privacy.evidence.measurement import Evidence, Figures, at_least, evidence_for
from privacy.registry.declarations import PersonalData, personal_models
from privacy.registry.purposes import Audience, Purpose
from privacy.registry.use_sentences import bind_sentences, implicit_uses

NEWEST = 500  # newest rows searched per table
CARD_FIELD = re.compile(r"(^|_)(card|cardnumber|cc|cvc|cvv|pan)(_|$)")


bind_sentences(
    "shop_order",
    implicit_uses(Purpose.ORDER)
    | {
        (Purpose.ORDER, Audience.PAYPAL),
        (Purpose.RELEASE_NEWS, Audience.PERSON),
        (Purpose.REFERRAL_TRACKING, Audience.SITE),
        (Purpose.REFERRAL_TRACKING, Audience.STAFF),
    },
    {
        "and notices of changes to our privacy policy. Nothing else unless you ask for it.": "shop/checkout/forms.py",
        "Only if we may call you about this order. We don't use it for anything else.": "shop/checkout/forms.py",
        "PayPal gets the order's number and amount, nothing else": "shop/models/order.py",
    },
)


@evidence_for("paypal-only", hourly=True)
def no_card_number_is_here(now: datetime) -> Evidence:
    """Broken by a card-like number in the newest rows of any table, a form field for one, or PayPal without TLS."""
    checked_at = found = 0
    for declaration in personal_models():
        for row in declaration.model._base_manager.order_by("-pk")[:NEWEST]:
            checked_at += 1
            found += any(has_card_number(text) for text in _texts(declaration, row))
    asking = sum(_asks_for_a_card(form) for form in _forms(forms.BaseForm))
    figures: Figures = {
        "newest rows searched": at_least(checked_at),
        "card-like numbers in them": found,
        "form fields for a card number": asking,
        "connection to PayPal": _connection(),
    }
    return Evidence(kept=not found and not asking and _is_safe(), figures=figures)


def _texts(declaration: PersonalData, row: models.Model) -> Iterator[str]:
    """Opened in memory only. A value that doesn't open can't be a card number."""
    for name in declaration.columns:
        field = declaration.model._meta.get_field(name)
        if isinstance(field, FingerprintField) or not _is_text(field):
            continue
        try:
            yield getattr(row, name) or ""
        except (SealBroken, UnknownKey):
            continue


def _is_text(field: Any) -> bool:
    """Excludes day-sealed columns: they hold network addresses, bound to their purpose."""
    if isinstance(field, SealedTextField):
        return field.rotates_with_key_ring
    return isinstance(field, (models.CharField, models.TextField))


def _forms(form: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    """All form classes in the process."""
    for child in form.__subclasses__():
        yield child
        yield from _forms(child)


def _asks_for_a_card(form: type[forms.BaseForm]) -> int:
    fields = getattr(form, "base_fields", {})
    return sum(bool(CARD_FIELD.search(name.lower())) or _fills_in_a_card(field) for name, field in fields.items())


def _fills_in_a_card(field: forms.Field) -> bool:
    return str(field.widget.attrs.get("autocomplete", "")).startswith("cc-")


def _is_safe() -> bool:
    return settings.PAYPAL_MODE == "standin" or settings.PAYPAL_BASE_URL.startswith("https://")


def _connection() -> str:
    if settings.PAYPAL_MODE == "standin":
        return "a stand-in on this machine, for demonstrations: no money moves"
    address = urlsplit(settings.PAYPAL_BASE_URL)
    return f"{'encrypted (TLS)' if address.scheme == 'https' else 'not encrypted'}, {address.hostname}"
