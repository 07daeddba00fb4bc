"""The audit actions of the API in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "api.staff.listed": "{actor} read {object} with an API token",
        "api.token.made": "{actor} made {object}",
        "api.token.revoked": "{actor} revoked {object}",
    }
)
