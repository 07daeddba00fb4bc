"""What every sweep has to try. The pages know it without importing the sweep itself."""

from __future__ import annotations

SWEPT = ("encrypted", "paypal-only", "direct-visits-domain-only", "email-for-asked-contact-only")
