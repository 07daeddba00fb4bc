"""The shop's audit actions in words."""

from __future__ import annotations

from privacy.audit.actions import audit_actions

audit_actions(
    {
        "shop.delivery.ended": "{actor} ended the delivery of {object}",
        "shop.delivery.restored": "{actor} allowed the delivery of {object} again",
        "shop.dispute.closed": "PayPal closed {object}",
        "shop.dispute.opened": "A buyer opened {object} at PayPal",
        "shop.download.counted": "The buyer of {object} downloaded a file",
        "shop.download.renewed": "{actor} reset the download limit of {object}",
        "shop.email_address.changed": "{actor} corrected the email address of {object}",
        "shop.event.dismissed": "{actor} dismissed {object}",
        "shop.license.issued": "{actor} issued {object}",
        "shop.license.moved_in": "{actor} moved in a batch of {object} from a former shop",
        "shop.license.reissued": "{actor} issued {object} in place of another one",
        "shop.license.restored": "{actor} made {object} valid again",
        "shop.license.revoked": "{actor} revoked {object}",
        "shop.mail.sent_again": "{actor} sent a mail about {object} again",
        "shop.order.due": "{actor} let {object} be paid",
        "shop.order.invoice_details_changed": "The buyer changed the invoice details of {object}",
        "shop.order.moved_in": "{actor} moved in a batch of {object} from a former shop",
        "shop.order.paid": "{actor} booked the payment of {object}",
        "shop.order.placed": "A buyer placed {object}",
        "shop.order_note.added": "{actor} added {object}",
        "shop.payment.agrees": "{actor} found that {object} matches PayPal",
        "shop.payment.collected_twice": "PayPal collected {object} a second time",
        "shop.payment.differs": "{actor} found that {object} differs from PayPal",
        "shop.payment.second_refunded": "PayPal refunded what it had collected twice for {object}",
        "shop.receipt.sent_again": "{actor} sent the receipt of {object} again",
        "shop.refund.completed": "PayPal completed {object}",
        "shop.refund.failed": "PayPal failed to make {object}",
        "shop.refund.new": "{actor} recorded {object}",
        "shop.refund.pending": "PayPal is working on {object}",
        "shop.refund.requested": "{actor} asked PayPal for {object}",
        "shop.refund.reverted": "PayPal took back {object}",
        "shop.refund_request.declined": "{actor} declined {object}",
        "shop.refund_request.opened": "A buyer made {object}",
        "shop.release_notices.off": "The buyer of {object} stopped mail about new versions",
        "shop.release_notices.on": "The buyer of {object} asked for mail about new versions",
        "shop.terms.drafted": "{actor} drafted {object}",
        "shop.terms.published": "{actor} published {object}",
    }
)
