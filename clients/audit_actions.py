"""The audit actions about quotes in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "clients.quote.declined": "{actor} recorded that the client declined {object}",
        "clients.quote.discarded": "{actor} discarded {object}",
        "clients.quote.drafted": "{actor} drafted {object}",
        "clients.quote.expired": "The last day of {object} was over",
        "clients.quote.sent": "{actor} sent {object}",
        "clients.quote.sent_again": "{actor} sent the link of {object} again",
        "clients.quote.withdrawn": "{actor} withdrew {object}",
    }
)
