"""The affiliate program's audit actions in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "affiliates.account.anonymized": "{actor} erased the personal data of {object}, which is closed",
        "affiliates.account.closed": "{actor} closed {object}",
        "affiliates.account.decided_alone": "{actor} decided alone about their own account, {object}",
        "affiliates.account.moved_in": "{actor} moved in {object} from another program",
        "affiliates.account.reinstated": "{actor} reinstated {object}",
        "affiliates.account.suspended": "{actor} suspended {object}",
        "affiliates.account.told": "{actor} told {object} that the program moved here",
        "affiliates.adjustment.decided_alone": "{actor} booked {object} alone, as nobody else could",
        "affiliates.adjustment.declined": "{actor} declined {object}",
        "affiliates.adjustment.prepared": "{actor} prepared {object}",
        "affiliates.application.approved": "{actor} approved {object}",
        "affiliates.application.confirmed": "The applicant confirmed {object}",
        "affiliates.application.decided_alone": "{actor} decided alone about their own application, {object}",
        "affiliates.application.declined": "{actor} declined {object}",
        "affiliates.application.discarded": "{actor} discarded {object}",
        "affiliates.application.released": "{actor} released {object} from quarantine",
        "affiliates.attribution.rejected": "{actor} rejected {object}",
        "affiliates.code.changed": "{actor} changed the code of {object}",
        "affiliates.commission.approved": "{actor} approved {object}",
        "affiliates.commission.cleared": "{actor} cleared a flag of {object}",
        "affiliates.commission.held": "{actor} put {object} on hold",
        "affiliates.commission.rejected": "{actor} rejected {object}",
        "affiliates.commission.restored": "{actor} restored {object}",
        "affiliates.commission.reversed": "{actor} reversed {object}",
        "affiliates.group.changed": "{actor} moved {object} to another group",
        "affiliates.ledger.adjusted": "{actor} adjusted a balance with {object}",
        "affiliates.objection.answered": "{actor} answered {object}",
        "affiliates.objection.opened": "{actor} raised {object}",
        "affiliates.payout.approved": "{actor} approved {object}",
        "affiliates.payout.cancelled": "{actor} canceled {object}",
        "affiliates.payout.item_left_out": "{actor} left {object} out of its run",
        "affiliates.payout.item_returned": "{actor} recorded that {object} was returned",
        "affiliates.payout.listed": "{actor} listed {object} for payment outside PayPal",
        "affiliates.payout.marked_paid": "{actor} marked {object} as paid",
        "affiliates.payout.prepared": "{actor} prepared {object}",
        "affiliates.payout.sent": "{actor} sent {object} to PayPal",
        "affiliates.payout_address.asked": "{actor} asked for another payout address of {object}",
        "affiliates.payout_address.changed": "{actor} changed the payout address of {object}",
        "affiliates.payout_address.stopped": "The owner of an earlier payout address stopped the change for {object}",
        "affiliates.payout_address.withdrawn": "{actor} withdrew the change of the payout address of {object}",
        "affiliates.rate.changed": "{actor} set or ended {object}",
        "affiliates.report.downloaded": "{actor} downloaded the report of {object}",
        "affiliates.terms.accepted": "{actor} accepted the terms for {object}",
        "affiliates.terms.published": "{actor} published {object}",
    }
)
