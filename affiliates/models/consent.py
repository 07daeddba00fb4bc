"""What may be stored about a visit through an affiliate's link: the control behind `AFFILIATE_CONSENT`.

Both things that are ever stored, the row and the cookie, ask here first; so no page can store either by mistake.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ConsentMode(models.TextChoices):
    """The law differs by country: the Conseil d'État (8 April 2022), Poland's electronic communications law and
    Germany's TDDDG § 25 require consent before a device stores anything for an affiliate."""

    SIGNAL = "signal", "the visit is stored unless the browser or the visitor refuses"
    ASK = "ask", "the visit is stored after the visitor has said yes"
    LINK = "link", "nothing is stored; a signed token in this site's own links attributes an order"


class StorageNotAllowed(RuntimeError):
    """`AFFILIATE_CONSENT` does not allow storing anything about this visit."""


def consent_mode() -> ConsentMode:
    """Raises `ValueError` for a mode that doesn't exist."""
    return ConsentMode(settings.AFFILIATE_CONSENT)


def require_consent(*, agreed: bool) -> None:
    """Raises `StorageNotAllowed` unless a visit may be stored. `agreed`: the visitor has said yes to it."""
    mode = settings.AFFILIATE_CONSENT
    if mode == ConsentMode.LINK or (mode == ConsentMode.ASK and not agreed):
        raise StorageNotAllowed(f"AFFILIATE_CONSENT={mode} does not allow storing this visit")
