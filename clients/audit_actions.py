"""The audit actions about clients in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "clients.agreement.changed": "{actor} changed {object}",
        "clients.agreement.deleted": "{actor} deleted {object}",
        "clients.agreement.ended": "{actor} set the last day of {object}",
        "clients.agreement.entered": "{actor} entered {object}",
        "clients.installment.due": "{actor} let {object} be paid",
        "clients.quote.accepted": "{actor} recorded that the client accepted {object}",
        "clients.quote.declined": "{actor} recorded that the client declined {object}",
        "clients.quote.discarded": "{actor} discarded {object}",
        "clients.quote.drafted": "{actor} drafted {object}",
        "clients.quote.expired": "The last day of {object} was over",
        "clients.quote.sent": "{actor} sent {object}",
        "clients.quote.sent_again": "{actor} sent the link of {object} again",
        "clients.quote.withdrawn": "{actor} withdrew {object}",
    }
)
