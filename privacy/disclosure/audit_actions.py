"""The audit actions about disclosures to authorities in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "disclosure.order.approved": "{actor} approved {object}",
        "disclosure.order.exported": "{actor} exported the data for {object}",
        "disclosure.order.recorded": "{actor} recorded {object}",
        "disclosure.order.refused": "{actor} refused {object}",
    }
)
