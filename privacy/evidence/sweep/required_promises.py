"""The promises that every sweep has to test, importable without the sweep itself."""

from __future__ import annotations

from privacy.evidence.attack_history import covers
from privacy.models.attack import AttackKind

SWEPT = ("encrypted", "paypal-only", "direct-visits-domain-only", "email-for-asked-contact-only")

covers(AttackKind.SWEEP, *SWEPT)
