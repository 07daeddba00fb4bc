"""The audit actions about clients in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "clients.agreement.changed": "{actor} changed {object}",
        "clients.agreement.deleted": "{actor} deleted {object}",
        "clients.agreement.ended": "{actor} set the last day of {object}",
        "clients.agreement.entered": "{actor} entered {object}",
    }
)
