"""What every sweep has to try. The pages know it without importing the sweep itself."""

from __future__ import annotations

from privacy.evidence.attack_history import covers
from privacy.models.attack import AttackKind

SWEPT = ("encrypted", "paypal-only", "direct-visits-domain-only", "email-for-asked-contact-only")

covers(AttackKind.SWEEP, *SWEPT)
